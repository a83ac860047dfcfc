"""Logging must never be what breaks a call."""

from __future__ import annotations

import io
import os
import sys

import pytest
import structlog

from bot import logs


def test_a_closed_standard_error_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure("info")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    structlog.get_logger().info("nobody_reads_this")


def test_a_reader_that_went_away_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    logs.configure("info")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(os.dup(writer), "w", buffering=1) as stream:
        os.close(writer)
        monkeypatch.setattr(sys, "stderr", stream)
        structlog.get_logger().info("nobody_reads_this")
        monkeypatch.undo()
        with pytest.raises(BrokenPipeError):
            stream.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # so that closing it is quiet


def test_lines_go_to_the_standard_error_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    structlog.get_logger().info("an_event", count=3)
    assert '"event": "an_event"' in capsys.readouterr().err
