"""The SIP line alone, with sipp as the callers: set-up time, processor time of idle calls, gaps in what we say."""

from __future__ import annotations

import asyncio
import csv
import resource
import tempfile
import time
from pathlib import Path

from bot.logs import configure
from tests.bench.machine import percentile
from tests.bench.sipp_calls import sipp_calls
from tests.integration.voice.line.rtp_phone import RtpPhone
from tests.integration.voice.line.sipp import SCENARIOS
from tests.tones import tone
from voice.line.line import Connection
from voice.line.sip import SipLine
from voice.line.sip_settings import PORTS_A_CALL, SipSettings
from voice.simulate.ports import free_ports

SET_UPS = 200
IDLE_CALLS = 100
IDLE_S = 10
TALK_S = 12
BLOCK_S = 0.3


def main() -> None:
    configure("error")
    asyncio.run(_measure())


def _settings() -> SipSettings:
    """As an operator would have it, but the callers may come as fast as they like."""
    rtp = 2 * PORTS_A_CALL * IDLE_CALLS
    first = free_ports(2 + rtp)
    return SipSettings(
        address="127.0.0.1",
        port=first,
        rtp_ports=(first + 2, first + 2 + rtp),
        max_calls=IDLE_CALLS,
        calls_per_second=1e4,
        call_burst=10_000,
        caller_per_minute=1e6,
        caller_burst=10_000,
    )


async def _measure() -> None:
    settings = _settings()
    line = SipLine(settings)
    speech = tone(440, TALK_S)

    async def take(connection: Connection) -> None:
        if connection.called == "talk":
            connection.play(speech)
        async for _ in connection.events():
            pass

    await line.open(take)
    seconds = await _set_up_seconds(settings.port)
    p50, p95 = (percentile(seconds, share) for share in (0.5, 0.95))
    print(
        f"set-up, INVITE to 200, {len(seconds)} calls one after another: p50 {p50:.1f} ms, p95 {p95:.1f} ms"
    )

    idle = asyncio.create_task(
        sipp_calls(
            settings.port,
            "12345",
            "-m",
            str(IDLE_CALLS),
            "-l",
            str(IDLE_CALLS),
            "-r",
            "20",
            "-d",
            str((IDLE_S + 8) * 1000),
        )
    )
    while line.health()["calls"] < IDLE_CALLS:  # noqa: ASYNC110 (sipp decides when)
        await asyncio.sleep(0.1)
    before, began = _cpu_s(), time.monotonic()
    await asyncio.sleep(IDLE_S)
    share = (_cpu_s() - before) / (time.monotonic() - began)
    print(
        f"{IDLE_CALLS} idle calls, listening and sending silence: {share:.0%} of one core, {share / IDLE_CALLS:.2%} a call"
    )
    await idle

    for what, block in (
        ("quiet event loop", False),
        (f"event loop blocked {BLOCK_S:.1f} s each second", True),
    ):
        gap_ms = await _longest_gap_ms(settings.port, block=block)
        print(f"largest gap between packets of speech, {what}: {gap_ms:.0f} ms (goal: < 60 ms)")
    await line.close()


async def _set_up_seconds(port: int) -> list[float]:
    """sipp's own figures, from its file of response times: `rtd` of the INVITE."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "set_up.xml"
        text = (SCENARIOS / "zero_length.xml").read_text()
        text = text.replace('<send retrans="500">', '<send retrans="500" start_rtd="1">', 1)
        text = text.replace(
            '<recv response="200" rrs="true"/>', '<recv response="200" rrs="true" rtd="1"/>', 1
        )
        scenario.write_text(text)
        await sipp_calls(
            port, "12345", "-m", str(SET_UPS), "-l", "1", "-r", "50", "-trace_rtt", "-rtt_freq", "1",
            scenario=scenario, folder=folder,
        )  # fmt: skip
        return _response_seconds(Path(folder))


def _response_seconds(folder: Path) -> list[float]:
    (figures,) = folder.glob("*_rtt.csv")
    with figures.open() as file:
        return [float(row["response_time_ms"]) / 1000 for row in csv.DictReader(file, delimiter=";")]


async def _longest_gap_ms(port: int, *, block: bool) -> float:
    with RtpPhone() as phone:
        call = asyncio.create_task(
            sipp_calls(port, "talk", "-m", "1", "-d", str((TALK_S - 2) * 1000), rtp_port=phone.port)
        )
        while not call.done():
            await asyncio.sleep(1)
            if block:
                time.sleep(BLOCK_S)  # noqa: ASYNC251 (this is what is measured)
        await call
        return phone.longest_gap_ms()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
