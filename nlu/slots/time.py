"""Wanted times in a sentence, resolved against the time of the call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from nlu.slots.time_draft import Draft, drafts, rule
from nlu.slots.time_resolve import resolve_draft
from nlu.slots.time_words import lexicon, part_names
from nlu.understanding import WantedTime

NEAR = 12  # characters around a time word that tell a wish from a story
MARKS = "，。！？；,.!?;…\n"


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """One wanted time and where it stands."""

    start: int
    end: int
    text: str
    value: WantedTime
    sure: bool = True  # False: the words alone do not tell a wish from a story


def resolve(text: str, now: datetime, *, asked: bool = False, meal_words: bool = True) -> list[TimeSpan]:
    """The wanted times of the text in order. `asked`: the line has just asked for a time.

    Past times, durations, times in a story and times taken back («明天，不对，后天») are left out.
    With `meal_words` a meal names the hour of its day: «明天的午饭» is 12:00.
    """
    now = now.replace(tzinfo=None)
    found = [draft for draft in drafts(text, now) if _allowed(draft, text, asked)]
    found = _corrected(found, text, asked)
    return [_span(draft, text, now, meal_words) for draft in found]


def _span(draft: Draft, text: str, now: datetime, meal_words: bool) -> TimeSpan:
    value = resolve_draft(draft, now)
    if meal_words and value.iso and len(value.iso) == len("2026-11-24") and not value.clock_said:
        value = _with_meal(value, text[draft.end : draft.end + NEAR])
    return TimeSpan(draft.start, draft.end, text[draft.start : draft.end], value, _sure(draft, text))


@lru_cache(maxsize=1)
def _meal_hours() -> dict[str, str]:
    return {str(word): str(hour) for hour, words in lexicon()["meals"].items() for word in words}


def _with_meal(value: WantedTime, rest: str) -> WantedTime:
    """The hour of the first meal named before the next comma."""
    clause = rest
    for mark in MARKS:
        clause = clause.split(mark)[0]
    named = [(clause.find(word), hour) for word, hour in _meal_hours().items() if word in clause]
    return replace(value, iso=f"{value.iso}T{min(named)[1]}", clock_said=True) if named else value


# --- what is a wish --------------------------------------------------------------------------------------------


def _allowed(draft: Draft, text: str, asked: bool) -> bool:
    """Whether the expression can be a wanted time at all."""
    if draft.past:
        return asked and bool(draft.days) and _covers(draft, text)
    words = lexicon()
    said = text[draft.start : draft.end]
    left, right = text[max(0, draft.start - 6) : draft.start], text[draft.end : draft.end + NEAR]
    if draft.asap:
        return asked or said not in words["asap_weak"] or bool(rule("wish_near").search(right))
    if draft.vague and not draft.recurrence:
        return asked
    if draft.shapes == ["clock"] and draft.clock == (1, 0) and len(said) == 2:
        return asked and draft.start == 0 and not right.strip("吧。，")
    if rule("past_left").search(left):
        return False
    return not (_is_story(right) and not _covers(draft, text))


def _is_story(right: str) -> bool:
    return bool(rule("story_after").match(right) or rule("until_now").match(right))


def _covers(draft: Draft, text: str) -> bool:
    """Whether hardly anything else is said."""
    return len(text) - (draft.end - draft.start) <= 4


def _sure(draft: Draft, text: str) -> bool:
    """Whether the words alone are a wish: a coming day, a date, a rhythm; not a bare «晚上» or «今天»."""
    if any(days.said in ("weekday", "this_week", "date", "lunar", "festival", "weekend") for days in draft.days):
        return True
    if draft.days and (draft.shapes[0] != "day" or draft.timed or draft.to):
        return True
    loose = set(lexicon()["loose_parts"])
    if draft.shapes == ["part"] and text[draft.start : draft.end] in loose:
        return False
    return bool(rule("wish_near").search(text[draft.end : draft.end + NEAR])) or _covers(draft, text)


# --- what was taken back ---------------------------------------------------------------------------------------


def _corrected(found: list[Draft], text: str, asked: bool) -> list[Draft]:
    """Leaves out times that were taken back, moved away from or ruled out."""
    kept: list[Draft] = []
    for draft in found:
        while kept and _takes_back(text[kept[-1].end : draft.start]):
            kept.pop()
        kept.append(draft)
    wanted = [draft for draft in kept if not _ruled_out(draft, text, asked)]
    return wanted if wanted or asked else [draft for draft in kept if not _unwelcome(draft, text)]


def _takes_back(gap: str) -> bool:
    return 0 < len(gap) <= 12 and bool(rule("correction_cue").search(gap) and rule("correction").match(gap))


def _unwelcome(draft: Draft, text: str) -> bool:
    return bool(rule("negated_after").match(text[draft.end : draft.end + NEAR]))


def _ruled_out(draft: Draft, text: str, asked: bool) -> bool:
    if _unwelcome(draft, text) or rule("negated_before").search(text[max(0, draft.start - 3) : draft.start]):
        return True
    return asked and bool(rule("negated_when_asked").match(text[draft.end : draft.end + NEAR]))


def is_part_word(text: str) -> bool:
    """Whether the text is a word for a part of the day."""
    return text in part_names()
