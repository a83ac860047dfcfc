"""Many callers over real SIP, each talking in turn with the line, measured from their end. A process of its own.

Arguments: port of the line, callers, seconds, folder with what they say (`*.raw`, 16-bit samples at 8 kHz). Prints one JSON
object: `waits_s` (end of speech to first sound), `unanswered`, `longest_packet_gap_ms`, `longest_silence_ms` (within our speech).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import numpy as np

from tests.bench.sipp_calls import sipp_calls
from tests.integration.voice.line.rtp_phone import PCMA, Packet, RtpPhone
from voice.audio.g711 import decode_alaw
from voice.line.line import Samples

LOUD = 500
TURN_S = 1.0  # of silence before it is the caller's turn
UNANSWERED_S = 15.0
APART_S = 0.7  # callers do not begin together
# The line is silent for longer than this only where it has finished: what is shorter is a gap.
PAUSE_S = 0.6
LOOK_S = 0.01
SETTLED_S = 1.0  # of a call: its first packets come before and after the stack has made its threads


class Caller:
    """One of them."""

    def __init__(self, phone: RtpPhone, says: list[Samples], first: int) -> None:
        self.waits_s: list[float] = []
        self.unanswered = 0
        self.loud_s: list[float] = []  # when each loud packet came
        self._phone, self._says, self._next = phone, says, first
        self._read = 0

    async def talk(self, until_s: float) -> None:
        while time.time() < until_s - UNANSWERED_S / 2:
            await self._my_turn(until_s)
            self._phone.say(self._says[self._next % len(self._says)])
            self._next += 1
            while self._phone._frames:  # noqa: ASYNC110 (another thread sends them)
                await asyncio.sleep(LOOK_S / 2)
            self._wait_noted(await self._first_sound(time.time(), until_s), until_s)

    def _wait_noted(self, wait_s: float | None, until_s: float) -> None:
        if wait_s is not None:
            self.waits_s.append(wait_s)
        elif time.time() < until_s:
            self.unanswered += 1

    async def _my_turn(self, until_s: float) -> None:
        while time.time() < until_s:
            self._listen()
            if self.loud_s and time.time() - self.loud_s[-1] > TURN_S:
                return
            await asyncio.sleep(LOOK_S)

    async def _first_sound(self, said_s: float, until_s: float) -> float | None:
        while time.time() < min(until_s, said_s + UNANSWERED_S):
            self._listen()
            after = [at_s for at_s in self.loud_s[-100:] if at_s > said_s]
            if after:
                return after[0] - said_s
            await asyncio.sleep(LOOK_S)
        return None

    def _listen(self) -> None:
        new = self._phone.received[self._read :]
        self._read += len(new)
        self.loud_s += [packet.at_s for packet in new if _is_loud(packet)]

    def longest_packet_gap_ms(self) -> float:
        """Between packets of sound, once the call has settled."""
        times = np.array([packet.at_s for packet in self._phone.received if packet.payload_type == PCMA])
        settled = times[times > times[0] + SETTLED_S] if len(times) else times
        return float(np.diff(settled).max() * 1000) if len(settled) > 1 else 0.0

    def longest_silence_ms(self) -> float:
        gaps = np.diff(self.loud_s)
        within = gaps[gaps < PAUSE_S]
        return float(within.max() * 1000) if len(within) else 0.0


def _is_loud(packet: Packet) -> bool:
    return packet.payload_type == PCMA and int(np.abs(decode_alaw(packet.payload)).max()) > LOUD


async def main(port: int, callers: int, seconds: float, says: list[Samples]) -> None:
    phones = [RtpPhone() for _ in range(callers)]
    people = [Caller(phone, says, number) for number, phone in enumerate(phones)]
    until_s = time.time() + seconds

    async def one(number: int) -> None:
        await asyncio.sleep(APART_S * number)
        left_s = until_s - time.time()
        call = sipp_calls(
            port, f"talk{number}", "-m", "1", "-d", str(round(left_s * 1000)), rtp_port=phones[number].port
        )
        await asyncio.gather(call, people[number].talk(until_s))

    for phone in phones:
        phone.__enter__()
    try:
        await asyncio.gather(*map(one, range(callers)))
    finally:
        for phone in phones:
            phone.__exit__()
    print(
        json.dumps(
            {
                "waits_s": [wait for person in people for wait in person.waits_s],
                "unanswered": sum(person.unanswered for person in people),
                "longest_packet_gap_ms": max(person.longest_packet_gap_ms() for person in people),
                "longest_silence_ms": max(person.longest_silence_ms() for person in people),
            }
        )
    )


if __name__ == "__main__":
    sentences = [np.fromfile(file, np.int16) for file in sorted(Path(sys.argv[4]).glob("*.raw"))]
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sentences))
