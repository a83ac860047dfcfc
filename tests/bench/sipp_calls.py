"""sipp as the callers of a measurement."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.integration.voice.line.sipp import SCENARIOS
from voice.simulate.ports import free_ports


async def sipp_calls(
    port: int,
    service: str,
    *options: str,
    rtp_port: int = 9,
    scenario: Path = SCENARIOS / "call.xml",
    folder: str = ".",
) -> None:
    """Until all calls are over. Raises RuntimeError when one failed."""
    process = await asyncio.create_subprocess_exec(
        "sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(free_ports(1)), "-nostdin",
        "-key", "rtp_port", str(rtp_port), "-s", service, *options, f"127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    if await process.wait():
        raise RuntimeError("sipp did not finish its calls")
