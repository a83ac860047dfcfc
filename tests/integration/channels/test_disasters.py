"""What must not lose a message or answer it twice: a killed process, a database that is away, a platform that fails."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import FastAPI

from backend.domain import order as orders
from backend.domain.family import ALL_RIGHTS
from backend.domain.local_time import local_now
from backend.domain.people import Elder
from backend.services.commands import MoveOrder, PlaceOrder
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.store.open import open_store
from bot.dialogue.engine import Dialogue
from bot.sandbox.telegram import BotApiError, Fault, TelegramPlatform, telegram_platform_router
from bot.sandbox.wechat import WeChatApiError, WeChatPlatform, wechat_platform_router
from config.settings import load_settings
from tests.integration.channels.conftest import Line, Wanted, _line, serving, wait_until
from tests.integration.channels.drivers import AtTelegram, AtWeChat

ROOT = Path(__file__).parents[3]
PEOPLE = 60  # more in a moment than are answered as they come
AGAIN_S = 1.5  # a second answer would have come by then


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    folder: Path, wechat: WeChatPlatform, api: str, port: int, before: str = ""
) -> subprocess.Popen[bytes]:
    given = {
        "NUANXIAN_WECHAT_APP_ID": wechat.app_id, "NUANXIAN_WECHAT_APP_SECRET": wechat.secret,
        "NUANXIAN_WECHAT_TOKEN": wechat.token, "NUANXIAN_WECHAT_API": api,
    }  # fmt: skip
    return start_with(folder, port, given, before)


def start_with(folder: Path, port: int, given: dict[str, str], before: str = "") -> subprocess.Popen[bytes]:
    """The whole line in a process of its own. `before`: code that runs in it first."""
    environment = os.environ | {
        "NUANXIAN_HOME": str(folder), "NUANXIAN_PORT": str(port), "NUANXIAN_LOG_LEVEL": "error",
        "NUANXIAN_TELEPHONE": "false",
    }  # fmt: skip
    code = f"{before}\nfrom bot.server import serve; serve()"
    server = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment | given, stdout=subprocess.DEVNULL
    )
    wait_until(lambda: _listens(port), within_s=60)
    return server


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        # While nobody listens there, the port may be given to the probe itself, which then reaches itself.
        return probe.connect_ex(("127.0.0.1", port)) == 0 and probe.getsockname() != probe.getpeername()


@contextmanager
def ending(server: subprocess.Popen[bytes]) -> Iterator[None]:
    """The server has ended when the block has, whatever went wrong in it."""
    try:
        yield
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.slow
def test_a_process_killed_in_the_middle_loses_no_message_and_answers_none_twice(tmp_path: Path) -> None:
    wechat = WeChatPlatform("wx0123456789abcdef", "secret", "token")
    platforms = FastAPI()
    platforms.include_router(wechat_platform_router(wechat))
    port = free_port()
    wechat.url = f"http://127.0.0.1:{port}/channels/wechat"
    messages = {f"oPerson-{n:020d}": "" for n in range(PEOPLE)}
    for openid in messages:
        messages[openid] = wechat.message(openid, "text", Content="我要订饭")
    taken: set[str] = set()

    def bring(openid: str) -> None:
        try:
            delivered = wechat.deliver(messages[openid], deliveries=1)
        except httpx.TransportError:
            return  # killed while it was being brought: WeChat brings it again
        if delivered.statuses == [200]:
            taken.add(openid)

    def bring_all(openids: list[str]) -> None:
        threads = [threading.Thread(target=bring, args=(openid,)) for openid in openids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    with serving(platforms, socket.create_server(("127.0.0.1", 0))) as api:
        # Until the kill nothing can be sent, so that every promise is still open then.
        wechat.faults += [("message/custom/send", 502)] * 10_000
        server = start(tmp_path, wechat, api, port)
        bringing = threading.Thread(target=bring_all, args=(list(messages),))
        bringing.start()
        wait_until(lambda: len(taken) >= PEOPLE // 4, within_s=30)
        server.kill()
        assert server.wait(20) == -signal.SIGKILL
        bringing.join(60)
        wechat.faults.clear()
        server = start(tmp_path, wechat, api, port)
        try:
            bring_all([openid for openid in messages if openid not in taken])
            wait_until(lambda: all(wechat.texts(openid) for openid in messages), within_s=90)
            time.sleep(AGAIN_S)
        finally:
            server.terminate()
            server.wait(30)
    assert {openid: len(wechat.texts(openid)) for openid in messages} == dict.fromkeys(messages, 1)
    assert all("时候" in wechat.texts(openid)[0] for openid in messages)


def answering_process(server: subprocess.Popen[bytes]) -> int | None:
    """The process that answers letters, once it can be seen: the other child keeps track of shared resources."""
    try:
        threads = list(Path(f"/proc/{server.pid}/task").glob("*/children"))
        pids = [pid for listed in threads for pid in listed.read_text().split()]
        started = [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    except OSError:  # something of it has just ended
        return None
    return int(started[0]) if started else None


@pytest.mark.slow
def test_when_the_answering_process_is_killed_another_one_answers(tmp_path: Path) -> None:
    wechat = WeChatPlatform("wx0123456789abcdef", "secret", "token")
    platforms = FastAPI()
    platforms.include_router(wechat_platform_router(wechat))
    port = free_port()
    wechat.url = f"http://127.0.0.1:{port}/channels/wechat"
    openids = [f"oPerson-{n:020d}" for n in range(PEOPLE)]
    with serving(platforms, socket.create_server(("127.0.0.1", 0))) as api:
        server = start(tmp_path, wechat, api, port)
        try:
            wait_until(lambda: answering_process(server), within_s=30)
            first = answering_process(server)
            assert first is not None
            os.kill(first, signal.SIGKILL)
            threads = [threading.Thread(target=wechat.says, args=(openid, "我要订饭")) for openid in openids]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            wait_until(lambda: answering_process(server) not in (None, first), within_s=30)
            second = answering_process(server)
            wait_until(lambda: all(map(wechat.texts, openids)), within_s=90)
            time.sleep(AGAIN_S)
        finally:
            server.terminate()
            server.wait(30)
        assert not Path(f"/proc/{second}").exists()
    assert {len(wechat.texts(openid)) for openid in openids} == {1}
    assert wechat.calls.count("message/custom/send") > 0  # not all were answered in the same connection


@pytest.mark.slow
def test_what_was_fetched_from_telegram_survives_a_kill(tmp_path: Path) -> None:
    telegram = TelegramPlatform("7000000001:AAtest_test_test_test_test_test_test")
    platforms = FastAPI()
    platforms.include_router(telegram_platform_router(telegram))
    people = range(300, 312)
    # A letter that a killed process had taken is taken anew after this long, not after a minute.
    soon = "import backend.store.mail as mail, datetime; mail.LEASE = datetime.timedelta(seconds=15)"
    with serving(platforms, socket.create_server(("127.0.0.1", 0))) as api:
        given = {"NUANXIAN_TELEGRAM_TOKEN": telegram.token, "NUANXIAN_TELEGRAM_API": api}
        # Until the kill nothing can be sent.
        telegram.faults += [Fault("sendMessage", BotApiError(502, "Bad Gateway")) for _ in range(10_000)]
        server = start_with(tmp_path, free_port(), given, soon)
        for person in people:
            telegram.deliver(telegram.says(person, "我要订饭"))
        wait_until(lambda: not telegram._updates and "sendMessage" in telegram.calls, within_s=60)
        server.kill()
        assert server.wait(20) == -signal.SIGKILL
        telegram.faults.clear()
        assert telegram.sent == []
        server = start_with(tmp_path, free_port(), given, soon)
        try:
            wait_until(lambda: len({message["chat"]["id"] for message in telegram.sent}) == len(people), 90)
            time.sleep(AGAIN_S)
        finally:
            server.terminate()
            server.wait(30)
    assert sorted(message["chat"]["id"] for message in telegram.sent) == list(people)
    assert all("时候" in message["text"] for message in telegram.sent)


@pytest.mark.slow
def test_news_survives_a_kill_once_and_in_its_order(tmp_path: Path) -> None:
    wechat = WeChatPlatform("wx0123456789abcdef", "secret", "token")
    platforms = FastAPI()
    platforms.include_router(wechat_platform_router(wechat))
    relatives = [f"oRelative-{n:020d}" for n in range(4)]
    wechat.followers |= set(relatives)
    wechat._spoke_at |= dict.fromkeys(relatives, time.time())
    before = """
import datetime, backend.store.mail, backend.services.news
backend.store.mail.LEASE = datetime.timedelta(seconds=10)
backend.services.news.due_at = lambda now, *_: now  # at any hour
"""
    store = open_store(
        load_settings(db=f"sqlite:///{tmp_path}/var/nuanxian.sqlite", keys=tmp_path / "var" / "keys")
    )
    elder, now = Elder(None, "guilan", "王桂兰", ("13909510001",), "长城花园"), local_now()
    with store.unit_of_work() as uow:
        elder_id = uow.people.save(elder).id or 0
        for openid in relatives:
            uow.families.bind(
                elder_id, f"wechat:{wechat.app_id}:{openid}", "女儿", ALL_RIGHTS, at=now, by="test"
            )
        uow.commit()

    def ordered(key: str) -> None:
        placed = PlaceOrder(
            key, "meal", "self", "13909510001", "call", now, orders.Wanted(None), "王桂兰", elder_id, "x", "y"
        )
        with store.unit_of_work() as uow:
            number = place_order(placed, uow).number
            move_order(MoveOrder(number, orders.Move.ACCEPT, now, "op", payload={"assignee": "op"}), uow)
            move_order(MoveOrder(number, orders.Move.SET_OUT, now, "op"), uow)
            uow.commit()

    def begun() -> bool:
        with store.reading() as uow:
            return uow.mail.position("news") is not None

    with serving(platforms, socket.create_server(("127.0.0.1", 0))) as api:
        wechat.faults += [("message/custom/send", 502)] * 10_000
        server = start(tmp_path, wechat, api, free_port(), before)
        with ending(server):
            wait_until(begun, within_s=60)
            ordered("1")
            wait_until(lambda: len(wechat.faults) < 9_990, within_s=60)
            ordered("2")
            server.kill()
            assert server.wait(20) == -signal.SIGKILL
        assert not any(map(wechat.texts, relatives))
        wechat.faults.clear()
        with ending(start(tmp_path, wechat, api, free_port(), before)):
            ordered("3")
            wait_until(lambda: all(len(wechat.texts(openid)) >= 9 for openid in relatives), within_s=90)
            time.sleep(AGAIN_S)
    store.close()
    for openid in relatives:
        told = [
            next(word for word in ("下单", "接单", "出发") if word in text) for text in wechat.texts(openid)
        ]
        assert told == ["下单", "接单", "出发"] * 3


@dataclass
class Cluster:
    """A PostgreSQL server of this test, to be stopped and started."""

    folder: Path
    programs: Path
    as_user: list[str]

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def control(self, *arguments: str) -> None:
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        data = str(self.folder / "data")
        command = [
            *self.as_user,
            str(self.programs / "pg_ctl"),
            "-D",
            data,
            "-w",
            "-l",
            str(self.folder / "log"),
        ]
        done = subprocess.run([*command, "-o", options, *arguments], stdout=subprocess.DEVNULL, check=False)
        assert done.returncode == 0


@contextmanager
def cluster() -> Iterator[Cluster]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.fail("the PostgreSQL server is missing: apt-get install postgresql (`make test` does it)")
    folder, as_user = Path(tempfile.mkdtemp(prefix="nxpg")), []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    one = Cluster(folder, programs[-1], as_user)
    initdb = [*as_user, str(programs[-1] / "initdb"), "-D", str(folder / "data"), "-U", "postgres"]
    subprocess.run([*initdb, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
        stdout=subprocess.DEVNULL, check=True)  # fmt: skip
    one.control("start")
    try:
        yield one
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            one.control("-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.mark.slow
def test_messages_that_come_while_the_database_is_away_are_answered_when_it_is_back(
    tmp_path: Path, dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.domain.mail.LONGEST_PAUSE", timedelta(seconds=1))
    # Without this, drawing the tracebacks of a development log takes longer than WeChat waits.
    with cluster() as database, structlog.testing.capture_logs():
        store = open_store(load_settings(db=database.url, keys=tmp_path / "keys"))
        with _line(store, dialogue, tmp_path, Wanted()) as line:
            friend, hurt, abroad = AtWeChat(line), AtWeChat(line), AtTelegram(line)
            assert "时候" in friend.says("我要订饭").text
            database.control("-m", "immediate", "stop")
            assert "一会儿回您" in friend.says("明天中午").text
            assert "120" in hurt.says("我摔倒了起不来").text
            assert line.telegram.deliver(line.telegram.says(abroad.number, "我要订饭")) == 503
            time.sleep(2)
            database.control("start")
            line.telegram.deliver(line.telegram.says(abroad.number, "我要订饭"))
            shown = line.wechat.texts(friend.openid)
            wait_until(lambda: len(shown) == 3, within_s=30)
            assert "住在哪里" in shown[2]
            wait_until(lambda: len(line.wechat.texts(hurt.openid)) == 2, within_s=30)
            with store.reading() as uow:
                assert [task.kind for task in uow.tasks.open()] == ["emergency"]
            time.sleep(AGAIN_S)
            assert len(shown) == 3
        store.close()


def test_a_platform_that_fails_for_a_minute_loses_no_late_answer(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute of the postman's pauses (1 s, 2 s, 4 s …), each a hundredth as long."""
    monkeypatch.setattr("backend.domain.mail.FIRST_PAUSE", timedelta(milliseconds=10))
    person = AtWeChat(line)
    line.wechat.followers.add(person.openid)
    line.wechat._spoke_at[person.openid] = time.time()
    line.wechat.faults += [
        ("message/custom/send", 500),
        ("message/custom/send", WeChatApiError(-1, "busy")),
    ] * 3
    channel = f"wechat:{line.wechat.app_id}"
    # The letter is posted as a busy channel posts it.
    with line.house.store.unit_of_work() as uow:
        xml = line.wechat.message(person.openid, "text", Content="我要订饭")
        uow.mail.post(f"{channel}:in", person.openid, {"xml": xml}, key="promised", at=local_now())
        uow.commit()
    wait_until(lambda: line.wechat.texts(person.openid))
    assert "时候" in line.wechat.texts(person.openid)[0]
    time.sleep(AGAIN_S)
    assert len(line.wechat.texts(person.openid)) == 1
    assert line.wechat.calls.count("message/custom/send") >= 1
