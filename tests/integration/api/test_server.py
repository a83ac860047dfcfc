"""The real server: ends in good order, and its logs hold nothing personal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_server

import httpx
import pytest

from backend.domain.local_time import local_now
from backend.domain.staff import Role, StaffUser
from backend.services.access import actor_of
from backend.services.staff import hash_password
from backend.services.tokens import add_token
from backend.store.open import open_store
from bot.server import SHUTDOWN_WITHIN_S
from config.settings import load_settings
from tests.integration.api.conftest import EVERYTHING, ORDER

STARTS_WITHIN_S = 90
PRIVATE = ("13909510001", "13809510001", "马秀英", "长城花园", "软和点", "a-good-password", "nx_")


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    url: str
    secret: str
    log: Path

    def ask(self, path: str, body: object = None) -> httpx.Response:
        method = "GET" if body is None else "POST"
        return httpx.request(method, self.url + path, json=body, headers=self.headers, timeout=20)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    database = f"sqlite:///{tmp_path}/line.sqlite"
    store = open_store(load_settings(db=database, keys=tmp_path / "keys"))
    with store.unit_of_work() as uow:
        user = StaffUser("root", "管理员", Role.ADMIN, hash_password("a-good-password"))
        uow.staff.save(user)
        secret = add_token(uow, actor_of(user, uow), name="t", scopes=EVERYTHING, days=1, now=local_now())[1]
        uow.commit()
    store.close()
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = os.environ | {"NUANXIAN_KEYS": str(tmp_path / "keys"), "NUANXIAN_LOG_LEVEL": "debug"}
    command = [sys.executable, "-m", "bot.cli", "run", "--db", database, "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    server = Running(process, f"http://127.0.0.1:{port}", secret, tmp_path / "log")
    until = time.monotonic() + STARTS_WITHIN_S
    while True:
        assert process.poll() is None and time.monotonic() < until, server.log.read_text("utf-8")
        try:
            server.ask("/readyz").raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.2)
    yield server
    process.kill()
    process.wait()


@pytest.mark.slow
def test_the_server_ends_what_it_does_and_logs_nothing_personal(running: Running) -> None:
    placed = running.ask("/api/v1/orders", ORDER).json()
    for path in ("/api/v1/orders?q=13909510001", f"/api/v1/orders/{placed['number']}", "/metrics"):
        assert running.ask(path).status_code == 200
    assert running.ask("/api/v1/orders", ORDER | {"item": "x"}).status_code == 422
    assert running.ask("/staff/马秀英").status_code == 404
    with httpx.stream(
        "GET", f"{running.url}/api/v1/events?after=0", headers=running.headers, timeout=30
    ) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": connected"
        begun = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        with suppress(
            httpx.RemoteProtocolError
        ):  # an endless answer is cut off; its listener comes back elsewhere
            list(lines)
    assert running.process.wait(SHUTDOWN_WITHIN_S + 10) in (0, -signal.SIGTERM)
    assert time.monotonic() - begun < SHUTDOWN_WITHIN_S
    log = running.log.read_text("utf-8")
    assert [word for word in PRIVATE if word in log] == []
