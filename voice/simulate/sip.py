"""Plays scripted calls over real SIP on this machine: our line in this process, each caller's telephone in one of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from voice.call import Call, Desk, Event, Recorder
from voice.line.line import Connection, OnCall
from voice.line.sip import SipLine
from voice.line.sip_settings import PORTS_A_CALL, SipSettings
from voice.simulate.caller import Planned, ScriptedCaller
from voice.simulate.check import faults
from voice.simulate.ports import free_ports
from voice.simulate.run import CALLED, LONGEST_MS, Simulated
from voice.simulate.script import CallScript, Move
from voice.simulate.softphone import PACKETS, PORTS_IN_ALL
from voice.simulate.sound import RATE, CallerVoices, noise_for

LOCAL = "127.0.0.1"
SIP_PORTS = 2  # the second one is for TLS
PHONE_PORTS = SIP_PORTS + PORTS_IN_ALL  # of a telephone
TRIES = 3  # somebody else may take a free port before the telephone does
GOODBYE_S = 10  # a telephone that is gone has hung up; the line may still be saying and storing its last


class Stage:
    """The line that all scripted calls of this process come in on; each call dials a number of its own."""

    def __init__(self, line: SipLine, port: int) -> None:
        self.address = f"{LOCAL}:{port}"
        self._line = line
        self._takers: dict[str, OnCall] = {}

    async def take(self, connection: Connection) -> None:
        """Whoever is called by this number; nobody else is there."""
        if taker := self._takers.pop(connection.called, None):
            await taker(connection)

    def number_for(self, taker: OnCall) -> str:
        """What a caller must dial to be taken by `taker`. Good for one call."""
        number = f"{CALLED}{random.SystemRandom().randrange(10**6):06}"
        self._takers[number] = taker
        return number


@asynccontextmanager
async def open_stage(calls: int = 1) -> AsyncIterator[Stage]:
    """For so many calls at once. One at a time in a process: the SIP stack lives once."""
    most = calls + 1
    rtp_ports = 2 * PORTS_A_CALL * most
    port = free_ports(SIP_PORTS + rtp_ports)
    rtp = port + SIP_PORTS
    line = SipLine(
        SipSettings(
            address=LOCAL,
            port=port,
            rtp_ports=(rtp, rtp + rtp_ports),
            max_calls=most,
            # The callers of a stage are one person, quicker than any.
            calls_per_second=1_000,
            call_burst=1_000,
            caller_per_minute=60_000,
            caller_burst=1_000,
        )
    )
    stage = Stage(line, port)
    await line.open(stage.take)
    try:
        yield stage
    finally:
        await line.close()


async def simulate_over_sip(
    script: CallScript, stage: Stage, desk: Desk, voices: CallerVoices, *, recorder: Recorder | None = None
) -> Simulated:
    """One call in real time, from INVITE to BYE, checked against what the script expects."""
    done = Simulated(script)
    caller = ScriptedCaller(script)
    taken, ended = asyncio.Event(), asyncio.Event()
    with tempfile.TemporaryDirectory() as folder:
        telephone = _Telephone(script, voices, Path(folder), done)

        def on_event(event: Event) -> None:
            done.events.append(event)
            telephone.plan(caller.on(event), event["at_ms"])

        async def on_call(connection: Connection) -> None:
            taken.set()
            try:
                done.reason = await Call(connection, desk, on_event, recorder=recorder).run()
            finally:
                ended.set()

        try:
            for _ in range(TRIES):
                await telephone.ring(stage.address, stage.number_for(on_call))
                if await telephone.sees(taken):
                    break
            cut = (
                None
                if await telephone.sees(ended)
                else "the caller's telephone broke down: its error is above"
            )
        except TimeoutError:
            cut = f"goes on for more than {LONGEST_MS // 1000} s"
        finally:
            await telephone.put_down()
    done.faults = faults(script.expect, done.events, caller.stuck or cut)
    return done


class _Telephone:
    """Commands the process of the caller's telephone."""

    def __init__(self, script: CallScript, voices: CallerVoices, folder: Path, done: Simulated) -> None:
        self._script, self._voices, self._folder, self._done = script, voices, folder, done
        self._process: asyncio.subprocess.Process | None = None
        self._planned: asyncio.Task[None] | None = None

    async def ring(self, line: str, called: str) -> None:
        conditions = self._script.conditions
        port = free_ports(PHONE_PORTS)
        arguments = ["--port", str(port), "--rtp", str(port + SIP_PORTS), "--line", line, "--called", called]
        arguments += ["--caller", self._script.caller, "--codec", conditions.codec]
        arguments += ["--snr-db", str(conditions.snr_db), "--loss", str(conditions.loss)]
        arguments += ["--burst", str(conditions.burst), "--jitter-ms", str(conditions.jitter_ms)]
        arguments += ["--seed", str(conditions.seed)]
        if (noise := noise_for(conditions, self._voices)) is not None:
            noise.tofile(self._folder / "noise")
            arguments += ["--noise", str(self._folder / "noise")]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "voice.simulate.softphone",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )

    async def sees(self, event: asyncio.Event) -> bool:
        """Whether it comes before the telephone is gone. Raises TimeoutError when neither happens."""
        if self._process is None:
            return event.is_set()
        ways = [asyncio.create_task(event.wait()), asyncio.create_task(self._process.wait())]
        try:
            async with asyncio.timeout(LONGEST_MS / 1000):
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await event.wait()
        finally:
            for way in ways:
                way.cancel()
        return event.is_set()

    def plan(self, planned: Planned | None, now_ms: int) -> None:
        """Whoever is about to speak does so, whatever the line says meanwhile."""
        if planned is None or (self._planned is not None and not self._planned.done()):
            return
        self._planned = asyncio.create_task(self._make(planned, now_ms))

    async def _make(self, planned: Planned, now_ms: int) -> None:
        await asyncio.sleep(planned.in_ms / 1000)
        self._command(self._command_for(planned.move, now_ms + planned.in_ms))

    def _command_for(self, move: Move, at_ms: int) -> dict[str, Any]:
        if move.keys is not None:
            return {"keys": move.keys}
        if move.text is None:
            return {"hang_up": True}
        sound = self._voices.say(move.text, self._script.conditions)
        path = self._folder / f"said-{len(self._done.spoken_ms)}"
        sound.tofile(path)
        self._done.spoken_ms.append((at_ms, at_ms + len(sound) * 1000 // RATE))
        return {"say": str(path)}

    def _command(self, command: dict[str, Any]) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def put_down(self) -> None:
        if self._planned is not None:
            self._planned.cancel()
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._note_packets(self._process)

    async def _note_packets(self, process: asyncio.subprocess.Process) -> None:
        """What the bad network did, if there was one; the log of the telephone is not wanted."""
        said = b"" if process.stdout is None else await process.stdout.read()
        last = said.splitlines()[-1:]
        if last and last[0].startswith(b'{"%s"' % PACKETS.encode()):
            self._done.packets = json.loads(last[0])[PACKETS]
