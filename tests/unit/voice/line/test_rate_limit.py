"""How fast calls may come."""

from __future__ import annotations

from voice.line.numbers import WITHHELD
from voice.line.rate_limit import MAX_CALLERS, Allowed, CallRate, TokenBucket


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(100.5)
    assert not bucket.take(100.5)
    assert [bucket.take(900.0) for _ in range(4)] == [True, True, True, False]


PLENTY = Allowed(per_minute=6_000, burst=100)


def test_one_caller_can_not_use_up_everybodys_share() -> None:
    rate = CallRate(together=Allowed(60, 10), caller=Allowed(6, 2), withheld=PLENTY)
    assert [rate.allows("pest", "", 0) for _ in range(50)].count(True) == 2
    assert all(rate.allows(str(caller), "", 0) for caller in range(8))
    assert not rate.allows("one more", "", 0)


def test_those_who_withhold_their_number_are_many_people_each_source_with_a_share_of_its_own() -> None:
    rate = CallRate(together=PLENTY, caller=Allowed(6, 2), withheld=Allowed(60, 12))
    assert all(rate.allows(WITHHELD, "192.0.2.7", second) for second in range(8))
    assert [rate.allows(WITHHELD, "192.0.2.7", 8) for _ in range(50)].count(True) == 12
    assert rate.allows(WITHHELD, "192.0.2.8", 8)


def test_a_flood_of_made_up_numbers_does_not_fill_the_memory() -> None:
    rate = CallRate(together=PLENTY, caller=PLENTY, withheld=PLENTY)
    for caller in range(3 * MAX_CALLERS):
        rate.allows(str(caller), "", 0)
    assert len(rate._known) == MAX_CALLERS
