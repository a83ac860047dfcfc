"""Weighs the signs found in a sentence and says whether it is an emergency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlu.danger.guards import stands
from nlu.danger.matching import (
    MARKS,
    Found,
    Hit,
    Hits,
    combine,
    find_chain,
    find_sounds,
    find_words,
    syllables,
)
from nlu.danger.patterns import LEVELS, Rules, Sign, plain, rules
from nlu.engines.mending import mended
from nlu.speech import cut, even
from nlu.understanding import Danger

SHORT_LENGTH = 8  # syllables: so short a cry for help says nothing else
# The classifier's probability of emergency …
ALONE = 0.65  # … that is enough without any sign, unless something speaks against it
BESIDE_A_TROUBLE = 0.97  # … that is enough where only an everyday trouble was told besides
WITH_A_HINT = 0.3  # … that is enough with a mere hint
WITH_A_WEAK_SIGN = 0.15  # … that is enough with one weak sign
# Said in words that no classifier knows, or too quietly for it: a strong sign is believed.
ALWAYS_HEARD = frozenset({"suicide", "violence"})
LATIN_SHARE = 0.8
HARDLY = 0.012  # … below which a single strong sign is not believed. 0: there is no classifier
WEIGHTS = {"sure": 3, "strong": 3, "short": 2, "weak": 2, "hint": 1}  # for choosing the kind
CONFIDENCE = {"sure": 0.98, "strong": 0.94}
TWO_WEAK = 0.82
TOGETHER = 0.7  # a sign and the classifier


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sign that stands."""

    sign: Sign
    found: Found


@dataclass(frozen=True, slots=True)
class Findings:
    """What a sentence shows: signs that stand, and whether something speaks against danger: signs that were held back
    or harmless, or an everyday trouble."""

    evidence: tuple[Evidence, ...]
    held_back: bool
    everyday: bool
    hits: Hits


def find_danger(text: str, *, emergency_confidence: float = 0.0) -> Danger | None:
    """The danger that a sentence tells of, or None. `emergency_confidence` is the classifier's probability (0..1)
    that it is an emergency; without it the rules decide alone. What was misheard is set right first; what was written
    counts all the same."""
    text = cut(text)
    meant = mended(text)
    found = _judged(text, look(plain(meant), rules()), emergency_confidence)
    if found is None and meant != text:
        found = _judged(text, look(plain(text), rules(), by_sound=False), emergency_confidence)
    return found


def _judged(text: str, findings: Findings, emergency_confidence: float) -> Danger | None:
    evened = even(text)
    judged = 0.0 if _is_pinyin(evened) else emergency_confidence
    confidence = _confidence(evened, findings, judged)
    return None if confidence is None else _danger(evened, rules(), findings, confidence)


def _is_pinyin(text: str) -> bool:
    """Whether hardly anything but Latin letters was written: the classifier has learnt nothing of these."""
    letters = [character for character in text if character.isalpha()]
    return bool(letters) and sum(map(str.isascii, letters)) > LATIN_SHARE * len(letters)


def speaks_against(text: str) -> bool:
    """Whether something was said for which a guess of the classifier alone is no alarm: it is over, long known, denied,
    or something else is meant."""
    findings = look(plain(mended(cut(text))), rules())
    return (findings.held_back or findings.everyday) and not findings.evidence


def look(text: str, known: Rules, *, by_sound: bool = True) -> Findings:
    """The signs of a text made `plain`; `by_sound`: words count that only sound like those of the lexicon, too."""
    hits, held_back = _clear_hits(text, known, by_sound=by_sound)
    evidence: list[Evidence] = []
    for group in known.watched & hits.keys():
        for sign in known.signs.get(group, ()):
            per_chain = [find_chain(text, hits, chain) for chain in sign.chains]
            if not all(per_chain):
                continue
            unmoved = known.kinds[sign.kind].unmoved_by
            standing = [[one for one in each if stands(text, hits, one, sign, unmoved)] for each in per_chain]
            found = _found(standing)
            evidence.extend(Evidence(sign, one) for one in found)
            held_back = held_back or not found
    everyday = any(find_chain(text, hits, chain) for chain in known.everyday)
    if _only_calls(text, evidence, known) and any(find_chain(text, hits, chain) for chain in known.repairs):
        evidence, held_back = [], True
    evidence.sort(key=lambda item: (item.found.start, item.found.end, item.sign.kind, item.sign.level))
    return Findings(tuple(evidence), held_back, everyday, hits)


def _only_calls(text: str, evidence: Sequence[Evidence], known: Rules) -> bool:
    """Whether nothing but calls for help was found («水管爆了，快来人»)."""
    return all(text[part.start : part.end] in known.calls for item in evidence for part in item.found.parts)


def _found(standing: Sequence[Sequence[Found]]) -> Sequence[Found]:
    """All findings of a sign of one chain; the first of a sign of several, or none when a chain is missing."""
    if len(standing) == 1:
        return standing[0]
    together = combine(standing) if all(standing) else None
    return () if together is None else (together,)


def _clear_hits(text: str, known: Rules, *, by_sound: bool) -> tuple[Hits, bool]:
    """The words found that no harmless phrase blots out, and whether it blotted out any that could be a sign."""
    written = find_words(text, known.words)
    spans = [found for chain in known.harmless for found in find_chain(text, written, chain, MARKS)]
    heard = find_sounds(text, known.heard) if by_sound else {}
    hits: dict[str, Sequence[Hit]] = {}
    blotted_out = False
    for group in written.keys() | heard.keys():
        listed: Sequence[Hit] = list(dict.fromkeys([*written.get(group, ()), *heard.get(group, ())]))
        if group in known.watched and spans:
            clear = [hit for hit in listed if not _covered(hit, spans)]
            blotted_out = blotted_out or len(clear) < len(listed)
            listed = clear
        if listed:
            hits[group] = listed
    return hits, blotted_out


def _covered(hit: Hit, spans: Sequence[Found]) -> bool:
    """Whether a harmless phrase overlaps the word; a word that holds the whole phrase says more than it."""
    return any(
        span.start < hit.end
        and hit.start < span.end
        and not (
            hit.start <= span.start and span.end <= hit.end and hit.end - hit.start > span.end - span.start
        )
        for span in spans
    )


def _confidence(text: str, findings: Findings, classifier: float) -> float | None:
    """How sure it is an emergency (0..1), or None when it is not taken for one."""
    levels = {item.sign.level for item in findings.evidence}
    brief = _length(text) <= SHORT_LENGTH
    if brief and "strong" in levels:
        return max(CONFIDENCE["sure" if "sure" in levels else "strong"], classifier)
    if brief and "short" in levels:
        levels.add("strong")
    if "sure" in levels:
        return max(CONFIDENCE["sure"], classifier)
    strong = _apart(findings.evidence, ("strong", "short"))
    heard = any(item.sign.kind in ALWAYS_HEARD and item.sign.level == "strong" for item in strong)
    if "strong" in levels and (not 0 < classifier < HARDLY or len(strong) > 1 or heard):
        return max(CONFIDENCE["strong"], classifier)
    weak = _apart(findings.evidence, ("weak",))
    if len(weak) > 1 and not 0 < classifier < HARDLY:
        return max(TWO_WEAK, classifier)
    alone = BESIDE_A_TROUBLE if findings.everyday else ALONE
    enough = WITH_A_WEAK_SIGN if weak else WITH_A_HINT if findings.evidence else alone
    if classifier >= enough and (findings.evidence or not findings.held_back):
        return max(TOGETHER, classifier)
    return None


def _length(text: str) -> int:
    """How long a text is: characters and numerals, pinyin by the syllable."""
    return sum(unit.syllable > 0 or unit.written.isalnum() for unit in syllables(text))


def _apart(evidence: Sequence[Evidence], levels: tuple[str, ...]) -> list[Evidence]:
    """Signs of these levels that do not share words, so that one word is not counted twice."""
    kept: list[Evidence] = []
    for item in evidence:
        if item.sign.level in levels and not any(_share(item.found, other.found) for other in kept):
            kept.append(item)
    return kept


def _share(one: Found, other: Found) -> bool:
    return any(a.start < b.end and b.start < a.end for a in one.parts for b in other.parts)


def _danger(text: str, known: Rules, findings: Findings, confidence: float) -> Danger:
    best = max((WEIGHTS[item.sign.level] for item in findings.evidence), default=0)
    deciding = [item for item in findings.evidence if WEIGHTS[item.sign.level] == best]
    order = list(known.kinds)
    kind = min((item.sign.kind for item in deciding), key=order.index, default="other")
    deciding.sort(key=lambda item: (item.sign.kind != kind, LEVELS.index(item.sign.level), item.found.start))
    said = dict.fromkeys(
        text[part.start : part.end] for item in deciding for part in sorted(item.found.parts)
    )
    why = tuple(word for word in said if not any(word != other and word in other for other in said))
    return Danger(kind, round(confidence, 3), why, _number(text, known, kind, findings.hits))


def _number(text: str, known: Rules, kind: str, hits: Hits) -> str:
    """The number to call first."""
    for number, chains in known.kinds[kind].call_instead.items():
        if any(find_chain(text, hits, chain) for chain in chains):
            return number
    return known.kinds[kind].call
