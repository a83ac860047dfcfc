"""Jobs go on whatever happens to one of them."""

from __future__ import annotations

import threading
import time
from datetime import datetime

import pytest

from backend.jobs.runner import Job, Runner

NOW = datetime(2026, 11, 23, 9, 10)


def test_a_job_runs_again_at_once_while_there_is_more_to_do() -> None:
    left, done = [3], threading.Event()

    def run(now: datetime) -> bool:
        assert now == NOW
        left[0] -= 1
        if left[0] <= 0:
            done.set()
        return left[0] > 0

    runner = Runner([Job("much", 60, run)], clock=lambda: NOW)
    runner.start()
    assert done.wait(5)
    runner.stop()
    assert left == [0]


def test_a_job_that_fails_is_tried_again_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    ran, done = [0], threading.Event()

    def broken(_: datetime) -> bool:
        raise RuntimeError("out of order")

    def good(_: datetime) -> bool:
        ran[0] += 1
        if ran[0] == 5:
            done.set()
        return False

    runner = Runner([Job("broken", 0.01, broken), Job("good", 0.01, good)], clock=lambda: NOW)
    runner.start()
    assert done.wait(5)
    runner.stop()
    assert "job_failed: broken, again in 1 s" in caplog.text


def test_stopping_waits_for_what_is_being_done() -> None:
    begun, finished = threading.Event(), []

    def slow(_: datetime) -> bool:
        begun.set()
        time.sleep(0.1)
        finished.append(True)
        return False

    runner = Runner([Job("slow", 60, slow)], clock=lambda: NOW)
    runner.start()
    assert begun.wait(5)
    runner.stop()
    assert finished == [True]
