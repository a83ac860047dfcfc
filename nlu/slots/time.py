"""Wanted times in a sentence, resolved against the time of the call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise

from nlu.slots.dates import one as single_day
from nlu.slots.time_draft import Draft, drafts, last_day, rule
from nlu.slots.time_in_force import give_part_in_force, join_alternatives, rests_then, without_others
from nlu.slots.time_reading import BYDAY, weekly
from nlu.slots.time_resolve import hour_of, resolve_draft
from nlu.slots.time_words import lexicon
from nlu.slots.wanted import Candidate, is_wanted
from nlu.understanding import TaggedSpan, WantedTime

NEAR = 12  # characters behind a time word that tell whether it is ruled out
MEAL_NEAR = 14  # characters behind a day in which a meal names its hour
LOOSE_ANSWER = 14  # characters of an answer that may be a time we can not place («娃放学之前»)
MARKS = "，。！？；,.!?;…\n"
OPEN_RHYTHMS = ("per_week", "every_week")  # that leave open on which days
SHORT_SHIFT = 6  # characters of a mere «往后错两天»
SPANS = ("week", "month")  # days in a row, in which somebody may be somewhere


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """One wanted time and where it stands."""

    start: int
    end: int
    text: str
    value: WantedTime
    shift: str | None = None  # «推迟两天»: an ISO 8601 duration with its sign, "+P2D"


def resolve(
    text: str,
    now: datetime,
    *,
    asked: bool = False,
    answering: bool = False,
    meal_words: bool = True,
    spans: Sequence[TaggedSpan] = (),
    tagged: bool = False,
) -> list[TimeSpan]:
    """The wanted times of the text in order. `asked`: the line has just asked for a time; `answering`: for something,
    so that a time is rather a correction than part of a story.

    Past times, durations, times in a story and times taken back («明天，不对，后天») are left out.
    With `meal_words` a meal names the hour of its day: «明天的午饭» is 12:00.
    """
    now = now.replace(tzinfo=None)
    found = _started(_corrected(_rhythm(possible(text, now, asked=asked), text), text, asked), text)
    wanted = [
        draft
        for draft in found
        if _covers(draft, text)
        or (draft.asap and _asap_for_certain(draft, text))
        or (draft.shift and len(text) <= SHORT_SHIFT)
        or draft.since is not None  # «一天两顿，从今天晚上开始»
        or (not draft.recurrence and rule("changed_to").search(text[: draft.start]))
        or rule("meant_then").match(text[draft.end :])
        or (draft.days and _feast_then(draft, text))
        or (draft.by_hours and rule("both_wanted").match(text[draft.end :]))
        or rule("insists_before").search(text[: draft.start])
        or is_wanted(
            text,
            candidate_of(draft.instead_of or draft),
            asked=asked or answering,
            spans=spans,
            tagged=tagged,
        )
    ]
    if not wanted and asked and rule("bare_day").match(text.strip(MARKS + " ")):
        whole = resolve(text.strip(MARKS + " 吧嘛") + str(lexicon()["day_end"]), now, asked=True)
        return [replace(span, end=min(span.end, len(text))) for span in whole]
    if not wanted and asked and (loose := _loose_answer(text)):
        return [loose]
    return [_span(draft, text, now, meal_words) for draft in wanted]


def taken_back(text: str, now: datetime) -> list[Draft]:
    """Times that the speaker named and then gave up for another: «从周三挪到周五», «明天不行，后天»."""
    found = possible(text, now)
    kept = _corrected(found, text, asked=False)
    return [draft for draft in found if draft not in kept]


def every_week(said: str, now: datetime) -> WantedTime | None:
    """Days of the week as a rhythm: «周一到周五中午» for what goes on week after week."""
    each = lexicon()["each"] + said
    return next((one.value for one in resolve(each, now, asked=True) if one.value.recurrence), None)


def days_left_out(text: str, now: datetime) -> set[int]:
    """The days of the week (1..7) on which nothing is to come: «不要周末», «除了礼拜天»."""
    out = [draft for draft in drafts(text, now) if left_out(text, draft.start, draft.end)]
    return {day for draft in out for day in _weekdays(draft)}


def ends_there(text: str, start: int, end: int) -> bool:
    """Whether the day that stands there is the last of a rhythm: «送到月底», «到十五号为止»."""
    before, after = text[max(0, start - 4) : start], text[end : end + NEAR]
    return bool(rule("until_before").search(before) or rule("until_after").match(after))


def hour_on(day: str, words: str, part: str | None, now: datetime) -> str | None:
    """The hour that the words name, on a day (an ISO date) and in the part of the day that were told before it:
    «后天早上» … «七点半». None when they name none, or a part of the day of their own."""
    found = possible(words, now, asked=True)
    if len(found) != 1 or not found[0].clock or found[0].part or _is_day(found[0]) or found[0].tail:
        return None
    hour = found[0].clock[0]
    first, last = lexicon()["hours_of_parts"].get(part, (1, 0))
    found[0].part = part if first <= hour <= last else None
    found[0].days = [single_day(date.fromisoformat(day), "date")]
    return resolve_draft(found[0], now).iso


def part_told(iso: str | None) -> str | None:
    """The part of the day that an ISO range of hours is: "…T07:00/…T09:00" is "early"."""
    hours = [moment.partition("T")[2] for moment in (iso or "").split("/")]
    parts = lexicon()["parts"].items()
    return next((str(name) for name, part in parts if [part.get("from"), part.get("to")] == hours), None)


def next_moon_day(said: str, now: datetime) -> str | None:
    """The next day of the moon that is named («每个月初一»), as an ISO date; None when none is."""
    day = rule("moon_day").search(said)
    return next((one.value.iso for one in resolve(day[0], now, asked=True)), None) if day else None


def left_out(text: str, start: int, end: int) -> bool:
    """Whether the day that stands there is one on which nothing is to come: «礼拜天不送», «除了周六»."""
    before, after = text[max(0, start - 4) : start], text[end : end + NEAR]
    return bool(rule("left_out_before").search(before) or rule("left_out_after").match(after))


def plans_then(text: str, now: datetime) -> bool:
    """Whether a day is named only because the speaker is busy then: «礼拜五我要去复查，礼拜六吧»."""
    return any(_has_plans(draft, text) for draft in taken_back(text, now))


def time_value(time: WantedTime) -> str | None:
    """A wanted time as scripts see it: ISO, "asap", or None when nothing definite was said."""
    return time.iso or ("asap" if time.asap else None)


def possible(text: str, now: datetime, *, asked: bool = False) -> list[Draft]:
    """All expressions that can be a wanted time by their own words."""
    found = drafts(text, now)
    give_part_in_force(found, text)
    join_alternatives(found, text)
    return without_others(
        [
            draft
            for draft in found
            if _allowed(draft, text, asked) and not (asked and rests_then(draft, text))
        ],
        text,
    )


def candidate_of(draft: Draft) -> Candidate:
    return Candidate("time", draft.start, draft.end, "+".join(draft.shapes[:2]) + (draft.tail or ""))


def _span(draft: Draft, text: str, now: datetime, meal_words: bool) -> TimeSpan:
    value = resolve_draft(draft, now)
    if meal_words and value.iso and "T" not in value.iso and not value.clock_said:
        after = rule("sooner").sub("，", text[draft.end : draft.end + MEAL_NEAR])
        value = _with_meal(value, after)
        if not value.clock_said and rule("only_brought").match(re.split(f"[{MARKS}]", after)[0]):
            value = _with_meal(value, text[max(0, draft.start - MEAL_NEAR) : draft.start].replace("，", ""))
    return TimeSpan(draft.start, draft.end, text[draft.start : draft.end], value, draft.shift)


@lru_cache(maxsize=1)
def _meal_hours() -> dict[str, str]:
    return {str(word): str(hour) for hour, words in lexicon()["meals"].items() for word in words}


def is_house_number(said: str, text: str) -> bool:
    """Whether «八号» in the answer to «where?» belongs to the address and is no day of the month."""
    return bool(rule("house_number").match(said)) and not rule("puts_right").search(text)


def meal_hour(text: str) -> str | None:
    """The hour of the one meal that is named: «午饭» is "12:00"; None when none is, or several are."""
    named = {hour for word, hour in _meal_hours().items() if word in text}
    return named.pop() if len(named) == 1 else None


def _with_meal(value: WantedTime, rest: str) -> WantedTime:
    """The hour of the first meal named before the next comma."""
    clause = rest
    for mark in MARKS:
        clause = clause.split(mark)[0]
    named = [(clause.find(word), hour) for word, hour in _meal_hours().items() if word in clause]
    if not named or value.iso is None:
        return value
    hour = min(named)[1]
    return replace(value, iso="/".join(f"{day}T{hour}" for day in value.iso.split("/")), clock_said=True)


# --- what can be a wish ----------------------------------------------------------------------------------------


def _allowed(draft: Draft, text: str, asked: bool) -> bool:
    """Whether the expression can be a wanted time at all."""
    if draft.days and draft.days[0].said in SPANS and rule("stays_there").match(text[draft.end :]):
        return False
    if rule("asks_time").match(text[draft.end : draft.end + NEAR]):
        return False
    if draft.past:
        return asked and bool(draft.days) and _covers(draft, text)
    if (draft.vague and not draft.recurrence and not draft.shift) or draft.shapes == ["asap_asked"]:
        return asked
    left, right = text[max(0, draft.start - 6) : draft.start], text[draft.end : draft.end + NEAR]
    if draft.shapes == ["clock"] and draft.clock == (1, 0) and draft.end - draft.start == len("一点"):
        return asked and draft.start == 0 and not right.strip("吧。，")
    return not rule("past_left").search(left) and not rule("until_now").match(right)


def _feast_then(draft: Draft, text: str) -> bool:
    """«我妈后天过八十大寿，要长寿面»: the day of the feast is the day of the meal."""
    return bool(rule("feast_then").match(text[draft.end :]) and rule("feast_food").search(text))


def _asap_for_certain(draft: Draft, text: str) -> bool:
    return "asap_comes" in draft.shapes or text[draft.start : draft.end] in lexicon()["asap_sure"]


def _covers(draft: Draft, text: str) -> bool:
    """Whether hardly anything else is said."""
    return len(text) - (draft.end - draft.start) <= 2


def _loose_answer(text: str) -> TimeSpan | None:
    """An answer that names a time we can not place on the calendar: kept as said, to be settled by a person."""
    said = text.strip(MARKS + " ")
    if 3 <= len(said) <= LOOSE_ANSWER and rule("loose_answer").search(said):
        start = text.index(said)
        return TimeSpan(start, start + len(said), said, WantedTime(None, vague=True, clock_said=False))
    return None


# --- which days of a rhythm ------------------------------------------------------------------------------------


def _rhythm(found: list[Draft], text: str) -> list[Draft]:
    """A rhythm with the days that are told besides: «一个礼拜两回，礼拜二礼拜五», «每天中午，礼拜天不送»."""
    rhythm = next((draft for draft in found if draft.recurrence or draft.by_hours), None)
    if rhythm is None:
        return found
    kept, on_days = [], set[int]()
    _take_two_hours(rhythm, found, text)
    for draft in found:
        days = _weekdays(draft)
        if days and left_out(text, draft.start, draft.end):
            _leave_out(rhythm, days)
        elif (
            len(days) > 1
            and rhythm.recurrence == "FREQ=DAILY"
            and text[draft.end : rhythm.start].strip("，, 的") == ""
            and draft.end <= rhythm.start
        ):
            rhythm.recurrence = weekly(days)  # «周一到周五每天中午»
            rhythm.start = draft.start
        elif draft is not rhythm and draft.days and _only_then(rhythm, draft, text):
            rhythm.since, rhythm.until = draft.days[0].first, last_day(draft)
        elif draft is not rhythm and _second_hour(rhythm, draft, text):
            rhythm.by_hours, rhythm.end = (hour_of(rhythm), hour_of(draft)), draft.end
        elif draft is not rhythm and draft.days and ends_there(text, draft.start, draft.end):
            rhythm.until = draft.days[-1].last
        elif days and rhythm.shapes[0] in OPEN_RHYTHMS and _listed(rhythm, draft, text):
            on_days |= days
            rhythm.recurrence, rhythm.vague = weekly(on_days), False
            rhythm.end, rhythm.part, rhythm.clock = (
                draft.end,
                draft.part or rhythm.part,
                draft.clock or rhythm.clock,
            )
        else:
            kept.append(draft)
    return kept


def _take_two_hours(rhythm: Draft, found: list[Draft], text: str) -> None:
    """«每天看着我吃药，早上八点，晚上八点»: twice a day."""
    if rhythm.timed or rhythm.by_hours:
        return
    for first, second in pairwise(found):
        alone = first is not rhythm and not _is_day(first) and not first.to and first.clock and first.part
        if alone and _second_hour(first, second, text):
            rhythm.by_hours = (hour_of(first), hour_of(second))
            rhythm.start, rhythm.end = first.start, second.end
            found[:] = [draft for draft in found if draft not in (first, second)]
            return


def _only_then(rhythm: Draft, draft: Draft, text: str) -> bool:
    """«明天，中午晚上都要»: two meals of that day, and not of every day from then on."""
    no_rhythm = rhythm.shapes == ["early_late"] and not draft.timed
    return no_rhythm and not rule("starts_after").match(text[draft.end : draft.end + 3])


def _second_hour(rhythm: Draft, draft: Draft, text: str) -> bool:
    """«每天早上八点晚上八点»: twice a day."""
    one = rhythm.clock is not None and rhythm.part != draft.part and not rhythm.by_hours
    two = draft.clock is not None and draft.part is not None and not (draft.days or draft.to or draft.tail)
    return one and two and bool(rule("list_joint").match(text[rhythm.end : draft.start]))


def _weekdays(draft: Draft) -> set[int]:
    """The days of the week that the expression names, if it names nothing else."""
    days = [*draft.days, *(draft.to.days if draft.to else ())]
    if draft.recurrence or not days or not all(day.said in ("weekday", "weekend") for day in days):
        return set()
    if draft.to and not draft.each and len(days) == 2:  # «周一到周五»
        first, last = (day.first.isoweekday() for day in days)
        return set(range(first, last + 1)) if first < last else {first, last}
    return {date.isoweekday() for day in days for date in (day.first, day.last)}


def _listed(rhythm: Draft, draft: Draft, text: str) -> bool:
    return bool(rule("list_joint").match(text[rhythm.end : draft.start]))


def _leave_out(rhythm: Draft, days: set[int]) -> None:
    said = rhythm.recurrence or ""
    if said == "FREQ=DAILY" or said.startswith("FREQ=WEEKLY;BYDAY="):
        named = said.partition("BYDAY=")[2] or ",".join(BYDAY)
        rhythm.recurrence = weekly({BYDAY.index(day) + 1 for day in named.split(",")} - days)


# --- what was taken back ---------------------------------------------------------------------------------------


def _corrected(found: list[Draft], text: str, asked: bool) -> list[Draft]:
    """Leaves out times that were taken back, moved away from or ruled out."""
    kept: list[Draft] = []
    for draft in found:
        gap = text[kept[-1].end : draft.start] if kept else ""
        if gap and rule("negated_before").search(gap):
            continue
        if kept and rule("settled_before").search(text[: draft.start]):
            _keep_day(kept, draft)
            kept = []  # «礼拜三浇水，那就礼拜五»
        while kept and not _completes(kept[-1], draft) and _takes_back(text[kept[-1].end : draft.start]):
            _hand_down(kept.pop(), draft, text)
        kept.append(draft)
    kept = [draft for draft in kept if not _ruled_out(draft, text, asked)]
    return _free(kept, text) or kept


def _hand_down(before: Draft, draft: Draft, text: str) -> None:
    """«星期三下午两点，不是，三点», «明天上午九点，不对，后天»: what is not said again of a time put right stays."""
    draft.instead_of = before.instead_of or before
    if draft.asap or draft.moments or draft.recurrence or draft.past:
        return
    if before.timed and draft.timed and not _is_day(draft):
        draft.days, draft.recurrence = list(before.days), before.recurrence
        draft.since, draft.until = before.since, before.until
    slip = rule("slip").search(text[before.end : draft.start])
    if slip and before.clock and draft.days and not draft.timed and not draft.to:
        draft.part, draft.clock, draft.clock_to = before.part, before.clock, before.clock_to


def _keep_day(before: list[Draft], draft: Draft) -> None:
    """«周六，…，那就下午吧»: the hour that is settled on is one of the day that was named before."""
    day = next((one for one in reversed(before) if one.days and not one.recurrence), None)
    if day and draft.timed and not draft.days:
        draft.days = list(day.days)


def _started(found: list[Draft], text: str) -> list[Draft]:
    """«下个月起每天中午»: the day only tells when the rhythm begins."""
    rhythm = next((draft for draft in found if draft.recurrence), None)
    if rhythm is None:
        return found
    for draft in found:
        if draft.days and draft is not rhythm and rule("starts_after").match(text[draft.end : draft.end + 3]):
            rhythm.since = draft.days[0].first
            rhythm.from_hour = hour_of(draft) if draft.timed else 0
            return [other for other in found if other is not draft]
    return found


def _completes(before: Draft, draft: Draft) -> bool:
    """«改礼拜天吧，还是九点»: an hour takes back no day."""
    return bool(before.days and not before.timed and draft.timed and not draft.days)


def _takes_back(gap: str) -> bool:
    if rule("correction_behind").match(gap):
        return True
    return 0 < len(gap) <= NEAR and bool(rule("correction_cue").search(gap) and rule("correction").match(gap))


def _free(kept: list[Draft], text: str) -> list[Draft]:
    """The times at which nothing else is planned; of «明天或者后天去» both or none."""
    free: list[Draft] = []
    treated = [one for one in kept if _is_day(one) and rule("treated_then").match(text[one.end :])]
    if treated and not any(_is_day(one) and one not in treated for one in kept):
        return kept  # «每周二四六上午要去县医院透析»
    after: Draft | None = None
    another_day = sum(bool(draft.days) for draft in kept) > 1
    for draft in reversed(kept):
        together = after is not None and rule("either_joint").match(text[draft.end : after.start])
        if (after in free) if together else not _busy(draft, text, another_day):
            free.insert(0, draft)
        after = draft
    return free


def _is_day(draft: Draft) -> bool:
    return bool(draft.days or draft.recurrence)


def _busy(draft: Draft, text: str, another_day: bool) -> bool:
    """Something else is planned then: «后晌我要浇地»; «明天去赶集» only where another day is named."""
    right = text[draft.end : draft.end + NEAR]
    return bool(_has_plans(draft, text) or (draft.days and another_day and rule("busy_after").match(right)))


def _has_plans(draft: Draft, text: str) -> bool:
    """«后晌我要浇地», «他下午要打针»: something else is done then, and by whom is said."""
    left, right = text[max(0, draft.start - 4) : draft.start], text[draft.end : draft.end + NEAR]
    if rule("own_plans").match(right):
        return True
    return bool(rule("plans_before").search(left) and rule("plans_after").match(right))


def _ruled_out(draft: Draft, text: str, asked: bool) -> bool:
    right = text[draft.end : draft.end + NEAR]
    if rule("negated_after").match(right) or rule("negated_before").search(
        text[max(0, draft.start - 3) : draft.start]
    ):
        return True
    return asked and bool(rule("negated_when_asked").match(right))
