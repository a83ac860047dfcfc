"""The callers of the benchmark of closed questions, and what was told before their calls."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from tests.bench.bench_closed import cases
from voice.conversation import Answer, Answering, Said
from voice.simulate.run import already_told
from voice.simulate.script import read_script


@pytest.mark.parametrize("which", ["practice", "judge"])
def test_there_are_more_than_a_hundred_answers_of_every_kind(which: str) -> None:
    made = cases(which)
    assert len(made) > 100
    assert {case.kind for case in made} == {
        "agree", "refuse", "not_wanted", "day", "hour", "phone", "count", "name",
    }  # fmt: skip
    assert len({case.script.name for case in made}) == len(made)


def test_what_is_measured_was_not_looked_at() -> None:
    practice, judge = ({(case.kind, case.script.means.says) for case in cases(which) if case.script.means}
                       for which in ("practice", "judge"))  # fmt: skip
    assert not practice & judge
    voices = [{case.script.conditions.voice for case in cases(which)} for which in ("practice", "judge")]
    assert not voices[0] & voices[1]


def test_a_day_is_right_when_it_is_read_back_as_the_line_says_it() -> None:
    case = next(case for case in cases("practice") if case.script.name.startswith("day 星期三"))
    assert case.script.means is not None and case.script.means.reads == "后天"


def test_a_script_may_tell_what_its_caller_means() -> None:
    script = read_script(
        {"name": "n", "already": ["订饭"], "means": {"asks": "time", "says": ["后天"], "reads": "后天"}}
    )
    assert script.already == ("订饭",) and script.means is not None and script.means.says == ("后天",)


def test_what_was_told_already_is_answered_with_the_first_sound() -> None:
    class Listening:
        def __init__(self) -> None:
            self.told: list[str | None] = []

        def begin(self, *, caller: str, call_id: str) -> Answering:
            return self

        async def answer(self, said: Said) -> Answer:
            self.told.append(said.text)
            return Answer((f"{len(self.told)}",))

        async def hung_up(self, reason: str) -> None:
            self.told.append(reason)

    async def call() -> tuple[list[str | None], Answer]:
        listening = Listening()
        told = already_told(listening, ("订饭", "明天")).begin(caller="1", call_id="2")
        at = datetime.fromisoformat("2026-11-23T09:10")
        greeting = await told.answer(Said(None, at))
        await told.answer(Said("对", at))
        await told.hung_up("done")
        return listening.told, greeting

    told, greeting = asyncio.run(call())
    assert told == ["订饭", "明天", "对", "done"] and greeting == Answer(("2",))
