"""Turn taking in real time: from the end of what a caller says to the first sound of the answer, one call.

The callers are synthetic (no recordings of elders could be had), on an in-memory line. The voice is left out, as cached
speech starts within a frame or two of the decision. What runs on the clock of the sound itself: `bench_turns.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.logs import configure
from bot.practice import caller_voices
from bot.whole_turn import completeness
from config.turn_taking import load_turn_rules
from nlu.parse import load_parser
from nlu.understanding import Expecting
from tests.bench.figure import Figure
from tests.bench.interval import spread
from tests.bench.machine import percentile
from voice.call import Desk
from voice.conversation import Answer, Answering, Completeness, Said
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing
from voice.simulate.run import Simulated, simulate
from voice.simulate.script import CallScript, Conditions, Move, read_script
from voice.simulate.sound import CallerVoices
from voice.stand_in import StandInVoice
from voice.turns.profile import NoProfiles

VOICES = Path(__file__).parents[1] / "calls" / "voices"
MONDAY = datetime.fromisoformat("2026-11-23T09:10")
OPEN = (
    "我想订个午饭",
    "找个人给我打扫一下屋子",
    "我想申请低保",
    "厨房水龙头坏了，来个人修一修",
    "我想办残疾证",
)
CLOSED = ("对", "没有了", "是的", "不对", "行", "不要")
SPEAKERS = ("zf_xiaobei", "zm_yunjian", "zf_xiaoyi", "zm_yunxi")  # one call of each


class Echoing:
    """Answers everything alike at once, so that only ears and turn taking are measured. Whether a text is complete is
    judged as in a real conversation: how long the line waits hangs on it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._asks = Expecting(answer.asks) if answer.asks else None
        self._parser = load_parser()
        self._parser.parse(
            "您好", now=MONDAY
        )  # the first one loads the models: no caller pays for that in a running line

    def begin(self, *, caller: str, call_id: str) -> Answering:
        return self

    async def answer(self, said: Said) -> Answer:
        return self._answer

    async def completeness(self, text: str) -> Completeness:
        heard = await asyncio.to_thread(self._parser.parse, text, expecting=self._asks, now=MONDAY)
        return completeness(heard, self._asks)

    async def hung_up(self, reason: str) -> None:
        """Nothing is kept."""


def main() -> None:
    configure("error")
    asyncio.run(_measure())


async def _measure() -> None:
    voices, hearing = caller_voices(VOICES), await open_hearing()
    try:
        for measure in (open_questions, closed_questions):
            for figure in await measure(hearing, voices):
                print(figure, flush=True)
    finally:
        await hearing.close()


async def open_questions(
    hearing: Hearing, voices: CallerVoices, *, calls: int = len(SPEAKERS)
) -> list[Figure]:
    waits = await _waits(OPEN, Answer(("好。",)), hearing, voices, calls)
    p50, p95 = (percentile(waits, share) for share in (0.5, 0.95))
    return [
        Figure(
            "open questions, end of speech to first sound",
            f"{spread(waits)} in real time",
            "p50 < 1.2 s, p95 < 2.0 s",
            met=p50 < 1_200 and p95 < 2_000,
        )
    ]


async def closed_questions(
    hearing: Hearing, voices: CallerVoices, *, calls: int = len(SPEAKERS)
) -> list[Figure]:
    confirm = Answer(("好，对吗？",), asks="confirm", choices=(("对", "对"), ("没有了", "没有了")))
    waits = await _waits(CLOSED, confirm, hearing, voices, calls)
    value = f"{spread(waits)} in real time"
    met = percentile(waits, 0.5) < 700
    return [Figure("closed questions, end of speech to first sound", value, "p50 < 0.7 s", met=met)]


async def _waits(
    texts: tuple[str, ...], answer: Answer, hearing: Hearing, voices: CallerVoices, calls: int
) -> list[float]:
    """Seconds from the end of speech to the first sound, in calls of so many speakers."""
    waits: list[float] = []
    for speaker in SPEAKERS[:calls]:
        script = script_of([*map(Move, texts), Move(hang_up=True)])
        script = replace(script, conditions=Conditions(voice=speaker))
        for text in texts:
            voices.say(text, script.conditions)  # nobody waits for their own voice
        done = await simulate(script, desk(hearing, answer), voices, realtime=True)
        starts = _reply_starts(done)
        waits += [
            min(start for start in starts if start > end) / 1000 - end / 1000
            for _, end in done.spoken_ms
            if any(start > end for start in starts)
        ]
    return waits


def script_of(says: list[Move]) -> CallScript:
    return replace(read_script({"name": "bench"}), says=tuple(says))


def desk(hearing: Hearing, answer: Answer) -> Desk:
    return Desk(
        hearing=hearing,
        speaking=StandInVoice(),
        answers=Echoing(answer),
        profiles=NoProfiles(),
        rules=load_turn_rules(),
        clock=lambda: MONDAY,
    )


def _reply_starts(done: Simulated) -> list[int]:
    return [event["starts_ms"] for event in done.events if event["event"] == "reply"]


if __name__ == "__main__":
    main()
