"""How fast calls may come."""

from __future__ import annotations

from voice.line.rate_limit import MAX_CALLERS, CallRate, TokenBucket


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(100.5)
    assert not bucket.take(100.5)
    assert [bucket.take(900.0) for _ in range(4)] == [True, True, True, False]


def test_one_caller_can_not_use_up_everybodys_share() -> None:
    rate = CallRate(per_second=1, burst=10, per_caller_minute=6, caller_burst=2)
    assert [rate.allows("pest", 0) for _ in range(50)].count(True) == 2
    assert all(rate.allows(str(caller), 0) for caller in range(8))
    assert not rate.allows("one more", 0)


def test_a_flood_of_made_up_numbers_does_not_fill_the_memory() -> None:
    rate = CallRate(per_second=1, burst=1, per_caller_minute=1, caller_burst=1)
    for caller in range(3 * MAX_CALLERS):
        rate.allows(str(caller), 0)
    assert len(rate._callers) == MAX_CALLERS
