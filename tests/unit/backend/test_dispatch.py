"""Who is asked: what rules somebody out, what counts for them, and how it is explained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backend.domain.dispatch import Candidate, Job, explanation, position_of, rank, score
from backend.domain.geography import Position, distance_km, travel_minutes
from backend.domain.providers import Worker
from config.dispatch import DispatchError, load_dispatch, read_dispatch

RULES = load_dispatch()
HOME = Position(38.474, 106.228)
NEAR, FAR = Position(38.480, 106.232), Position(38.55, 106.346)
JOB = Job(item="bath", region="64010603", position=HOME, gender="f", language="宁夏话")
WORKER = Worker(
    "w1", "马晓燕", "p1", "64010603", ("bath", "meal"), position=NEAR, gender="f", skills=("body_care",)
)


def candidate(code: str = "w1", *, open_orders: int = 0, visits: int = 0, **changes: Any) -> Candidate:
    return Candidate(replace(WORKER, code=code, **changes), open_orders, visits)


def test_distances_are_those_of_the_map() -> None:
    yinchuan, guyuan = Position(38.487, 106.230), Position(36.016, 106.242)
    assert distance_km(yinchuan, guyuan) == pytest.approx(274.8, abs=0.5)
    assert distance_km(HOME, HOME) == 0
    assert travel_minutes(HOME, NEAR, road_factor=1.35, speed_kmh=22) == pytest.approx(2.77, abs=0.1)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"active": False}, "inactive"),
        ({"items": ("meal",)}, "item"),
        ({"skills": ()}, "skill"),
        ({"open_orders": 8}, "full"),
        ({"a_day": 0}, "full"),
        ({"position": Position(38.103, 106.34)}, "radius"),
        ({"radius_km": 0.5}, "radius"),
        ({"gender": "m"}, "gender"),
        ({"gender": None}, "gender"),
        ({"code": "asked"}, "asked"),
    ],
)
def test_some_can_not_be_asked_and_it_is_said_why(changes: dict[str, Any], why: str) -> None:
    found = score(replace(JOB, asked=frozenset({"asked"})), candidate(**changes), RULES)
    assert found.ruled_out == (why,)
    assert found.explained()["ruled_out"] == [why]


def test_who_may_be_asked_is_not_ruled_out() -> None:
    assert score(JOB, candidate(), RULES).ruled_out == ()


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"position": NEAR}, {"position": FAR}),
        ({"visits": 3}, {"visits": 0}),
        ({"rating": 4.9}, {"rating": 3.0}),
        ({"rating": None}, {"rating": 2.0}),
        ({"open_orders": 1}, {"open_orders": 6}),
        ({"languages": ("宁夏话",)}, {"languages": ("普通话",)}),
    ],
)
def test_each_criterion_decides_when_the_others_are_equal(
    better: dict[str, Any], worse: dict[str, Any]
) -> None:
    ranked = rank(JOB, [candidate("a", **worse), candidate("b", **better)], RULES)
    assert [one.worker for one in ranked] == ["b", "a"]


def test_where_it_is_no_must_the_same_gender_still_counts() -> None:
    job = replace(JOB, item="nursing")
    nurse = {"items": ("nursing",), "skills": ("nursing_licence",)}
    ranked = rank(job, [candidate("a", gender="m", **nurse), candidate("b", gender="f", **nurse)], RULES)
    assert [(one.worker, one.ruled_out) for one in ranked] == [("b", ()), ("a", ())]
    wished = replace(job, wants_gender="m")
    assert rank(wished, [candidate("b", **nurse)], RULES)[0].ruled_out == ("gender",)


def test_equal_ones_are_ranked_the_same_every_time() -> None:
    ranked = rank(JOB, [candidate("c"), candidate("a"), candidate("b")], RULES)
    assert [one.worker for one in ranked] == ["a", "b", "c"]


def test_somebody_without_a_position_is_neither_near_nor_far() -> None:
    found = score(replace(JOB, region=None, position=None), candidate(position=None), RULES)
    assert (found.worth["travel"], found.minutes, found.ruled_out) == (0.5, None, ())
    county = score(replace(JOB, position=None), candidate(position=None, region="64010402"), RULES)
    assert county.minutes is not None
    assert position_of(None, "64010402", RULES) == RULES.centres["640104"]


def test_the_choice_is_explained_by_numbers_that_add_up() -> None:
    ranked = rank(JOB, [candidate("a", visits=2), candidate("b"), candidate("c", active=False)], RULES)
    why = explanation(ranked[0], ranked, RULES)
    chosen = why["chosen"]
    assert chosen["worker"] == "a"
    assert chosen["total"] == pytest.approx(
        sum(why["weights"][name] * value for name, value in chosen["worth"].items()), abs=0.01
    )
    assert [one["worker"] for one in why["next"]] == ["b"]
    assert why["looked_at"] == 3


def raw() -> dict[str, Any]:
    from importlib.resources import files

    import yaml

    found: dict[str, Any] = yaml.safe_load(files("config").joinpath("dispatch.yaml").read_text("utf-8"))
    return found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"automatic": ["nobody"]}, "automatic: .'nobody'. are unknown"),
        ({"weights": {"beauty": 1}}, "weights"),
        ({"skills": {"flying": []}}, "skills"),
        ({"centres": {"999999": [1, 2]}}, "centres"),
        ({"circles": [{"level": "city", "digits": 2, "offers": 1}, {"level": "county", "digits": 6, "offers": 1}]}, "must grow"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_told_with_its_place(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DispatchError, match=words):
        read_dispatch(raw() | changes)
