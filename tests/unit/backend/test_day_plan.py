"""Day plans: short ways, promised times kept, and a new plan when something happens."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.domain.day_plan import EMERGENCY, PROMISED, DayPlan, Shift, Visit, plan
from backend.domain.geography import Position, travel_minutes
from config.dispatch import load_dispatch

RULES = load_dispatch()
MORNING, EVENING = datetime(2026, 11, 24, 8, 30), datetime(2026, 11, 24, 18, 0)
CENTRE = Position(38.474, 106.228)
BOTH = frozenset({"ann", "bob"})


def place(north: float, east: float = 0.0) -> Position:
    """So many hundredths of a degree from the centre."""
    return Position(CENTRE.lat + north / 100, CENTRE.lon + east / 100)


def visit(
    key: str, north: float, *, workers: frozenset[str] = BOTH, at: int | None = None, **more: int
) -> Visit:
    promised = None if at is None else MORNING.replace(hour=at, minute=0)
    latest = None if promised is None else promised + timedelta(minutes=30)
    return Visit(key, place(north), 40, workers, promised, latest, **more)


def shift(worker: str, north: float, *, visits: int = 8, start: datetime = MORNING) -> Shift:
    return Shift(worker, start, EVENING, place(north), visits)


SHIFTS = (shift("ann", 5), shift("bob", -5))


def route(found: DayPlan, worker: str) -> list[str]:
    return [stop.key for stop in found.stops if stop.worker == worker]


def test_everybody_goes_where_it_is_near() -> None:
    found = plan([visit("n1", 5), visit("s1", -5), visit("n2", 6), visit("s2", -6)], SHIFTS, RULES)
    assert (set(route(found, "ann")), set(route(found, "bob"))) == ({"n1", "n2"}, {"s1", "s2"})
    assert found.left_over == ()


def test_a_route_can_be_walked_and_promised_times_are_kept() -> None:
    visits = [
        visit("a", 1),
        visit("noon", 4, at=12, priority=PROMISED),
        visit("b", -3),
        visit("early", -4, at=9, priority=PROMISED),
    ]
    found = plan(visits, SHIFTS, RULES)
    stops = {stop.key: stop for stop in found.stops}
    assert set(stops) == {"a", "b", "noon", "early"}
    for one in visits:
        if one.earliest is not None and one.latest is not None:
            assert one.earliest <= stops[one.key].begins <= one.latest
    for worker, start in (("ann", place(5)), ("bob", place(-5))):
        here, free = start, MORNING
        for key in route(found, worker):
            there = next(one.position for one in visits if one.key == key)
            minutes = travel_minutes(here, there, road_factor=RULES.road_factor, speed_kmh=RULES.speed_kmh)
            assert stops[key].begins >= free + timedelta(minutes=minutes) - timedelta(seconds=2)
            here, free = there, stops[key].ends
        assert free <= EVENING


def test_only_who_may_do_it_does_it() -> None:
    found = plan(
        [visit("n", 5, workers=frozenset({"bob"})), visit("x", 5, workers=frozenset())], SHIFTS, RULES
    )
    assert (route(found, "bob"), found.left_over) == (["n"], ("x",))


def test_nobody_gets_more_than_fits() -> None:
    found = plan([visit(str(count), count / 10) for count in range(5)], [shift("ann", 0, visits=3)], RULES)
    assert (len(found.stops), len(found.left_over)) == (3, 2)


def test_an_emergency_comes_into_the_running_day_and_promises_stay() -> None:
    now = MORNING.replace(hour=10)
    late = [shift("ann", 5, start=now, visits=2)]
    routine, promised = visit("routine", 5), visit("promised", 4, at=11, priority=PROMISED)
    before = plan([routine, promised], late, RULES)
    assert before.left_over == ()
    fire = Visit("fire", place(5), 40, BOTH, now, now + timedelta(minutes=30), EMERGENCY)
    after = plan([routine, promised, fire], late, RULES)
    assert (route(after, "ann"), after.left_over) == (["fire", "promised"], ("routine",))


def test_who_does_not_come_leaves_the_visits_to_the_others() -> None:
    found = plan([visit("n", 5), visit("s", -5)], [shift("bob", -5)], RULES)
    assert set(route(found, "bob")) == {"n", "s"}


def test_without_visits_or_workers_there_is_no_route() -> None:
    assert plan([], SHIFTS, RULES) == DayPlan((), ())
    assert plan([visit("a", 1)], [], RULES) == DayPlan((), ("a",))
    assert plan([visit("a", 1)], [Shift("ann", EVENING, EVENING, CENTRE, 8)], RULES) == DayPlan((), ("a",))
