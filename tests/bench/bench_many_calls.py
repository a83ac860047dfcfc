"""Many calls at once over real SIP on this machine: ten that talk, a hundred that only listen. The callers share the cores."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bot.logs import configure
from bot.practice import caller_voices
from config.turn_taking import TurnRules, load_turn_rules
from tests.bench.bench_call import OPEN, VOICES, Echoing, desk
from tests.bench.figure import Figure
from tests.bench.interval import spread
from tests.bench.machine import percentile
from tests.bench.sipp_calls import sipp_calls
from tests.integration.voice.line.sipp import SCENARIOS
from tests.tones import tone
from voice.audio.g711 import encode_alaw
from voice.call import Call, Desk
from voice.conversation import Answer
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing
from voice.line.line import Connection, Samples
from voice.line.sip import SipLine
from voice.line.sip_settings import PORTS_A_CALL, SipSettings
from voice.simulate.ports import free_ports
from voice.simulate.script import Conditions
from voice.simulate.sound import CallerVoices
from voice.speaking.voice import Manner
from voice.stand_in import StandInVoice, duration_ms

TALKING, TALK_S = 10, 90
LISTENING, LISTEN_S = 100, 10
SETTLE_S = 4
SET_UPS_S = 10  # calls that begin in a second
ROOM_NOISE = 15  # root mean square of 32768: a quiet room
REPLY = Answer(("好，给您记下了。", "您还要办什么？"))
WITHIN_S = 3.0
GAP_MS = 60


class Toning(StandInVoice):
    """A tone without a break, so that every silence in it is a gap."""

    async def say(self, sentence: str, manner: Manner, rate: int) -> AsyncIterator[Samples]:
        yield tone(300, duration_ms(sentence, manner) / 1000, rate)


def main() -> None:
    configure("error")
    asyncio.run(_measure())


async def _measure() -> None:
    hearing = await open_hearing()
    try:
        for figure in await talking_calls(hearing, caller_voices(VOICES)):
            print(figure, flush=True)
        for figure in await listening_calls(hearing):
            print(figure, flush=True)
    finally:
        await hearing.close()


async def talking_calls(hearing: Hearing, voices: CallerVoices, *, seconds: float = TALK_S) -> list[Figure]:
    """Ten callers who talk in turn with the line; heard by the recognisers of this installation."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(OPEN):
            voices.say(text, Conditions()).tofile(Path(folder) / f"{number}.raw")
        async with _line(replace(desk(hearing, REPLY), speaking=Toning()), TALKING) as line:
            callers = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.bench.rtp_callers", str(line.port), str(TALKING), str(seconds), folder,
                stdout=PIPE,
            )  # fmt: skip
            output, _ = await callers.communicate()
    if callers.returncode:
        raise RuntimeError("the callers broke off")
    found = json.loads(output)
    waits, unanswered = found["waits_s"], found["unanswered"]
    p95 = percentile(waits, 0.95)
    packets, silence = found["longest_packet_gap_ms"], found["longest_silence_ms"]
    return [
        Figure(
            f"{TALKING} talking calls, end of speech to first sound",
            f"{spread(waits)}; {unanswered} unanswered",
            f"p95 < {WITHIN_S:.0f} s",
            met=p95 < WITHIN_S * 1000 and not unanswered,
        ),
        Figure(
            f"{TALKING} talking calls, longest gap in what we say",
            f"{packets:.0f} ms between packets, {silence:.0f} ms between loud ones",
            f"≤ {GAP_MS} ms",
            met=max(packets, silence) <= GAP_MS,
        ),
    ]


async def listening_calls(hearing: Hearing, *, calls: int = LISTENING) -> list[Figure]:
    """Callers who say nothing in a quiet room, while everything listens that listens in a call."""
    rules = load_turn_rules()
    patient = replace(rules, silence=replace(rules.silence, steps_ms=(10**9,), hang_up_ms=10**9))
    async with _line(_patient_desk(hearing, patient), calls) as line, _noise() as scenario:
        stay_ms = round((LISTEN_S + SETTLE_S + calls / SET_UPS_S + 4) * 1000)
        idle = asyncio.create_task(
            sipp_calls(
                line.port, "12345", "-m", str(calls), "-l", str(calls), "-r", str(SET_UPS_S), "-d", str(stay_ms),
                scenario=scenario, folder=str(scenario.parent),
            )
        )  # fmt: skip
        await asyncio.sleep(calls / SET_UPS_S + SETTLE_S)
        before, began, python = _cpu_s(), time.monotonic(), time.thread_time()
        await asyncio.sleep(LISTEN_S)
        passed, under_way = time.monotonic() - began, line.calls
        share, ours = (_cpu_s() - before) / passed, (time.thread_time() - python) / passed
        with suppress(RuntimeError):  # where the ports are scarce some calls can not be set up
            await idle
    return [
        Figure(
            f"{under_way} calls that only listen",
            f"{share:.0%} of one core: {ours:.0%} our frames, the rest the SIP stack",
            f"{calls} calls",
            met=under_way == calls,
        )
    ]


def _patient_desk(hearing: Hearing, rules: TurnRules) -> Desk:
    return replace(desk(hearing, Answer(("您好。",))), rules=rules, answers=Echoing(Answer(("您好。",))))


@dataclass(frozen=True, slots=True)
class _Line:
    port: int
    _line: SipLine

    @property
    def calls(self) -> int:
        """Under way now."""
        return int(self._line.health()["calls"])


@asynccontextmanager
async def _line(answering: Desk, calls: int) -> AsyncIterator[_Line]:
    """As an operator would have it, but the callers may come as fast as they like."""

    async def take(connection: Connection) -> None:
        await Call(connection, answering, lambda event: None).run()

    rtp = 2 * PORTS_A_CALL * calls
    first = free_ports(2 + rtp)
    line = SipLine(
        SipSettings(
            address="127.0.0.1",
            port=first,
            rtp_ports=(first + 2, first + 2 + rtp),
            max_calls=calls,
            calls_per_second=1e4,
            call_burst=10_000,
            caller_per_minute=1e6,
            caller_burst=10_000,
        )
    )
    await line.open(take)
    try:
        yield _Line(first, line)
    finally:
        await line.close()


@asynccontextmanager
async def _noise() -> AsyncIterator[Path]:
    """A scenario whose callers send the noise of a quiet room."""
    with tempfile.TemporaryDirectory() as folder:
        hiss = np.random.default_rng(1).standard_normal(8_000 * 20) * ROOM_NOISE
        (Path(folder) / "noise.alaw").write_bytes(encode_alaw(hiss.astype(np.int16)))
        text = (SCENARIOS / "call.xml").read_text().replace("[rtp_port]", "[rtpstream_audio_port]")
        play = '<nop><action><exec rtp_stream="noise.alaw,-1,8,PCMA/8000"/></action></nop><pause/>'
        scenario = Path(folder) / "quiet.xml"
        scenario.write_text(text.replace("<pause/>", play))
        yield scenario


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
