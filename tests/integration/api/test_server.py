"""The real server: ends in good order, and its logs hold nothing personal."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_connection, create_server

import httpx
import pytest

from backend.domain.local_time import local_now
from backend.domain.staff import Role, StaffUser
from backend.services.access import actor_of
from backend.services.staff import hash_password
from backend.services.tokens import add_token
from backend.store.open import open_store
from bot.supervisor import ENDS_WITHIN_S, SERVED_WITHIN_S
from config.settings import load_settings
from tests.integration.api.conftest import EVERYTHING, ORDER

STARTS_WITHIN_S = 90
EVENTS, TAKES_S = 6, 2.0
DEPLOY = Path(__file__).parents[3] / "deploy"
PRIVATE = ("13909510001", "13809510001", "马秀英", "长城花园", "软和点", "a-good-password", "nx_")


@dataclass
class Running:
    command: list[str]
    environment: dict[str, str]
    url: str
    secret: str
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def ask(self, path: str, body: object = None) -> httpx.Response:
        method = "GET" if body is None else "POST"
        return httpx.request(method, self.url + path, json=body, headers=self.headers, timeout=20)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    server = new_server(tmp_path)
    begin(server)
    yield server
    server.process.kill()
    server.process.wait()


def new_server(tmp_path: Path) -> Running:
    """One that was not begun yet."""
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
    return Running(command, environment, f"http://127.0.0.1:{port}", secret, tmp_path / "log")


def begin(server: Running) -> None:
    """Start it, and wait until it answers."""
    with server.log.open("ab") as log:
        server.process = subprocess.Popen(
            server.command, env=server.environment, stdout=log, stderr=subprocess.STDOUT
        )
    until = time.monotonic() + STARTS_WITHIN_S
    while True:
        assert server.process.poll() is None and time.monotonic() < until, server.log.read_text("utf-8")
        try:
            server.ask("/readyz").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)


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
    assert running.process.wait(SERVED_WITHIN_S + 10) in (0, -signal.SIGTERM)
    assert time.monotonic() - begun < SERVED_WITHIN_S
    log = running.log.read_text("utf-8")
    assert [word for word in PRIVATE if word in log] == []


@pytest.mark.slow
def test_a_request_that_is_half_sent_when_the_server_is_stopped_is_carried_out(running: Running) -> None:
    body = json.dumps(ORDER).encode()
    head = (
        f"POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {running.secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    port = int(running.url.rpartition(":")[2])
    with create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode() + body[:20])
        time.sleep(1)  # it is being read
        running.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        connection.sendall(body[20:])
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 201"), answer
    assert running.process.wait(ENDS_WITHIN_S) in (0, -signal.SIGTERM)
    number = json.loads(answer.partition(b"\r\n\r\n")[2])["number"]
    begin(running)
    assert running.ask(f"/api/v1/orders/{number}").status_code == 200


class SlowTaker(ThreadingHTTPServer):
    """Another system that takes its time for each event."""

    def __init__(self) -> None:
        self.begun, self.taken = threading.Event(), list[str]()
        super().__init__(("127.0.0.1", 0), _SlowTake)


class _SlowTake(BaseHTTPRequestHandler):
    server: SlowTaker

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.begun.set()
        time.sleep(TAKES_S)
        self.server.taken.append(told["key"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.slow
def test_every_event_is_told_once_though_the_server_is_stopped_while_it_tells_one(running: Running) -> None:
    taker = SlowTaker()
    threading.Thread(target=taker.serve_forever, daemon=True).start()
    hook = {"url": f"http://127.0.0.1:{taker.server_port}/", "events": ["OrderPlaced"]}
    assert running.ask("/api/v1/webhooks", hook).status_code == 201
    orders = [running.ask("/api/v1/orders", ORDER).json()["number"] for _ in range(EVENTS)]
    assert taker.begun.wait(60)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(ENDS_WITHIN_S) in (0, -signal.SIGTERM)
    assert 1 <= len(taker.taken) < EVENTS, (
        "what was being told was told; the server did not wait for all others"
    )
    begin(running)
    until = time.monotonic() + 60
    while len(taker.taken) < EVENTS and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(2)
    taker.shutdown()
    taker.server_close()
    assert sorted(taker.taken) == sorted(orders)


def test_a_server_gets_the_time_to_end_that_it_needs() -> None:
    units = [
        path.read_text("utf-8")
        for name in ("nuanxian", "nuanxian-voice")
        for path in (DEPLOY / "systemd").glob(f"{name}.service")
    ]
    given = [
        int(found) for text in units for found in re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    ]
    compose = (DEPLOY / "compose.yaml").read_text("utf-8")
    given += [int(found) for found in re.findall(r"stop_grace_period: (\d+)s", compose)]
    assert len(given) == 3 and min(given) > ENDS_WITHIN_S > SERVED_WITHIN_S
    # A server that is killed again and again is started again each time.
    assert all("StartLimitIntervalSec=0" in text and "Restart=always" in text for text in units)
