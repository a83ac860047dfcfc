"""Tells whether a sign of danger is meant, now and here: not denied, past, supposed, over, told or long known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlu.danger.matching import MARKS, Found, Hit, Hits
from nlu.danger.patterns import Sign

DENIAL_GAP = 2  # characters between the denial and what it denies
AFTER_GAP = 10  # characters after a sign in which «that was last year» is looked for
CLOSE = 3  # characters between «for fear of» and a word in the midst of a sign
BUT_REACH = 8  # characters between «it is over» and «but»
PAST_REACH = 20  # characters that «last year» reaches
WISH_REACH = 16  # characters that «please arrange …» reaches
CALLED_OFF_REACH = 8  # characters between a plan and the words that call it off
SUPPOSED_REACH = 16  # characters that «if» and «for fear of» reach
# What also befalls a beast, and then is none of ours.
SUFFERED = frozenset({"fall", "unconscious", "bleeding"})
PERSON = re.compile("[我他你人爸妈爷奶娃]|老[汉伴头]|孩子|孙")  # as `plain` writes it
OWNERS = "我他你们"  # right before it: «我家的驴»
ENDS = re.compile(r"[。！？!?\n]")


def stands(text: str, hits: Hits, chain: Found, sign: Sign, unmoved_by: frozenset[str]) -> bool:
    """Whether no guard speaks against a chain of a sign."""
    return guard_of(text, hits, chain, sign, unmoved_by) is None


def guard_of(text: str, hits: Hits, chain: Found, sign: Sign, unmoved_by: frozenset[str]) -> str | None:
    """The name of the first guard that speaks against a chain, or None."""
    checks = {
        "denied": _denied,
        "past": _past,
        "maybe": _supposed,
        "resolved": _over,
        "story": _told,
        "beast": _of_a_beast,
    }
    if sign.kind not in SUFFERED:
        del checks["beast"]
    for name, check in checks.items():
        if name not in unmoved_by and check(text, hits, chain):
            return name
    if sign.level == "short" and "planned" not in unmoved_by and _plans(text, hits):
        return "planned"  # «明天吧，今天我头晕»: so much else was said that it is no cry for help
    if sign.level != "sure" and not _cues(hits, "urgent"):
        for name in ("usual", "asked", "planned"):
            if name not in unmoved_by and _speaks_of(name, text, hits, chain):
                return name
    return None


def _cues(hits: Hits, name: str) -> Sequence[Hit]:
    return hits.get(f"cue {name}", ())


def _denied(text: str, hits: Hits, chain: Found) -> bool:
    """A denial just before one of the words: 没摔着, 不是着火. The denial must not belong to a word itself."""
    return any(
        0 <= part.start - cue.end <= (DENIAL_GAP if cue.end - cue.start > 1 else 0)
        and not ENDS.search(text[cue.end : part.start])
        for part in chain.parts
        for cue in _cues(hits, "denied")
        if not _within(cue, _cues(hits, "still")) and not _within(cue, chain.parts)
    )


def _past(text: str, hits: Hits, chain: Found) -> bool:
    """A word for long ago before it, with no word for now in between; or «that was last year» right after it."""
    last_past = max(
        (cue.start for cue in _cues(hits, "past") if 0 <= chain.start - cue.start <= PAST_REACH), default=-1
    )
    last_now = max((cue.start for cue in _cues(hits, "now") if cue.start <= chain.end), default=-1)
    if last_past > last_now:
        return True
    return (
        any(0 <= cue.start - chain.end <= AFTER_GAP for cue in _cues(hits, "past")) and last_now < 0
    ) or any(0 <= cue.start - part.end <= 2 for cue in _cues(hits, "past_after") for part in chain.parts)


def _supposed(text: str, hits: Hits, chain: Found) -> bool:
    for cue in _cues(hits, "maybe"):
        if _within(cue, _cues(hits, "still")):
            continue
        if any(0 <= part.start - cue.end <= CLOSE for part in chain.parts):
            return True
        between = text[cue.end : chain.start]
        if not 0 <= chain.start - cue.start <= SUPPOSED_REACH:
            continue
        if not ENDS.search(between) and not any(
            cue.end <= now.start < chain.start for now in _cues(hits, "now")
        ):
            return True
    return False


def _over(text: str, hits: Hits, chain: Found) -> bool:
    """All well again: said after the sign."""
    return any(
        cue.start >= chain.end
        and not _within(cue, _cues(hits, "still"))
        and not any(0 <= but.start - cue.end <= BUT_REACH for but in _cues(hits, "but"))
        for cue in _cues(hits, "resolved")
    )


def _told(text: str, hits: Hits, chain: Found) -> bool:
    """Seen on television, dreamt, read: said anywhere before."""
    return any(cue.start <= chain.start for cue in _cues(hits, "story"))


def _of_a_beast(text: str, hits: Hits, chain: Found) -> bool:
    """«我家牛倒地上起不来了»: said of a beast, and nobody is named after it («我家牛把我爸顶倒了»)."""
    return any(
        cue.end <= chain.end
        and not PERSON.search(text[cue.end :])
        and not PERSON.search(text[: cue.start].rstrip(OWNERS))
        for cue in _cues(hits, "beast")
    )


def _speaks_of(name: str, text: str, hits: Hits, chain: Found) -> bool:
    """An old trouble or a wish: said after the sign, or shortly before it and not followed by a word for now."""
    nows = _cues(hits, "now")
    return any(
        cue.start >= chain.start
        or (
            chain.start - cue.start <= WISH_REACH
            and not any(cue.end <= now.start <= chain.start for now in nows)
        )
        for cue in _cues(hits, name)
        if not _within(cue, _cues(hits, "still"))
        and not _within(cue, chain.parts)
        and not _called_off(text, hits, cue)
    )


def _plans(text: str, hits: Hits) -> bool:
    """Whether an ordinary service or another day is spoken of, and not given up."""
    return any(not _called_off(text, hits, cue) for cue in _cues(hits, "planned"))


def _called_off(text: str, hits: Hits, plan: Hit) -> bool:
    """Whether the plan is given up beside it, in the same part of the sentence: «理发不用来了», «取消明天的饭»."""
    return any(
        max(plan.start, off.start) - min(plan.end, off.end) <= CALLED_OFF_REACH
        and not MARKS.search(text[min(plan.start, off.start) : max(plan.end, off.end)])
        for off in _cues(hits, "called_off")
    )


def _within(inner: Hit, outer: Sequence[Hit]) -> bool:
    return any(hit.start <= inner.start and inner.end <= hit.end for hit in outer)
