"""The whole server as its own process, as an operator starts it, taking calls on free ports."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import STDOUT, Process
from pathlib import Path
from typing import Any, Self

from voice.simulate.ports import free_ports

RTP_PORTS = 200
OPEN_WITHIN_S = 120  # the recogniser is loaded before the line opens, on a busy machine slowly


class VoiceNode:
    """Runs as long as the context lasts. `setup` is Python that is run before the server starts."""

    def __init__(self, folder: Path, name: str, settings: dict[str, str], *, setup: str = "") -> None:
        self.name, self._setup = name, setup
        self.sip_port = free_ports(2 + RTP_PORTS)
        rtp = self.sip_port + 2
        self.http_port = free_ports(1)
        home = folder / name
        home.mkdir()
        self._log = home / "log"
        self._settings = {
            "NUANXIAN_HOME": str(home),
            "NUANXIAN_PORT": str(self.http_port),
            "NUANXIAN_TELEPHONE": "true",
            "NUANXIAN_SIP_PORT": str(self.sip_port),
            "NUANXIAN_SIP_RTP_PORTS": f"[{rtp}, {rtp + RTP_PORTS}]",
            "NUANXIAN_VOICE": "pyttsx",  # quick: what is said is tested elsewhere
            "NUANXIAN_VOICE_WARM": "false",
            **settings,
        }
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", f"{self._setup}\nfrom bot.server import serve; serve()",
                env=os.environ | self._settings, stdout=log, stderr=STDOUT,
            )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 30)
            except TimeoutError:
                await self.kill()

    async def stop(self, within_s: float) -> None:
        """As an operator stops it. Raises TimeoutError when it does not end within `within_s`."""
        assert self._process is not None
        self._process.terminate()
        await asyncio.wait_for(self._process.wait(), within_s)

    async def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def opened(self) -> None:
        """The line takes calls."""
        async with asyncio.timeout(OPEN_WITHIN_S):
            while not self.logged("line.open"):
                assert self._process is not None and self._process.returncode is None, self.log()[-3000:]
                await asyncio.sleep(0.1)

    def log(self) -> str:
        return self._log.read_text("utf-8", errors="replace")

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log about this."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]
