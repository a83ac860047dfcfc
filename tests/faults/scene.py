"""Two processes at work on one database, what can befall them, and what must hold afterwards.

They are servers themselves (`worker`, which calls the services), or, in a scene of kind `served`, systems that use the HTTP API of a
real `nuanxian run --workers 2` (`caller`): then it is the server that is killed.

`Scene` starts the processes and keeps a journal of everything they were told was done. Each fault in FAULTS breaks something and
repairs it; `check` then compares the database with the journal: no order lost, doubled or stuck, every chain of the audit trail
whole, and every clock spoken once, no later than the outage and LATE_S.
"""

from __future__ import annotations

import json
import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from socket import create_server

from sqlalchemy import func, select

from backend.domain.local_time import local_now
from backend.domain.order import Move, Order, OrderNotFoundError
from backend.services.fire_deadlines import fire_next
from backend.store.anchors import add_anchor
from backend.store.open import Store, open_store
from backend.store.verify import verify
from config.settings import load_settings
from tests.bench.bench_api import make_tokens
from tests.faults.worker import DUE_IN_S, MOVES, WATCHED_EVERY

WORKERS = 2
LATE_S = 5.0
WITHIN_S = 90.0  # a process that has done nothing new so long after the repair is stuck (a server has to start first)
STOPPED_WITHIN_S = 45.0  # what the unit for systemd gives
LEFT_WITHIN_S = 30.0
GONE_WITHIN_S = 30.0  # what is left of a PostgreSQL server that was killed, on a busy machine
DISK_MB = {"sqlite": 48, "postgresql": 220}
STEPS = {move.value: place for place, (move, _) in enumerate(MOVES, 1)} | {"place": 0}


class BrokenError(AssertionError):
    """Something that must hold does not; the text says what."""


class AuditBrokenError(BrokenError):
    """The audit trail is not whole."""


class Process:
    """One worker with its journal; started again by `Scene.revive` when it died."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self._command = command
        self.last: tuple[int, str] | None = None  # turn and step acknowledged last
        self.numbers: dict[int, str] = {}  # by turn
        self.done: dict[str, int] = {}  # order number → how far it was acknowledged
        self.due: dict[str, datetime] = {}  # order number → when its clock has to speak
        self.doubled: str | None = None  # a request that was answered with two orders
        self.errors = 0
        self.checked = 0  # orders that were compared and are no longer worked on
        self.news = 0  # acknowledgements so far
        self.start()

    def start(self) -> None:
        first = 0 if self.last is None else self.last[0]  # what was under way is asked for again
        self.process = subprocess.Popen(
            [*self._command[:-1], self.name, str(first), self._command[-1]],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                with suppress(json.JSONDecodeError):  # cut off by a kill
                    self._heard(json.loads(line))

    def _heard(self, told: list[object]) -> None:
        if told[0] == "error":
            self.errors += 1
            return
        if told[0] == "due":
            self.due[str(told[1])] = datetime.fromisoformat(str(told[2]))
            return
        turn, step, number = int(str(told[0])), str(told[1]), str(told[2])
        if self.numbers.setdefault(turn, number) != number:
            self.doubled = f"{self.name}:{turn} is {self.numbers[turn]} and {number}"
        self.done[number] = max(self.done.get(number, 0), STEPS[step])
        self.last, self.news = (turn, step), self.news + 1

    def end(self, by: signal.Signals) -> None:
        self.process.send_signal(by)
        self.process.wait(60)
        self._reader.join(10)


class Scene:
    """The database, the processes and the clock they go by."""

    def __init__(self, kind: str, seed: int) -> None:
        """`kind`: sqlite, postgresql or served (by a real server on PostgreSQL). The same seed chooses the same faults."""
        self.kind, self.random = kind, random.Random(seed)
        self.folder = Path(tempfile.mkdtemp(prefix="nxfault"))
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        self.small_disk = kind in DISK_MB and _mount(self.disk, DISK_MB[kind])
        self.server = Server(self.disk) if kind != "sqlite" else None
        self.url = self.server.url if self.server else f"sqlite:///{self.disk}/nuanxian.sqlite"
        self._keys, self._clock = self.folder / "keys", self.folder / "clock"
        self.jump(0.0)
        store = self._store()  # the tables, and the keys
        self.log = self.folder / "server.log"
        self.latest_s = 0.0  # the latest clock, beyond the outage it had to wait for
        self.house = (
            House(self.url, self._keys, make_tokens(store)[0], self.log) if kind == "served" else None
        )
        store.close()
        how = ["tests.faults.worker", self.url, str(self._keys)]
        if self.house is not None:
            self.house.start()
            how = ["tests.faults.caller", self.url, str(self._keys), self.house.address, self.house.token]
        command = [sys.executable, "-m", *how, str(self._clock)]
        self.processes = [Process(f"p{place}", command) for place in range(WORKERS)]
        self._began, self._longest_s = local_now(), 0.0
        self._wait_for_news()

    def run(self, fault: str) -> float:
        """Work, the fault, repair, work again, check. The outage in seconds. Raises BrokenError."""
        began = local_now()
        time.sleep(self.random.uniform(0.3, 1.2))
        begun = time.monotonic()
        FAULTS[fault](self)
        self.revive()
        if self.house is not None:
            self.house.wait_for_the_old()
        self._wait_for_news()
        outage_s = time.monotonic() - begun
        self._longest_s = max(self._longest_s, outage_s)
        time.sleep(0.3)
        self.check(began, outage_s)
        return outage_s

    def revive(self) -> None:
        """What an init system does: what is not running is started again."""
        if self.server is not None:
            self.server.start()
        if self.house is not None:
            self.house.start()
        for process in self.processes:
            if process.process.poll() is not None:
                process.start()

    def victims(self) -> list[int]:
        """Every process that may be killed: of ours, or of the database's, which are many, one time as the other."""
        ours = (
            [process.process.pid for process in self.processes]
            if self.house is None
            else self.house.processes()
        )
        if self.server is None or (ours and self.random.random() < 0.5):
            return ours
        return [*self.server.children(), *([self.server.process] if self.server.process is not None else [])]

    def jump(self, seconds: float) -> None:
        """Set the local time of the processes, that much off the true one."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._clock)

    def close(self) -> None:
        for process in self.processes:
            with suppress(Exception):
                process.end(signal.SIGKILL)
        if self.house is not None:
            self.house.stop()
        if self.server is not None:
            self.server.stop("immediate")
        if self.small_disk:
            subprocess.run(["umount", "-l", str(self.disk)], check=True)
        shutil.rmtree(self.folder)

    def finish(self) -> tuple[int, int]:
        """End the processes in peace and check everything once more. How many orders and rows of history there are."""
        for process in self.processes:
            process.end(signal.SIGTERM)
        if self.house is not None:
            self.house.end()
        store = self._store()
        self._check_lateness(store, self._began, self._longest_s)
        # Clocks of orders that were placed while the time was an hour ahead are due in an hour.
        until = local_now() + timedelta(hours=1, seconds=DUE_IN_S[1])
        while fire_next(store, until):
            pass
        while add_anchor(store, local_now()):
            pass
        for process in self.processes:
            for turn, number in process.numbers.copy().items():
                _check_order(store, process, turn, number, ended=True)
        report = verify(store)
        store.close()
        if report.broken is not None:
            raise AuditBrokenError(f"audit trail: {report.broken.where}: {report.broken.why}")
        return report.orders, report.rows

    def check(self, began: datetime, outage_s: float) -> None:
        """Compare the database with the journal while work goes on. Raises BrokenError."""
        repaired = local_now()
        store = self._store()
        try:
            until = time.monotonic() + LATE_S
            while (overdue := _overdue(store, repaired)) and time.monotonic() < until:
                time.sleep(0.2)
            if overdue:
                raise BrokenError(f"{overdue} clocks are still due {LATE_S:.0f} s after the repair")
            for process in self.processes:
                if process.doubled is not None:
                    raise BrokenError(f"doubled: {process.doubled}")
                for turn, number in list(process.numbers.copy().items())[process.checked :]:
                    _check_order(store, process, turn, number)
                    process.checked += turn < (process.last or (0,))[0]  # its last order goes on
            orders = store.tables.orders
            with store.engine.connect() as connection:
                stored = connection.execute(select(func.count()).select_from(orders)).scalar_one()
            told = sum(len(process.numbers) for process in self.processes)
            if not stored - WORKERS <= told:
                raise BrokenError(f"{stored} orders are stored, {told} were told of: some are doubled")
            self._check_lateness(store, began, outage_s)
            report = verify(store)
            if report.broken is not None:
                raise AuditBrokenError(f"audit trail: {report.broken.where}: {report.broken.why}")
        finally:
            store.close()

    def _check_lateness(self, store: Store, began: datetime, outage_s: float) -> None:
        told = {number: due for process in self.processes for number, due in process.due.items()}
        for order in _reported(store, began):
            if (due := told.get(order.number)) is None:  # its journal line is on the way
                continue
            spoken = next(row.at for row in order.history if row.move == Move.ESCALATE)
            late_s = (spoken - due).total_seconds()
            if due < began or abs(late_s) >= 3000:  # it spoke while the time was wrong
                continue
            self.latest_s = max(self.latest_s, late_s - outage_s)
            if late_s > outage_s + LATE_S:
                raise BrokenError(
                    f"order {order.number}: its clock spoke {late_s:.1f} s late, the outage was {outage_s:.1f} s"
                )

    def _wait_for_news(self) -> None:
        """Until every process has got something done that it had not done before."""
        before = [process.news for process in self.processes]
        until = time.monotonic() + WITHIN_S
        while any(process.news <= old for process, old in zip(self.processes, before, strict=True)):
            if time.monotonic() > until:
                raise BrokenError(f"a process has done nothing for {WITHIN_S:.0f} s after the repair")
            self.revive()  # whatever is gone, whenever
            time.sleep(0.02)

    def _store(self) -> Store:
        return open_store(load_settings(db=self.url, keys=self._keys))


class House:
    """A real server with two processes. Its main process is started again when it is gone, as systemd does; what is left of the
    processes under the old one has to go by itself, which systemd would see to."""

    def __init__(self, url: str, keys: Path, token: str, log: Path) -> None:
        self.token, self._log = token, log
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._command = [
            sys.executable, "-m", "bot.cli", "run", "--workers", "2", "--port", str(port), "--db", url,
        ]  # fmt: skip
        self._environment = os.environ | {
            "NUANXIAN_KEYS": str(keys), "NUANXIAN_DEMO": "false", "NUANXIAN_TELEPHONE": "false",
        }  # fmt: skip
        self._main: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []  # of all main processes there were

    def processes(self) -> list[int]:
        if self._main is None or self._main.poll() is not None:
            return []
        return [self._main.pid, *children_of(self._main.pid)]

    def servers(self) -> list[int]:
        """Those who serve, of the processes under the main one."""
        found = []
        for process in self.processes()[1:]:
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes():
                    found.append(process)
        return found

    def kill(self) -> None:
        assert self._main is not None
        self._main.kill()
        self._main.wait(10)

    def start(self) -> None:
        if self._main is not None and self._main.poll() is None:
            return
        with self._log.open("ab") as log:
            self._main = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        self._groups.append(self._main.pid)

    def end(self) -> None:
        """SIGTERM, as an operator stops it. Raises BrokenError when something is left of it after what systemd would wait."""
        assert self._main is not None
        self._main.terminate()
        try:
            self._main.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise BrokenError(f"the server did not end within {STOPPED_WITHIN_S:.0f} s") from None
        self._wait_for(self._groups)

    def wait_for_the_old(self) -> None:
        """Until those whose main process is gone are gone as well: what they still answer does not end the outage.

        Raises BrokenError when they go on.
        """
        self._wait_for(self._groups[:-1])

    def _wait_for(self, groups: list[int]) -> None:
        until = time.monotonic() + LEFT_WITHIN_S
        while groups and (left := _listed("--sid", ",".join(map(str, groups)))):
            if time.monotonic() > until:
                raise BrokenError(f"processes are left of a server that is gone: {left}")
            time.sleep(0.05)

    def stop(self) -> None:
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        if self._main is not None:
            self._main.wait(10)


def children_of(process: int) -> list[int]:
    return _listed("--ppid", str(process))


def free_port() -> int:
    """One that no connection is given by itself: while the server is away, who asks for it must not get its port."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10_000, lowest)
        with suppress(OSError), create_server(("127.0.0.1", port)):
            return port


def _listed(*which: str) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=,stat=", *which], capture_output=True, text=True, check=False
    ).stdout.splitlines()
    return [int(line.split()[0]) for line in listed if "Z" not in line]


class Server:
    """A PostgreSQL server with its disk writes as in real work, in this folder. It listens on no network address."""

    def __init__(self, folder: Path) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not programs:
            raise SystemExit("the PostgreSQL server is missing: apt-get install postgresql")
        self._bin, self._data = programs[-1], folder / "data"
        self._socket = Path(tempfile.mkdtemp(prefix="nxpg"))
        self._as_user: list[str] = []
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            folder.parent.chmod(0o711)
            for owned in (folder, self._socket):
                os.chown(owned, user.pw_uid, user.pw_gid)
            self._as_user = [
                "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
            ]  # fmt: skip
        self.url = f"postgresql://postgres@/postgres?host={self._socket}"
        self._run(
            "initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=1"
        )  # fmt: skip
        self.start()

    @property
    def process(self) -> int | None:
        """The id of the main process; None when there is none."""
        try:
            found = int((self._data / "postmaster.pid").read_text().split()[0])
            state = Path(f"/proc/{found}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ValueError, IndexError):
            return None
        return None if state == "Z" else found  # killed, and nobody has taken note: it is gone all the same

    def children(self) -> list[int]:
        return [] if self.process is None else children_of(self.process)

    def start(self) -> None:
        if self.process is None:
            options = f"-k {self._socket} -c listen_addresses='' -c shared_buffers=32MB -c max_wal_size=16MB"
            options += " -c min_wal_size=4MB -c restart_after_crash=on"
            self._run("pg_ctl", "-l", str(self._socket / "log"), "-w", "-o", options, "start")

    def stop(self, how: str) -> None:
        """`how`: fast, or immediate (as if it had crashed)."""
        if self.process is not None:
            self._run("pg_ctl", "-m", how, "-w", "stop")
        if how == "immediate" and not self._data.parent.exists():
            shutil.rmtree(self._socket)

    def _run(self, program: str, *arguments: str) -> None:
        until = time.monotonic() + GONE_WITHIN_S
        while True:
            done = subprocess.run(
                [*self._as_user, str(self._bin / program), "-D", str(self._data), *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
            )  # fmt: skip
            if not done.returncode or program == "initdb" or time.monotonic() > until:
                break
            time.sleep(0.2)  # what was killed is still going away
        if done.returncode:
            raise BrokenError(f"{program}: {done.stderr.decode(errors='replace')}")


def kill_any(scene: Scene) -> None:
    """kill -9 of any process: one of ours, one of the database's, or the one all of these hang on."""
    victim = scene.random.choice(scene.victims())
    with suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
    for process in scene.processes:
        if process.process.pid == victim:
            process.process.wait(10)
    time.sleep(0.2)


def kill_server(scene: Scene) -> None:
    """kill -9 of one of the two processes that serve."""
    assert scene.house is not None
    os.kill(scene.random.choice(scene.house.servers()), signal.SIGKILL)


def kill_supervisor(scene: Scene) -> None:
    """kill -9 of the process above them."""
    assert scene.house is not None
    scene.house.kill()


def restart_database(scene: Scene) -> None:
    """The PostgreSQL server is away for a moment, after an orderly stop, a crash or kill -9 of its main process."""
    assert scene.server is not None and scene.server.process is not None
    if (how := scene.random.choice(("fast", "immediate", "kill"))) == "kill":
        os.kill(scene.server.process, signal.SIGKILL)
    else:
        scene.server.stop(how)
    time.sleep(scene.random.uniform(0.1, 1.5))
    scene.server.start()


def fill_disk(scene: Scene) -> None:
    """Not one block is left on the disk of the database, for a while."""
    if not scene.small_disk:
        raise SystemExit("filling a disk needs the right to mount a small one (run it as root)")
    before = sum(process.errors for process in scene.processes)
    ballast = scene.disk / "ballast"
    with ballast.open("wb", buffering=0) as full, suppress(OSError):
        while full.write(b"\0" * 65536):
            pass
    until = time.monotonic() + 8
    while sum(process.errors for process in scene.processes) == before and time.monotonic() < until:
        with ballast.open("ab", buffering=0) as full, suppress(OSError):
            while full.write(b"\0" * 4096):  # what was given back meanwhile
                pass
        time.sleep(0.05)
    hit = sum(process.errors for process in scene.processes) > before
    time.sleep(scene.random.uniform(0.1, 0.5))
    ballast.unlink()
    if not hit:
        raise BrokenError("the disk was full and nobody noticed")


def jump_clock(scene: Scene) -> None:
    """The local time of every process is an hour ahead, or behind, for a moment."""
    scene.jump(scene.random.choice((3600.0, -3600.0)))
    time.sleep(scene.random.uniform(0.8, 1.6))
    scene.jump(0.0)


FAULTS: Mapping[str, Callable[[Scene], None]] = {
    "kill": kill_any, "server": kill_server, "supervisor": kill_supervisor, "restart": restart_database, "disk": fill_disk, "clock": jump_clock,
}  # fmt: skip


@contextmanager
def scene_of(kind: str, seed: int) -> Iterator[Scene]:
    scene = Scene(kind, seed)
    try:
        yield scene
    finally:
        scene.close()


def _check_order(store: Store, process: Process, turn: int, number: str, *, ended: bool = False) -> None:
    acknowledged = process.done[number]  # before reading: what follows may be newer
    try:
        with store.reading() as uow:
            order = uow.orders.get(number)
    except OrderNotFoundError:
        raise BrokenError(f"order {number} ({process.name}:{turn}) is lost") from None
    made = Counter(row.move for row in order.history)
    wanted = [move.value for move, _ in MOVES]
    if [move for move in wanted[:acknowledged] if made[move] != 1] or any(made[move] > 1 for move in wanted):
        raise BrokenError(
            f"order {number}: {acknowledged} moves were acknowledged, its history says {dict(made)}"
        )
    reported = Counter(
        (row.payload["step"], row.payload["level"]) for row in order.history if row.move == Move.ESCALATE
    )
    if any(times > 1 for times in reported.values()):
        raise BrokenError(f"order {number}: a clock spoke twice: {dict(reported)}")
    watched = turn % WATCHED_EVERY == 0
    if ended and (not reported["accept", 1] if watched else acknowledged < len(MOVES)):
        raise BrokenError(f"order {number} is stuck: {order.state}")


def _reported(store: Store, since: datetime) -> list[Order]:
    orders = store.tables.orders
    # What was placed while the time was wrong has a due time of its own kind.
    placed = orders.c.placed_at.between(since, local_now())
    asked = select(orders.c.number).where(orders.c.escalation > 0, placed)
    with store.engine.connect() as connection:
        numbers = list(connection.execute(asked).scalars())
    with store.reading() as uow:
        return [uow.orders.get(number) for number in numbers]


def _overdue(store: Store, at: datetime) -> int:
    deadlines = store.tables.work.deadlines
    with store.engine.connect() as connection:
        due = select(func.count()).select_from(deadlines).where(deadlines.c.next_at <= at)
        return connection.execute(due).scalar_one()


def _mount(folder: Path, megabytes: int) -> bool:
    """A small disk in memory at `folder`; False where that is not allowed."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
