"""Losses: the share is kept, bursts have their length, and a seed gives the same every time."""

from __future__ import annotations

from itertools import groupby

import pytest

from voice.line.losses import Losses

PACKETS = 50_000


def runs(losses: Losses) -> list[int]:
    return [len(list(run)) for lost, run in groupby(losses() for _ in range(PACKETS)) if lost]


@pytest.mark.parametrize(("share", "burst"), [(0.05, 0), (0.3, 0), (0.05, 4), (0.3, 4), (0.2, 10)])
def test_the_share_is_lost_in_bursts_of_the_length_wished(share: float, burst: float) -> None:
    lost = runs(Losses(share, burst=burst, seed=1))
    assert sum(lost) / PACKETS == pytest.approx(share, rel=0.1)
    assert sum(lost) / len(lost) == pytest.approx(burst or 1 / (1 - share), rel=0.1)


def test_a_seed_gives_the_same_losses_and_another_one_others() -> None:
    assert runs(Losses(0.1, seed=2)) == runs(Losses(0.1, seed=2)) != runs(Losses(0.1, seed=3))


def test_without_losses_nothing_is_lost() -> None:
    assert runs(Losses(0)) == []


@pytest.mark.parametrize(("share", "burst"), [(1, 0), (-0.1, 0), (0.1, 0.5)])
def test_what_can_not_be_is_refused(share: float, burst: float) -> None:
    with pytest.raises(ValueError, match="share"):
        Losses(share, burst=burst)
