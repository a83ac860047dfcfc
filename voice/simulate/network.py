"""A bad network between two SIP telephones on this machine: a relay that loses packets of sound, and brings some late.

It stands where the line would be: the caller's telephone calls it, it passes the signalling on and writes its own ports into
the descriptions of the session, so that the sound of both goes through it. Signalling and RTCP are never harmed.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from voice.line.losses import Losses
from voice.simulate.script import Conditions

Address = tuple[str, int]
LINE, PHONE = "line", "phone"
OTHER = {LINE: PHONE, PHONE: LINE}
PORTS = 6  # signalling, and RTP with RTCP on either side; the first is even
_MEDIA = re.compile(rb"^m=audio (\d+) ", re.MULTILINE)
_LENGTH = re.compile(rb"^(Content-Length|l)[ \t]*:[ \t]*\d+", re.MULTILINE | re.IGNORECASE)
_VIA = re.compile(rb"^(?:Via|v)[ \t]*:.*?branch=([^;\s]+).*?\r\n", re.MULTILINE | re.IGNORECASE)
_BODY = b"\r\n\r\n"


@dataclass(slots=True)
class Harm:
    """What happens to the packets of one direction; the order in which they come is kept."""

    lost: Losses
    jitter_ms: int
    dice: random.Random
    passed: int = 0
    dropped: int = 0
    _free_at: float = 0.0  # the packet before leaves then

    @classmethod
    def by(cls, conditions: Conditions, direction: int) -> Harm:
        seed = 2 * conditions.seed + direction
        lost = Losses(conditions.loss, burst=conditions.burst, seed=seed)
        return cls(lost, conditions.jitter_ms, random.Random(seed))  # noqa: S311 (repeatable, not secret)

    def leaves_at(self, now_s: float) -> float | None:
        """When a packet that comes now goes on; None: never."""
        if self.lost():
            self.dropped += 1
            return None
        self.passed += 1
        self._free_at = max(self._free_at, now_s + self.dice.uniform(0, self.jitter_ms) / 1000)
        return self._free_at


class Network:
    """One call through a bad network. `at`: where the telephone has to call. Opened by `open_network`."""

    def __init__(self, host: str, first_port: int, line: Address, conditions: Conditions) -> None:
        self.at = (host, first_port)
        self.line = line
        self.harms = {PHONE: Harm.by(conditions, 0), LINE: Harm.by(conditions, 1)}  # of the sound of each
        self.phone: Address | None = None  # its signalling
        self.rtp: dict[str, Address] = {}  # where each side takes sound

    @property
    def facing(self) -> dict[str, int]:
        """Our port for the sound of each side."""
        return {LINE: self.at[1] + 2, PHONE: self.at[1] + 4}

    def signal(self, message: bytes, source: Address) -> tuple[bytes, Address] | None:
        """What to send on, and where; None: nobody to send it to yet."""
        if source == self.line:
            return (
                (self._through_us(_VIA.sub(b"", message, count=1), LINE), self.phone) if self.phone else None
            )
        self.phone = source
        return self._through_us(_VIA.sub(self._answers_to_us, message, count=1), PHONE), self.line

    def _answers_to_us(self, via: re.Match[bytes]) -> bytes:
        """As a proxy does: answers come back this way."""
        host, port = self.at
        return b"Via: SIP/2.0/UDP %s:%d;branch=%sn\r\n" % (host.encode(), port, via[1]) + via[0]

    def _through_us(self, message: bytes, side: str) -> bytes:
        """The message of this side, with our port for the sound of the other one in its session description."""
        head, _, body = message.partition(_BODY)
        if not (described := _MEDIA.search(body)):
            return message
        self.rtp[side] = (self.at[0], int(described[1]))
        body = _MEDIA.sub(b"m=audio %d " % self.facing[OTHER[side]], body)
        head = _LENGTH.sub(lambda found: b"%s: %d" % (found[1], len(body)), head)
        return head + _BODY + body


@asynccontextmanager
async def bad_network(
    host: str, first_port: int, line: Address, conditions: Conditions
) -> AsyncIterator[Network]:
    """For one call to `line`, over `PORTS` ports from `first_port` on. Raises OSError when one of them is taken."""
    network = Network(host, first_port, line, conditions)
    loop = asyncio.get_running_loop()
    ways: dict[tuple[str, int], asyncio.DatagramTransport] = {}  # by the side that they face; 1: RTCP

    async def bind(port: int, take: Callable[[bytes, Address], None]) -> asyncio.DatagramTransport:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(take), local_addr=(host, port))
        closing.callback(transport.close)
        return transport

    def carry(side: str, rtcp: int) -> Callable[[bytes, Address], None]:
        """Takes what comes from `side`, and sends it on to the other one."""
        other, harm = OTHER[side], network.harms[side]

        def take(packet: bytes, _source: Address) -> None:
            if (target := network.rtp.get(other)) is None:
                return
            leaves = loop.time() if rtcp else harm.leaves_at(loop.time())
            if leaves is not None:
                loop.call_at(leaves, _send, ways[other, rtcp], packet, (target[0], target[1] + rtcp))

        return take

    def pass_on(message: bytes, source: Address) -> None:
        if (sent := network.signal(message, source)) is not None:
            signalling.sendto(*sent)

    with ExitStack() as closing:
        signalling = await bind(first_port, pass_on)
        for side, port in network.facing.items():
            for rtcp in (0, 1):
                ways[side, rtcp] = await bind(port + rtcp, carry(side, rtcp))
        yield network


def _send(way: asyncio.DatagramTransport, packet: bytes, target: Address) -> None:
    if not way.is_closing():  # else it comes after the end of the call
        way.sendto(packet, target)


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, addr)
