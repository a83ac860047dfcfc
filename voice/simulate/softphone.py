"""The caller's telephone for calls over real SIP, in a process of its own: a SIP stack has only one per process.

Commands come as JSON lines on standard input: {"say": FILE} (16-bit samples at 8 kHz), {"keys": "12#"}, {"hang_up": true}.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from voice.line.line import Connection, LineError, Sound
from voice.line.sip import SipLine
from voice.line.sip_settings import Codec, SipSettings, Trunk
from voice.simulate.network import PORTS, bad_network
from voice.simulate.script import CODECS, Conditions
from voice.simulate.sound import Microphone

# Frames of sound on their way before the first is needed, so that a late one leaves no gap.
AHEAD = 3
HOST = "127.0.0.1"
RTP_PORTS = 20
PACKETS = (
    "packets"  # said at the end, of a bad network: by side, how many were carried and how many were lost
)
PORTS_IN_ALL = RTP_PORTS + PORTS  # the last for a bad network
CODEC_NAMES = {"alaw": Codec.PCMA, "ulaw": Codec.PCMU}


async def run(arguments: argparse.Namespace) -> None:
    conditions = Conditions(
        codec=arguments.codec,
        noise="given",
        snr_db=arguments.snr_db,
        loss=arguments.loss,
        burst=arguments.burst,
        jitter_ms=arguments.jitter_ms,
        seed=arguments.seed,
    )
    if not conditions.harms_packets:
        await _talk(arguments, conditions, arguments.line)
        return
    host, _, port = arguments.line.rpartition(":")
    first = arguments.rtp + RTP_PORTS
    async with bad_network(HOST, first, (host, int(port)), conditions) as network:
        await _talk(arguments, conditions, f"{HOST}:{first}")
        packets = {side: (harm.passed, harm.dropped) for side, harm in network.harms.items()}
        sys.stdout.write(f"{json.dumps({PACKETS: packets})}\n")


async def _talk(arguments: argparse.Namespace, conditions: Conditions, called_at: str) -> None:
    noise = np.fromfile(arguments.noise, np.int16) if arguments.noise else None
    microphone = Microphone(conditions, noise)
    settings = SipSettings(
        address=HOST,
        port=arguments.port,
        rtp_ports=(arguments.rtp, arguments.rtp + RTP_PORTS),
        trunk=Trunk(registrar=called_at, user=arguments.caller, password="", register=False),
        codecs=(CODEC_NAMES[arguments.codec],),
        max_calls=2,
    )
    line = SipLine(settings)
    await line.open(_refuse)
    try:
        connection = await line.dial(arguments.called)
        obeying = asyncio.create_task(_obey(connection, microphone))
        for _ in range(AHEAD):
            connection.play(microphone.frame())
        async for event in connection.events():
            if isinstance(event, Sound):
                connection.play(microphone.frame())
        obeying.cancel()
    finally:
        await line.close()


async def _obey(connection: Connection, microphone: Microphone) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while text := await reader.readline():
        command: dict[str, Any] = json.loads(text)
        if "say" in command:
            microphone.say(np.fromfile(Path(command["say"]), np.int16))
        elif "keys" in command:
            await connection.send_keys(command["keys"])
        else:
            await connection.hang_up()
    with contextlib.suppress(LineError):  # whoever commanded us is gone
        await connection.hang_up()


async def _refuse(connection: Connection) -> None:
    await connection.hang_up()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True, help="of this telephone")
    arguments.add_argument(
        "--rtp", type=int, required=True, help="first of its ports for sound, and for the network"
    )
    arguments.add_argument("--line", required=True, help="host:port that is called")
    arguments.add_argument("--caller", required=True)
    arguments.add_argument("--called", required=True)
    arguments.add_argument("--codec", choices=CODECS, required=True)
    arguments.add_argument("--snr-db", type=float, required=True)
    arguments.add_argument(
        "--loss", type=float, default=0.0, help="share of the packets (0..1) that get lost"
    )
    arguments.add_argument(
        "--burst", type=float, default=0.0, help="so many in a row on average; 0: each by itself"
    )
    arguments.add_argument("--jitter-ms", type=int, default=0, help="packets come up to so much late")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--noise", help="file of 16-bit samples at 8 kHz")
    asyncio.run(run(arguments.parse_args()))


if __name__ == "__main__":
    main()
