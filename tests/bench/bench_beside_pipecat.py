"""Beside Pipecat: the same callers on the same protocol, the same recogniser, each with its own idea of turns.

Both answer every turn with a tone at once, so that only hearing and turn taking are compared. Pipecat has its defaults:
Silero and Smart Turn v3. `make var/pipecat` installs it; without it only our side is measured.
"""

from __future__ import annotations

import asyncio
import os
import socket
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.logs import configure
from bot.practice import caller_voices
from config.settings import project_folder
from tests.bench.bench_call import OPEN, VOICES, Echoing
from tests.bench.bench_call import desk as desk_of
from tests.bench.bench_turns import read_cases
from tests.bench.figure import Figure
from tests.bench.machine import percentile
from tests.bench.stream_caller import StreamCaller
from tests.tones import tone
from voice.call import Call
from voice.conversation import Answer
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing
from voice.line.line import Connection, Samples
from voice.line.media_stream import MediaStreamLine, MediaStreamSettings
from voice.simulate.script import Conditions
from voice.simulate.sound import CallerVoices
from voice.speaking.voice import Manner
from voice.stand_in import StandInVoice

PIPECAT = Path(__file__).parents[2] / "var" / "pipecat" / "bin" / "python"
ANSWER_S = 2.5
INTO_THE_ANSWER_S = 0.6
SECRET = "bench"


class Toning(StandInVoice):
    """Says everything as a tone."""

    async def say(self, sentence: str, manner: Manner, rate: int) -> AsyncIterator[Samples]:
        yield tone(300, ANSWER_S, rate)


@dataclass(slots=True)
class Side:
    """What was measured of one of the two."""

    waits_s: list[float] = field(default_factory=list)
    unanswered: int = 0
    cut_off: dict[float, int] = field(default_factory=dict)
    stops_s: list[float] = field(default_factory=list)
    not_stopped: int = 0


def main() -> None:
    configure("error")
    for figure in asyncio.run(_measure_alone()):
        print(figure, flush=True)


async def _measure_alone() -> list[Figure]:
    hearing = await open_hearing()
    try:
        return await beside_pipecat(hearing, caller_voices(VOICES))
    finally:
        await hearing.close()


async def beside_pipecat(
    hearing: Hearing,
    voices: CallerVoices,
    *,
    pauses_s: tuple[float, ...] = (0.8, 1.6, 2.5),
    sentences: int = 10,
) -> list[Figure]:
    """One side after the other, never both at once."""
    sides = {"ours": await _side(_ours(hearing), voices, pauses_s, sentences)}
    if PIPECAT.exists():
        sides["Pipecat"] = await _side(_pipecat(), voices, pauses_s, sentences)
    figures = [figure for name, side in sides.items() for figure in _figures(name, side, sentences)]
    if "Pipecat" not in sides:
        figures.append(Figure("Pipecat", "not installed: make var/pipecat"))
    return figures


def _figures(name: str, side: Side, sentences: int) -> list[Figure]:
    cut = ", ".join(f"{number} of {sentences} at {pause} s" for pause, number in side.cut_off.items())
    p50, p95 = (percentile(side.waits_s, share) for share in (0.5, 0.95)) if side.waits_s else (0.0, 0.0)
    stops = f"p50 {percentile(side.stops_s, 0.5):.0f} ms" if side.stops_s else "never"
    return [
        Figure(
            f"{name}: end of speech to first sound",
            f"p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(side.waits_s)} answers; {side.unanswered} unanswered",
        ),
        Figure(f"{name}: cut off in a pause", cut),
        Figure(
            f"{name}: speech stops for the caller", f"{stops}; not stopped {side.not_stopped} of {len(OPEN)}"
        ),
    ]


async def _side(
    server: AbstractAsyncContextManager[str],
    voices: CallerVoices,
    pauses_s: tuple[float, ...],
    sentences: int,
) -> Side:
    side = Side()
    async with server as url, StreamCaller(url) as caller:
        await caller.my_turn()
        for text in OPEN:
            await _asks(caller, voices.say(text, Conditions()), side)
        for pause in pauses_s:
            side.cut_off[pause] = 0
            for sentence in read_cases().sets["judge"]["open"][:sentences]:
                said = voices.say(sentence.replace("|", f"[{pause}]"), Conditions())
                side.cut_off[pause] += await _is_cut_off(caller, said)
        for text in OPEN:
            await _interrupts(caller, voices.say(text, Conditions()), side)
    return side


async def _asks(caller: StreamCaller, said: Samples, side: Side) -> None:
    waited = await caller.answer_after(await caller.say(said))
    if waited is None:
        side.unanswered += 1
    else:
        side.waits_s.append(waited)
    await caller.my_turn()


async def _is_cut_off(caller: StreamCaller, said: Samples) -> bool:
    began = caller.now_s
    await caller.say(said)
    cut_off = caller.heard_s > began
    await caller.answer_after(caller.now_s)
    await caller.my_turn()
    return cut_off


async def _interrupts(caller: StreamCaller, said: Samples, side: Side) -> None:
    """Has an answer begun, then talks over it."""
    if await caller.answer_after(await caller.say(said)) is None:
        side.not_stopped += 1
        return
    await asyncio.sleep(INTO_THE_ANSWER_S)
    began = caller.now_s
    speaking = asyncio.create_task(caller.say(said))
    while not speaking.done() and caller.now_s - caller.heard_s < 0.1:  # noqa: ASYNC110 (frames decide)
        await asyncio.sleep(0.005)
    stopped_s = caller.heard_s - began
    await speaking
    if stopped_s < len(said) / 8_000:
        side.stops_s.append(max(0.0, stopped_s))
    else:
        side.not_stopped += 1
    await caller.answer_after(caller.now_s)
    await caller.my_turn()


@asynccontextmanager
async def _ours(hearing: Hearing) -> AsyncIterator[str]:
    desk = replace(desk_of(hearing, Answer(("好。",))), speaking=Toning(), answers=Echoing(Answer(("好。",))))

    async def take(connection: Connection) -> None:
        await Call(connection, desk, lambda event: None).run()

    port = _free_port()
    line = MediaStreamLine(MediaStreamSettings(port=port, secret=SECRET))
    await line.open(take)
    try:
        yield f"ws://127.0.0.1:{port}/media/{SECRET}"
    finally:
        await line.close()


@asynccontextmanager
async def _pipecat() -> AsyncIterator[str]:
    port = _free_port()
    model = project_folder() / "var" / "models" / "whisper-base"
    server = await asyncio.create_subprocess_exec(
        str(PIPECAT), str(Path(__file__).with_name("pipecat_server.py")), str(port), str(model), str(ANSWER_S),
        stdout=PIPE, env=os.environ | {"LOGURU_LEVEL": "ERROR"},
    )  # fmt: skip
    assert server.stdout is not None
    try:
        async with asyncio.timeout(90):
            while (line := await server.stdout.readline()) != b"ready\n":
                if not line:
                    raise RuntimeError("Pipecat did not start")
        yield f"ws://127.0.0.1:{port}"
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
