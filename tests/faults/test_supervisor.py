"""What the one above the server processes does when one of them, or itself, is killed, stands still or can not start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from socket import create_connection

import pytest

from bot.supervisor import ENDS_WITHIN_S, WRONG_SETTINGS
from tests.faults.scene import free_port

pytestmark = pytest.mark.slow

WITHIN_S = 60.0  # on a busy machine; else a second


class Toys:
    """The servers of `toy_server`, and the folder that they look at."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.above: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.faults.toy_server", str(self.port), str(self.folder)]
        quiet = subprocess.DEVNULL
        self.above.append(subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True))
        return self.above[-1]

    def answers(self) -> set[int]:
        """Who takes connections."""
        found = set()
        for _ in range(20):
            with suppress(OSError), create_connection(("127.0.0.1", self.port), timeout=0.5) as connection:
                found.add(int(connection.recv(16) or b"0"))
        return found - {0}

    def close(self) -> None:
        for above in self.above:
            with suppress(ProcessLookupError):
                os.killpg(above.pid, signal.SIGKILL)
            above.wait()


@pytest.fixture
def toys(tmp_path: Path) -> Iterator[Toys]:
    toys = Toys(tmp_path)
    yield toys
    toys.close()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def both(toys: Toys) -> set[int]:
    seen: set[int] = set()

    def found() -> bool:
        seen.update(toys.answers())
        return len(seen) >= 2

    until(found)
    return seen


def test_a_killed_process_is_replaced_and_the_other_goes_on(toys: Toys) -> None:
    toys.start()
    victim, other = sorted(both(toys))
    os.kill(victim, signal.SIGKILL)
    assert other in toys.answers()
    until(lambda: bool(toys.answers() - {victim, other}))
    assert other in both(toys)


def test_a_process_that_gives_no_sign_is_replaced(toys: Toys) -> None:
    toys.start()
    frozen, other = sorted(both(toys))
    os.kill(frozen, signal.SIGSTOP)
    until(lambda: bool(toys.answers() - {frozen, other}))
    with pytest.raises(ProcessLookupError):
        os.kill(frozen, 0)


def test_processes_without_their_supervisor_end_and_leave_the_port_to_the_next(toys: Toys) -> None:
    first = toys.start()
    orphans = both(toys)
    first.kill()
    first.wait()
    toys.start()  # at once, as systemd would
    until(lambda: bool(toys.answers() - orphans))
    assert not both(toys) & orphans
    for orphan in orphans:
        until(lambda: not Path(f"/proc/{orphan}/exe").exists())  # noqa: B023 (at once)


def test_a_start_that_fails_is_tried_again(toys: Toys) -> None:
    (toys.folder / "ends").write_text("1")
    above = toys.start()
    time.sleep(1.5)
    assert above.poll() is None and not toys.answers()
    (toys.folder / "ends").unlink()
    both(toys)


def test_wrong_settings_are_not_tried_again(toys: Toys) -> None:
    (toys.folder / "ends").write_text(str(WRONG_SETTINGS))
    assert toys.start().wait(WITHIN_S) == WRONG_SETTINGS


def test_settings_that_turn_wrong_take_nobody_away_who_serves(toys: Toys) -> None:
    above = toys.start()
    victim, other = sorted(both(toys))
    (toys.folder / "ends").write_text(str(WRONG_SETTINGS))
    os.kill(victim, signal.SIGKILL)
    time.sleep(1.5)
    assert above.poll() is None
    assert toys.answers() == {other}


def test_sigterm_ends_everything(toys: Toys) -> None:
    above = toys.start()
    both(toys)
    above.terminate()
    assert above.wait(ENDS_WITHIN_S) == 0
    assert not toys.answers()
