"""sipp as the other side: one scenario file, run as a process of its own."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

from voice.simulate.ports import free_ports, is_free

SCENARIOS = Path(__file__).with_name("scenarios")


class Sipp:
    """`port` is where it listens; `finish` waits and raises AssertionError with its output when the scenario failed."""

    def __init__(self, process: Process, port: int) -> None:
        self._process, self.port = process, port

    @classmethod
    async def start(
        cls,
        scenario: str,
        *,
        line_port: int | None = None,
        rtp_port: int = 9,
        calls: int = 1,
        rate: int = 10,
        ms: int = 1000,
        service: str = "12345",
        transport: str = "u1",
        port: int | None = None,
        folder: Path | None = None,
        within_s: int = 25,
    ) -> Sipp:
        """Calls `line_port`, or waits for calls without one. `ms`: the pause of the scenario; `folder`: where it runs."""
        port = port or free_ports(1)
        command = ["sipp", "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", "127.0.0.1", "-p", str(port)]
        command += ["-m", str(calls), "-l", str(calls), "-r", str(rate), "-d", str(ms), "-nostdin"]
        command += [
            "-key",
            "rtp_port",
            str(rtp_port),
            "-timeout",
            f"{within_s}s",
            "-timeout_error",
            "-t",
            transport,
        ]
        if line_port:
            command += ["-s", service, f"127.0.0.1:{line_port}"]
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, cwd=folder)
        if not line_port:
            await _listening(port)
        return cls(process, port)

    async def finish(self) -> None:
        output, _ = await self._process.communicate()
        assert self._process.returncode == 0, output.decode(errors="replace")[-3000:]

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


async def _listening(port: int) -> None:
    async with asyncio.timeout(5):
        while is_free(port):  # noqa: ASYNC110 (it says nothing when it listens)
            await asyncio.sleep(0.02)
