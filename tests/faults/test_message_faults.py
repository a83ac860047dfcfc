"""Every message of WeChat is answered exactly once, whatever breaks meanwhile, for seconds; `bench_message_faults` for a minute."""

from __future__ import annotations

import pytest

from tests.faults.messages import count_under, held_words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "seconds", "told"),
    [("three deliveries", 3, set()), ("platform fails", 5, set()), ("no database", 4, {held_words()})],
)
def test_every_message_is_answered_exactly_once(fault: str, seconds: float, told: set[str]) -> None:
    counted, besides = count_under(fault, seconds, rate=50, pause_s=0.3)
    assert counted.written >= 50 * seconds
    assert counted.taken == counted.written, counted
    assert counted.each_once, counted
    assert besides <= told
    assert (sum(counted.failed.values()) > 0) == (fault == "platform fails")
