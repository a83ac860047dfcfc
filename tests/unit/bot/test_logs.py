"""Logging must never be what breaks a call."""

from __future__ import annotations

import io
import json
import logging
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


def test_lines_of_libraries_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logging.getLogger("backend.jobs.runner").info("clock_jumped: job %s", "deadlines")
    logging.getLogger("some.library").info("https://api.example/?access_token=1")
    try:
        raise ValueError("once more")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("request failed")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["event"], first["level"]) == ("clock_jumped: job deadlines", "info")
    assert "once more" in second["exception"]


def test_what_stands_in_a_refused_row_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    refused = (
        'null value in column "item"\nDETAIL:  Failing row contains (7, 马秀英,\n13909510011).\n'
        "[SQL: INSERT INTO orders ...]"
    )
    try:
        raise ValueError(refused)
    except ValueError:
        structlog.get_logger().exception("turn_failed")
        logging.getLogger("backend.jobs.runner").exception("job_failed")
    written = capsys.readouterr().err
    assert "马秀英" not in written
    assert "13909510011" not in written
    assert written.count("INSERT INTO orders") == 2
