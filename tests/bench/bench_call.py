"""Turn taking with real ears: answers after the end of speech, false cut-offs, barge-in, and babble that must not stop us.

The callers are synthetic (no recordings of elders could be had). Latency is measured in real time on an in-memory line;
the voice is left out, as cached speech starts within a frame or two of the decision. The rest runs on the clock of the
sound itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.logs import configure
from bot.practice import caller_voices
from config.turn_taking import load_turn_rules
from tests.bench.machine import percentile
from voice.call import Desk
from voice.conversation import Answer, Answering, Said
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
CLOSED = ("对", "没有了", "对", "没有了")
# Where elders stop for breath; «|» is the pause.
BROKEN = (
    "我想|订个午饭", "我想找个人|给我打扫一下屋子", "给我妈|订个午饭", "我想那个|办残疾证", "我家|厨房水龙头坏了",
    "后天上午|陪我去医院看病", "帮我买一袋米|再买一桶油", "我家住在|金凤区长城花园", "我一个人在家|想找个人来陪我说说话", "明天|中午",
)  # fmt: skip
# Events that say that we took the turn, whatever was made of it.
TAKEN = ("heard", "nothing_heard", "reply")
PAUSES_S = (0.8, 1.2, 1.6, 2.0, 2.5)
LONG_REPLY = Answer(
    ("送饭、打扫、洗澡、看病，都能叫人上门。", "补贴、低保、社保卡，也能代办。", "您要办哪一样？")
)
BABBLE_REPLIES = 40


class Echoing:
    """Answers everything alike at once, so that only ears and turn taking are measured."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def begin(self, *, caller: str, call_id: str) -> Answering:
        return self

    async def answer(self, said: Said) -> Answer:
        return self._answer

    async def hung_up(self, reason: str) -> None:
        """Nothing is kept."""


def main() -> None:
    configure("error")
    asyncio.run(_measure())


async def _measure() -> None:
    voices, hearing = caller_voices(VOICES), await open_hearing()
    try:
        await _latency("open questions", OPEN, Answer(("好。",)), hearing, voices, "p50 ≤ 1.2 s, p95 ≤ 2.0 s")
        confirm = Answer(("好，对吗？",), asks="confirm", choices=(("对", "对"), ("没有了", "没有了")))
        await _latency("closed questions", CLOSED, confirm, hearing, voices, "p50 ≤ 0.7 s")
        await _cut_offs(hearing, voices)
        await _barge_in(hearing, voices)
        await _babble(hearing, voices)
    finally:
        await hearing.close()


async def _latency(
    name: str, texts: tuple[str, ...], answer: Answer, hearing: Hearing, voices: CallerVoices, goal: str
) -> None:
    script = _script([*map(Move, texts), Move(hang_up=True)])
    done = await simulate(script, _desk(hearing, answer), voices, realtime=True)
    waits = [
        min(starts - end for starts in _reply_starts(done) if starts > end) / 1000
        for _, end in done.spoken_ms
        if any(starts > end for starts in _reply_starts(done))
    ]
    print(
        f"end of speech to first sound, {name}, {len(waits)} turns in real time: "
        f"p50 {percentile(waits, 0.5):.0f} ms, p95 {percentile(waits, 0.95):.0f} ms (goal: {goal})"
    )


async def _cut_offs(hearing: Hearing, voices: CallerVoices) -> None:
    for pause in PAUSES_S:
        cut = []
        for sentence in BROKEN:
            script = _script([Move(sentence.replace("|", f"[{pause}]"))])
            done = await simulate(script, _desk(hearing, Answer(("好。",))), voices)
            began, ended = done.spoken_ms[0]
            cut.append(
                any(began < event["at_ms"] < ended for event in done.events if event["event"] in TAKEN)
            )
        print(f"false cut-offs, pause of {pause} s in {len(cut)} sentences: {sum(cut)} (goal: < 5 %)")


async def _barge_in(hearing: Hearing, voices: CallerVoices) -> None:
    stops, missed = [], 0
    for text in OPEN:
        script = _script([Move(text, over_ms=1_500)])
        done = await simulate(script, _desk(hearing, LONG_REPLY), voices)
        began = done.spoken_ms[0][0]
        stopped = [event["at_ms"] for event in done.events if event["event"] == "barge_in"]
        stops += [(stopped[0] - began) / 1000] if stopped else []
        missed += not stopped
    print(
        f"barge-in: our speech stops {percentile(stops, 0.5):.0f} ms (p50), {percentile(stops, 1):.0f} ms (most) after the caller "
        f"began; missed {missed} of {len(OPEN)} (goal: ≤ 200 ms)"
    )


async def _babble(hearing: Hearing, voices: CallerVoices) -> None:
    replies = stopped = heard = 0
    while replies < BABBLE_REPLIES:
        script = replace(
            _script([Move("[40]")]),
            conditions=Conditions(noise="babble", snr_db=15),
            name=f"babble {replies}",
        )
        done = await simulate(script, _desk(hearing, LONG_REPLY), voices)
        kinds = [event["event"] for event in done.events]
        replies += kinds.count("reply")
        stopped += kinds.count("barge_in")
        heard += kinds.count("heard")
    print(
        f"babble at 15 dB: {replies} replies of about 9 s, {stopped} stopped (goal: < 3 %), {heard} times taken for a turn"
    )


def _script(says: list[Move]) -> CallScript:
    return replace(read_script({"name": "bench"}), says=tuple(says))


def _desk(hearing: Hearing, answer: Answer) -> Desk:
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
