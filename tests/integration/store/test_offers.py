"""Offers on both databases: the best first, the next when nobody answers, then further up; and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from backend.domain.geography import Position
from backend.domain.order import Move, Order, State
from backend.domain.people import Elder
from backend.domain.providers import Provider, Worker
from backend.services import clocks as clocks_module
from backend.services.commands import MoveOrder, OfferOrder
from backend.services.fire_deadlines import fire_next
from backend.services.move_order import UnknownWorkerError, move_order
from backend.services.offer_order import NobodyLeftError, UnfitWorkerError, offer_order, rank_candidates
from backend.services.place_order import place_order
from backend.store.open import Store
from config import organisation
from config.dispatch import load_dispatch

from .examples import MOTHER, NOW, place

TOWN, NEXT_TOWN, COUNTY = "64010601", "64010602", "640104"
HOME = Position(38.474, 106.228)


def worker(code: str, region: str = TOWN, lat: float = 38.475, **changes: object) -> Worker:
    return Worker(code, code, "p1", region, ("meal",), position=Position(lat, 106.23), **changes)  # type: ignore[arg-type]


WORKERS = (
    worker("near"), worker("far", lat=38.50), worker("busy", a_day=0), worker("other", NEXT_TOWN), worker("city", COUNTY),
    Worker("repairer", "repairer", "p2", TOWN, ("meal",)),
)  # fmt: skip


@pytest.fixture
def number(store: Store) -> str:
    """An order with the home service; workers in its town, in the next one and in the next county."""
    with store.unit_of_work() as uow:
        providers = [
            Provider("p1", "one", "home_service", "640106", ("meal",)), Provider("p2", "two", "repair", "640106", ("meal",)),
        ]  # fmt: skip
        uow.providers.save(providers, WORKERS)
        elder: Elder = uow.people.save(MOTHER)
        number = place_order(place("1", elder_id=elder.id, region=TOWN), uow).number
        uow.commit()
    return number


def offer(store: Store, number: str, **changes: object) -> Order:
    with store.unit_of_work() as uow:
        order = offer_order(OfferOrder(number, NOW, "desk", **changes), uow)  # type: ignore[arg-type]
        uow.commit()
    return order


def move(
    store: Store, number: str, move: Move, reason: str = "", at: datetime = NOW, **payload: object
) -> Order:
    with store.unit_of_work() as uow:
        order = move_order(MoveOrder(number, move, at, "w", reason, payload=payload), uow)
        uow.commit()
    return order


def test_workers_come_back_as_they_were_stored(store: Store, number: str) -> None:
    with store.reading() as uow:
        assert set(uow.providers.workers("p1")) == set(WORKERS[:-1])
        assert uow.providers.worker("nobody") is None
        found = uow.providers.candidates("home_service", TOWN, None)
    assert [one.worker.code for one in found] == ["busy", "far", "near"]


def test_the_best_one_is_asked_and_the_reasons_are_kept(store: Store, number: str) -> None:
    order = offer(store, number)
    assert (order.state, order.offered_to) == (State.OFFERED, "near")
    with store.reading() as uow:
        payload = uow.orders.get(number).history[-1].payload
    assert payload["overridden"] is False
    assert payload["why"]["chosen"]["worker"] == "near"
    assert [one["worker"] for one in payload["why"]["next"]] == ["far"]


def test_who_said_no_is_not_asked_again_until_the_order_changes(store: Store, number: str) -> None:
    asked = []
    for _ in range(3):
        asked.append(offer(store, number).offered_to)
        move(store, number, Move.REFUSE, "没空")
    assert asked == ["near", "far", "other"]
    offer(store, number)
    move(store, number, Move.REFUSE, "没空")
    with pytest.raises(NobodyLeftError):
        offer(store, number)
    move(store, number, Move.RESCHEDULE, iso="2026-11-26")
    assert offer(store, number).offered_to == "near"


def test_a_person_may_decide_otherwise_and_the_scores_are_noted_all_the_same(
    store: Store, number: str
) -> None:
    order = offer(store, number, worker="busy", override=True, reason="老人点名要他")
    why = order.history[-1].payload
    assert (order.offered_to, why["overridden"]) == ("busy", True)
    assert why["why"]["chosen"]["ruled_out"] == ["full"]
    assert "near" in {one["worker"] for one in why["why"]["next"]}
    assert offer(store, number, worker="repairer", override=True).history[-1].payload["why"]["chosen"][
        "ruled_out"
    ] == ["department"]
    with pytest.raises(UnknownWorkerError):
        offer(store, number, worker="nobody")


def test_the_worker_the_elder_knows_comes_before_a_nearer_one(store: Store, number: str) -> None:
    for _ in range(2):
        offer(store, number, worker="far")
        move(store, number, Move.ACCEPT)
        move(store, number, Move.FINISH)
        move(store, number, Move.REOPEN, "还差一点")
    offer(store, number, worker="far")
    move(store, number, Move.ACCEPT)
    move(store, number, Move.FINISH)
    with store.unit_of_work() as uow:
        elder_id = uow.orders.get(number).elder_id
        second = place_order(place("2", elder_id=elder_id, region=TOWN), uow).number
        found = {
            one.worker.code: one.visits for one in uow.providers.candidates("home_service", TOWN, elder_id)
        }
        uow.commit()
    assert found["far"] == 1
    assert offer(store, second).history[-1].payload["why"]["chosen"]["worker"] == "far"


def test_without_an_answer_the_next_is_asked_then_the_next_circle_and_each_level_is_told(
    store: Store, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    automatic = replace(clocks_module.load_clocks(), automatic=frozenset({"home_service"}))
    for module in ("clocks", "fire_deadlines"):
        monkeypatch.setattr(f"backend.services.{module}.load_clocks", lambda: automatic)
    move(store, number, Move.ROUTE, department="town")
    move(store, number, Move.ROUTE, department="home_service")
    now = NOW
    for _ in range(60):
        while fire_next(store, now):
            pass
        now += timedelta(minutes=1)
    with store.reading() as uow:
        order = uow.orders.get(number)
    said = [
        str(row.payload.get("worker") or row.payload.get("level") or row.move) for row in order.history[4:]
    ]
    assert said == ["near", "lapse", "far", "lapse", "1", "other", "lapse", "2", "city", "lapse", "3", "4"]
    assert (order.state, order.escalation) == (State.ROUTED, 4)


def worth(store: Store, number: str, code: str = "near") -> float:
    with store.reading() as uow:
        ranked = rank_candidates(uow, uow.orders.get(number), NOW)
    return next(float(one.why["worth"]["rating"]) for one in ranked if one.worker.code == code)


def test_what_people_say_afterwards_moves_the_stars_slowly_and_counts_once(store: Store, number: str) -> None:
    assert worth(store, number) == pytest.approx(4 / 5)  # nobody rated them
    with store.unit_of_work() as uow:
        done = place_order(place("2", region=TOWN), uow).number
        uow.commit()
    move(store, done, Move.ACCEPT, assignee="near")
    move(store, done, Move.FINISH)
    move(store, done, Move.CONFIRM, satisfaction=1)
    assert worth(store, number) == pytest.approx((4 * 5 + 1) / 6 / 5, abs=0.001)
    move(store, done, Move.FOLLOW_UP, satisfaction=3)  # about the same work: instead of the first answer
    assert worth(store, number) == pytest.approx((4 * 5 + 3) / 6 / 5, abs=0.001)
    move(store, done, Move.REOPEN, "没做好")
    move(store, done, Move.ACCEPT, assignee="near")
    move(store, done, Move.FINISH)
    move(store, done, Move.CONFIRM, satisfaction=5)  # about new work
    assert worth(store, number) == pytest.approx((4 * 5 + 3 + 5) / 7 / 5, abs=0.001)
    with store.unit_of_work() as uow:  # the next import of the list does not take it away
        uow.providers.save([], WORKERS)
        uow.commit()
    assert worth(store, number) == pytest.approx((4 * 5 + 3 + 5) / 7 / 5, abs=0.001)


def test_a_region_may_have_another_department_or_its_own_providers(
    store: Store, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = organisation._with_regions(
        organisation.load_departments(),
        [
            {"region": COUNTY, "items": ["meal"], "department": "town"},
            {"region": "640106", "items": ["meal"], "providers": ["p3"]},
            {"region": NEXT_TOWN, "items": ["meal"], "providers": ["p1"]},
        ],
    )
    for module in ("place_order", "offer_order"):
        monkeypatch.setattr(f"backend.services.{module}.load_departments", lambda: duty)
    with store.unit_of_work() as uow:
        there = place_order(place("2", region=f"{COUNTY}01"), uow)
        here = place_order(place("3", region=TOWN), uow)
        next_door = place_order(place("4", region=NEXT_TOWN), uow)
        assert [one.department for one in (there, here, next_door)] == [
            "town",
            "home_service",
            "home_service",
        ]
        assert {one.ruled_out for one in rank_candidates(uow, here, NOW)} == {
            ("provider",),
            ("provider", "full"),
        }
        assert rank_candidates(uow, next_door, NOW)[0].ruled_out == ()


def test_a_rule_for_a_region_that_nobody_knows_is_refused() -> None:
    for row in ({"region": "1", "items": ["meal"]}, {"region": COUNTY, "items": ["soup"]}):
        with pytest.raises(organisation.OrganisationError):
            organisation._with_regions(organisation.load_departments(), [row])


def test_where_orders_go_to_providers_the_best_workers_provider_is_asked(
    store: Store, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = replace(load_dispatch(), to_providers=frozenset({"home_service"}))
    monkeypatch.setattr("backend.services.offer_order.load_dispatch", lambda: rules)
    order = offer(store, number)
    assert order.offered_to == "p1"
    assert order.history[-1].payload["why"]["chosen"]["worker"] == "near"
    move(store, number, Move.REFUSE, "今天没人")
    with pytest.raises(NobodyLeftError):
        offer(store, number)


def test_nobody_unfit_is_asked_in_silence(store: Store, number: str) -> None:
    with pytest.raises(UnfitWorkerError) as refused:
        offer(store, number, worker="busy")
    assert refused.value.reasons == ("full",)


@pytest.mark.parametrize(
    ("details", "gender"),
    [
        (("要女的",), "f"), (("一份", "软和点"), None), (("来个女师傅吧",), "f"), (("不要女师傅",), "m"), (("别来男的",), "f"),
        (("不要女的上门",), "m"), ((), None),
    ],
)  # fmt: skip
def test_a_wish_for_a_woman_or_a_man_is_read_from_what_was_said(
    details: tuple[str, ...], gender: str | None
) -> None:
    assert load_dispatch().wished_gender(details) == gender


def test_a_wish_that_the_desk_gave_holds_for_the_next_one_asked(store: Store, number: str) -> None:
    with store.unit_of_work() as uow:
        uow.providers.save([], [worker("near", gender="m"), worker("far", lat=38.50, gender="f")])
        uow.commit()
    assert offer(store, number, wants_gender="f").offered_to == "far"
    move(store, number, Move.REFUSE, "没空")
    with store.reading() as uow:
        ranked = rank_candidates(uow, uow.orders.get(number), NOW)
    assert "gender" in next(one.ruled_out for one in ranked if one.worker.code == "near")
