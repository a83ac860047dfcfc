"""What the stack prints past its log is counted, and told now and then."""

from __future__ import annotations

from structlog.testing import capture_logs

from voice.line.stack_errors import StackErrors


def test_a_flood_is_counted_and_told_a_few_times() -> None:
    errors = StackErrors()
    with capture_logs() as logs:
        for _ in range(100):
            assert errors.feed(b"sip: msg decode err: Bad message [74]\n") == b""
        errors.feed(b"unhandled request from 192.0.2.7:5060: REFER sip:13912345678@x\n")
    assert errors.counts == {"unreadable": 100, "unknown request": 1}
    assert [line["packets"] for line in logs] == [1, 2, 4, 8, 16, 32, 64, 1]
    assert "13912345678" not in str(logs) and "192.0.2.7" not in str(logs)


def test_what_others_print_goes_on_in_whole_lines() -> None:
    errors = StackErrors()
    assert errors.feed(b"Segmentation") == b""
    assert errors.feed(b" fault\nsip: msg dec") == b"Segmentation fault\n"
    assert errors.feed(b"ode err: x\n") == b"" and errors.counts["unreadable"] == 1
