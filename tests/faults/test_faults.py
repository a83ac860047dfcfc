"""A few faults of each kind; `python -m tests.bench.bench_faults --runs 50` makes fifty of each."""

from __future__ import annotations

import os

import pytest

from tests.faults.scene import scene_of

RUNS = 2
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="a small disk can be mounted by root only")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("sqlite", "kill"), ("sqlite", "clock"), pytest.param("sqlite", "disk", marks=needs_root),
        ("postgresql", "kill"), ("postgresql", "restart"), ("postgresql", "clock"),
        pytest.param("postgresql", "disk", marks=needs_root),
    ],
)  # fmt: skip
def test_nothing_is_lost_doubled_or_stuck(kind: str, fault: str) -> None:
    with scene_of(kind, seed=7) as scene:
        for _ in range(RUNS):
            scene.run(fault)
        orders, rows = scene.finish()
    assert orders > 0
    assert rows >= 2 * orders


@pytest.mark.slow
def test_a_server_that_is_killed_is_there_again() -> None:
    with scene_of("served", seed=7) as scene:
        for fault in ("server", "supervisor"):
            scene.run(fault)
        orders, rows = scene.finish()
    assert orders > 0
    assert rows >= 2 * orders
