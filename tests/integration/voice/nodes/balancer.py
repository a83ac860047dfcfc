"""Kamailio with the rules that operators install, between a trunk and two voice nodes on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from typing import Self

from voice.simulate.ports import free_ports, is_free

DEPLOY = Path(__file__).parents[4] / "deploy" / "kamailio"


class Balancer:
    """`trunk_port`: who is called, and may call; beside it only `other_port`. Runs as long as the context lasts."""

    def __init__(self, folder: Path, port: int, *, trunk_port: int, node_ports: list[int]) -> None:
        self.port, self.other_port, self._folder = port, free_ports(1), folder
        rules = (DEPLOY / "kamailio.cfg").read_text("utf-8")
        for ours, theirs in {
            "/etc/kamailio": str(folder),
            "udp:0.0.0.0:5060": f"udp:127.0.0.1:{port}",
            "sip:203.0.113.10:5060": f"sip:127.0.0.1:{trunk_port}",
        }.items():
            assert ours in rules
            rules = rules.replace(ours, theirs)
        (folder / "kamailio.cfg").write_text(rules, "utf-8")
        (folder / "trunks.list").write_text(
            f"1 127.0.0.1 32 {trunk_port}\n1 127.0.0.1 32 {self.other_port}\n"
        )
        nodes = (DEPLOY / "dispatcher.list").read_text("utf-8")
        for known, node in zip((5071, 5072), node_ports, strict=True):
            assert f":{known} " in nodes
            nodes = nodes.replace(f":{known} ", f":{node} ")
        (folder / "dispatcher.list").write_text(nodes, "utf-8")
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        with (self._folder / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                "kamailio", "-DD", "-E", "-m", "32", "-M", "8", "-Y", str(self._folder),
                "-f", str(self._folder / "kamailio.cfg"),
                stdin=DEVNULL, stdout=DEVNULL, stderr=log, start_new_session=True,
            )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        """It has children, and waits a minute for them when asked politely."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    async def ready(self) -> None:
        """Its port is taken, and it serves what comes there."""
        async with asyncio.timeout(20):
            while is_free(self.port):
                assert self._process is not None and self._process.returncode is None, self._log()
                await asyncio.sleep(0.1)

    def _log(self) -> str:
        return (self._folder / "log").read_text("utf-8", errors="replace")[-3000:]
