"""Turn taking with real ears: answers after the end of speech, false cut-offs, barge-in, and babble that must not stop us.

The callers are synthetic (no recordings of elders could be had). Latency is measured in real time on an in-memory line;
the voice is left out, as cached speech starts within a frame or two of the decision. The rest runs on the clock of the
sound itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
CLOSED = ("对", "没有了", "对", "没有了")
# Where elders stop for breath; «|» is the pause.
BROKEN = (
    "我想|订个午饭", "我想找个人|给我打扫一下屋子", "给我妈|订个午饭", "我想那个|办残疾证", "我家|厨房水龙头坏了",
    "后天上午|陪我去医院看病", "帮我买一袋米|再买一桶油", "我家住在|金凤区长城花园", "我一个人在家|想找个人来陪我说说话", "明天|中午",
    "我想问一下|那个高龄津贴怎么办", "我老伴|想理个发", "麻烦你|给我送个饭", "我那个社保卡|丢了", "家里那个灯|不亮了",
    "请你们|派个人来打扫一下", "明天下午|有没有人能陪我去医院", "我儿子|他失业了想找工作", "我这个电费|想让人帮我交一下",
    "我今年八十二了|想办高龄津贴",
)  # fmt: skip
# Events that say that we took the turn, whatever was made of it.
TAKEN = ("heard", "nothing_heard", "reply")
PAUSES_S = (0.8, 1.2, 1.6, 2.0, 2.5)
LONG_REPLY = Answer(
    ("送饭、打扫、洗澡、看病，都能叫人上门。", "补贴、低保、社保卡，也能代办。", "您要办哪一样？")
)
BABBLE_REPLIES = 40


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
        for measure in (open_questions, closed_questions, cut_offs, barge_in, babble):
            for figure in await measure(hearing, voices):
                print(figure, flush=True)
    finally:
        await hearing.close()


async def open_questions(hearing: Hearing, voices: CallerVoices) -> list[Figure]:
    waits = await _waits(OPEN, Answer(("好。",)), hearing, voices)
    p50, p95 = (percentile(waits, share) for share in (0.5, 0.95))
    return [
        Figure(
            "open questions, end of speech to first sound",
            f"p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(waits)} turns in real time",
            "p50 < 1.2 s, p95 < 2.0 s",
            met=p50 < 1_200 and p95 < 2_000,
        )
    ]


async def closed_questions(hearing: Hearing, voices: CallerVoices) -> list[Figure]:
    confirm = Answer(("好，对吗？",), asks="confirm", choices=(("对", "对"), ("没有了", "没有了")))
    waits = await _waits(CLOSED, confirm, hearing, voices)
    p50 = percentile(waits, 0.5)
    value = f"p50 {p50:.0f} ms, most {percentile(waits, 1):.0f} ms of {len(waits)} turns in real time"
    return [Figure("closed questions, end of speech to first sound", value, "p50 < 0.7 s", met=p50 < 700)]


async def _waits(
    texts: tuple[str, ...], answer: Answer, hearing: Hearing, voices: CallerVoices
) -> list[float]:
    """Seconds from the end of speech to the first sound."""
    script = _script([*map(Move, texts), Move(hang_up=True)])
    done = await simulate(script, desk(hearing, answer), voices, realtime=True)
    return [
        min(starts - end for starts in _reply_starts(done) if starts > end) / 1000
        for _, end in done.spoken_ms
        if any(starts > end for starts in _reply_starts(done))
    ]


async def cut_offs(
    hearing: Hearing, voices: CallerVoices, *, pauses_s: Sequence[float] = PAUSES_S
) -> list[Figure]:
    """How often a pause within a sentence is taken for its end."""
    cut: dict[float, list[str]] = {pause: [] for pause in pauses_s}
    for pause in pauses_s:
        for sentence in BROKEN:
            script = _script([Move(sentence.replace("|", f"[{pause}]"))])
            done = await simulate(script, desk(hearing, Answer(("好。",))), voices)
            began, ended = done.spoken_ms[0]
            if any(began < event["at_ms"] < ended for event in done.events if event["event"] in TAKEN):
                cut[pause].append(sentence)
    turns, all_cut = len(BROKEN) * len(pauses_s), sum(map(len, cut.values()))
    by_pause = "; ".join(f"{pause} s: {' '.join(these) or 'none'}" for pause, these in cut.items())
    value = f"{all_cut} of {turns} turns ({by_pause})"
    return [Figure("false cut-offs in a pause", value, "< 5 %", met=all_cut < 0.05 * turns)]


async def barge_in(
    hearing: Hearing, voices: CallerVoices, *, scripts: Sequence[CallScript] = ()
) -> list[Figure]:
    """On the virtual clock. `scripts`: what is said first in each of them as well, in the voice of each."""
    stops, missed = await _stops([_script([Move(text, over_ms=1_500)]) for text in OPEN], hearing, voices)
    figures = [
        Figure(
            "barge-in, caller begins to our silence",
            f"{_spread(stops)}; missed {missed} of {len(OPEN)}",
            "≤ 200 ms",
            met=percentile(stops or [float("inf")], 1) <= 200 and not missed,
        )
    ]
    if not scripts:
        return figures
    first = [one.says[0].text for one in scripts]
    over = [
        replace(_script([Move(text, over_ms=1_500)]), conditions=one.conditions)
        for one, text in zip(scripts, first, strict=True)
        if text and not text.startswith("[")
    ]
    stops, missed = await _stops(over, hearing, voices)
    value = f"{_spread(stops)}; missed {missed} of {len(over)}"
    return [*figures, Figure("barge-in, the first sentence of every scripted call", value)]


async def _stops(
    scripts: Sequence[CallScript], hearing: Hearing, voices: CallerVoices
) -> tuple[list[float], int]:
    """Seconds from the caller's first sound to our silence; how often we went on."""
    stops, missed = [], 0
    for script in scripts:
        done = await simulate(script, desk(hearing, LONG_REPLY), voices)
        began = done.spoken_ms[0][0]
        stopped = [event["at_ms"] for event in done.events if event["event"] == "barge_in"]
        stops += [(stopped[0] - began) / 1000] if stopped else []
        missed += not stopped
    return stops, missed


def _spread(stops: list[float]) -> str:
    if not stops:
        return "never"
    p50, p90, most = (percentile(stops, share) for share in (0.5, 0.9, 1))
    return f"p50 {p50:.0f}, p90 {p90:.0f}, most {most:.0f} ms"


async def babble(hearing: Hearing, voices: CallerVoices, *, most: int = BABBLE_REPLIES) -> list[Figure]:
    """How often people talking in the room stop us."""
    replies = stopped = heard = 0
    while replies < most:
        script = replace(
            _script([Move("[40]")]),
            conditions=Conditions(noise="babble", snr_db=15),
            name=f"babble {replies}",
        )
        done = await simulate(script, desk(hearing, LONG_REPLY), voices)
        kinds = [event["event"] for event in done.events]
        replies += kinds.count("reply")
        stopped += kinds.count("barge_in")
        heard += kinds.count("heard")
    return [
        Figure(
            "false barge-in, babble at 15 dB",
            f"{stopped} of {replies} replies of about 9 s; {heard} times taken for a turn",
            "< 3 %",
            met=stopped < 0.03 * replies,
        )
    ]


def _script(says: list[Move]) -> CallScript:
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
