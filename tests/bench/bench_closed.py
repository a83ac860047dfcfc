"""Closed questions by voice, as they stand when the little dialogue about them is over: said, read back, put right.

The callers of `tests/bench/closed.yaml` are synthetic. What the call is about was told before in writing, so that only the
answer looked at, the yes and no to what is read back, and the keys that the line offers count. On the clock of the sound,
as fast as the recogniser goes. `--set practice`: the callers that the line was mended with.
"""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from backend.domain.order import Wanted
from bot.dialogue import phrasing
from bot.logs import configure
from bot.practice import simulate_scripts
from config.settings import project_folder
from config.wording import load_wording
from tests.bench.figure import Figure
from tests.bench.interval import share_of
from voice.hearing.engines import open_recogniser
from voice.hearing.settings import HearingSettings
from voice.simulate.run import Simulated
from voice.simulate.script import MONDAY, CallScript, Conditions, Means
from voice.simulate.sound import BABBLE

CASES = Path(__file__).with_name("closed.yaml")
VOICES = Path(__file__).parents[1] / "calls" / "voices"
CONDITIONS = (("telephone band", "none", 0.93), ("babble at 15 dB", "babble", 0.85))
SPEEDS = (1.0, 0.85, 1.1, 0.9)
VOICES_EACH = 2
OPEN = (
    "count",
)  # answers to an open question («what is to be bought?»): shown, and not counted with the closed ones
KNOWN = "13909510011"
ELDER = {
    "name": "马秀英", "phone": KNOWN, "birth_date": "1946-03-12",
    "address": "银川市金凤区长城花园3号楼2单元501", "categories": "独居",
}  # fmt: skip
RELATIVE = "13909510033"
LUNCH = ("我想订个午饭", "明天中午")
STRANGER = ("我想订个午饭，明天中午，金凤区长城花园三号楼", "马玉兰")
NOON = "2026-11-24T12:00"
CLEANING = "我想找个人来打扫卫生"


@dataclass(frozen=True, slots=True)
class Case:
    """One answer of one caller, and how the call with it went."""

    kind: str
    script: CallScript


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--set", default="judge", choices=("practice", "judge"))
    arguments.add_argument("--kind", default="", help="only this kind of answer")
    arguments.add_argument("--noise", choices=("none", "babble"), help="only these")
    given = arguments.parse_args()
    configure("error")
    for _, noise, _ in CONDITIONS:
        if given.noise in (None, noise):
            for figure in figures(which=given.set, kind=given.kind, noise=noise):
                print(figure, flush=True)


def figures(
    *, which: str = "judge", kind: str = "", noise: str | None = None, most: int | None = None
) -> list[Figure]:
    """Each condition: how many are right at the end, how many at once, and every one that is not."""
    engine = open_recogniser(HearingSettings()).name
    chosen = [case for case in cases(which) if kind in ("", case.kind)]
    chosen = chosen if most is None else chosen[:: max(1, len(chosen) // most)]
    found: list[Figure] = []
    for name, each, goal in CONDITIONS:
        if noise in (None, each):
            found += _figures(f"{name}, {engine}", [_with_noise(case, each) for case in chosen], goal)
    return found


def cases(which: str) -> list[Case]:
    """All answers of a set, each by `VOICES_EACH` of its voices."""
    rows = yaml.safe_load(CASES.read_text("utf-8"))[which]
    found: list[Case] = []
    for kind, answers in rows["answers"].items():
        for number, answer in enumerate(answers):
            given = answer if isinstance(answer, dict) else {"says": [answer]}
            for turn in range(VOICES_EACH):
                place = number * VOICES_EACH + turn
                conditions = Conditions(voice=rows["voices"][place % 4], speed=SPEEDS[(place // 4) % 4])
                found.append(Case(kind, _script(kind, given, rows["names"], conditions)))
    return found


def _script(kind: str, given: dict[str, Any], names: Sequence[str], conditions: Conditions) -> CallScript:
    says = tuple(given["says"])
    order: dict[str, Any]
    already: tuple[str, ...] = LUNCH
    caller = KNOWN
    people: tuple[dict[str, str], ...] = (ELDER,)
    match kind:
        case "agree":
            order = {"item": "meal", "time": NOON}
            means = Means("confirm", says, reads=_read(NOON))
        case "refuse":
            order = {"item": "meal", "time": "2026-11-25T12:00"}
            means = Means("confirm", says, reads="后天中午", is_yes=False, instead="后天中午")
        case "not_wanted":
            order = {}
            means = Means("confirm", says, reads="不会有", is_yes=False, instead="我不要了，取消吧")
        case "day":
            already, order = (CLEANING,), {"item": "cleaning", "time_startswith": str(given["day"])}
            means = _value("time", says, _read(str(given["day"])))
        case "hour":
            already, order = (CLEANING,), {"item": "cleaning", "time": given["time"]}
            means = _value("time", says, _read(given["time"]))
        case "phone":
            already, caller, people = STRANGER, "anonymous", ()
            digits = given["phone"]
            order = {"item": "meal", "phone": digits}
            means = _value("phone", says, phrasing.phone_groups(digits), keys=digits)
        case "count":
            already, order = ("帮我买东西，明天上午",), {"item": "errand"}
            means = _value("detail", says, given["reads"])
        case _:
            already, caller, people = (f"{CLEANING}，后天上午",), RELATIVE, _wards(names)
            order = {"item": "cleaning", "beneficiary": given["reads"]}
            keys = str(list(names).index(given["reads"]) + 1)
            means = _value("beneficiary", says, given["reads"], keys=keys)
    return CallScript(
        name=f"{kind} {says[0]} {conditions.voice}",
        says=(),
        already=already,
        means=means,
        caller=caller,
        people=people,
        conditions=conditions,
        expect={"orders": [order] if order else [], "emergency": "any", "handoff": "any"},
    )


def _value(asks: str, says: tuple[str, ...], reads: str, *, keys: str | None = None) -> Means:
    """Whoever hears the wrong thing says no, and what is right."""
    return Means(asks, says, reads=reads, instead=says[0], keys=keys, no=f"不对，是{says[0]}")


def _read(iso: str) -> str:
    """A time as the line reads it back, when it has it right."""
    return re.escape(phrasing.when(Wanted(iso=iso), MONDAY, load_wording().words))


def _wards(names: Sequence[str]) -> tuple[dict[str, str], ...]:
    contact = {"contact_name": "马强", "contact_phone": RELATIVE, "contact_relation": "儿子"}
    return tuple(
        {"name": name, "phone": f"1390951002{place}", "birth_date": f"194{place}-03-12",
         "address": f"银川市金凤区长城花园{place + 3}号楼2单元501"} | contact
        for place, name in enumerate(names)
    )  # fmt: skip


def _with_noise(case: Case, noise: str) -> Case:
    conditions = replace(case.script.conditions, noise=noise, snr_db=15.0)
    return replace(case, script=replace(case.script, conditions=conditions))


def _figures(name: str, chosen: Sequence[Case], goal: float) -> list[Figure]:
    done = list(simulate_scripts([case.script for case in chosen], voices=_voices()))
    right = [not one.faults for one in done]
    once = [good and one.said == 1 for good, one in zip(right, done, strict=True)]
    kinds = [case.kind for case in chosen]
    closed = [place for place, kind in enumerate(kinds) if kind not in OPEN]
    found = [
        Figure("said once → right at the end, by kind", ", ".join(
            f"{kind} {_of(once, kinds, kind)} → {_of(right, kinds, kind)}" for kind in dict.fromkeys(kinds))),
        *(Figure("not right", told) for told in _wrong(done)),
    ]  # fmt: skip
    if closed:
        hits, said_once = (sum(each[place] for place in closed) for each in (right, once))
        turns = [done[place].turns for place in closed]
        value = (
            f"{share_of(hits, len(closed))}; {said_once / len(closed):.1%} when said once; "
            f"{sum(turns) / len(turns):.1f} turns, most {max(turns)}"
        )
        what = f"closed answers right after confirmation, {name}"
        found.insert(0, Figure(what, value, f"≥ {goal:.0%}", met=hits >= goal * len(closed)))
    return found


def _of(good: Sequence[bool], kinds: Sequence[str], kind: str) -> str:
    those = [one for one, other in zip(good, kinds, strict=True) if other == kind]
    return f"{sum(those)}/{len(those)}"


def _wrong(done: Sequence[Simulated]) -> Iterator[str]:
    for one in done:
        if one.faults:
            heard = [event["text"] for event in one.events if event["event"] == "heard"]
            yield f"{one.script.name}: {'; '.join(one.faults)}; heard {' / '.join(heard)}"


def _voices() -> Path:
    """What callers say is rendered once; the babble is that of the scripted calls."""
    folder = project_folder() / "var" / "speech" / "callers"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / BABBLE).is_file():
        shutil.copy(VOICES / BABBLE, folder)
    return folder


if __name__ == "__main__":
    main()
