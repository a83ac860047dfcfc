"""Who is asked, over the API: the best by itself, nobody unfit in silence, everybody in their own name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.order import Move
from backend.domain.payload import NEEDS
from backend.domain.providers import Provider, Worker
from backend.store.open import Store
from backend.web.api.moves import FIELDS
from tests.integration.api.conftest import PROVIDER, WORKERS, Login, refused

FIRM = replace(PROVIDER, code="hs-two", name="康乐服务社")
CLEANER = Worker("hs-two-1", "吴师傅", "hs-two", "640106", ("meal",))


@pytest.fixture
def second_firm(store: Store, people: None) -> None:
    with store.unit_of_work() as uow:
        uow.providers.save([FIRM, Provider("fix", "维修队", "repair", "640106", ())], [CLEANER])
        uow.commit()


def test_without_a_worker_the_best_one_is_asked_and_the_scores_are_kept(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    answer = op.move(number, "offer")
    assert answer.json()["offered_to"] == "hs-yc-1"
    offer = op.get(f"/orders/{number}/history").json()["items"][-1]["payload"]
    assert offer["overridden"] is False
    assert offer["why"]["chosen"]["worth"]["load"] == 1.0


def test_nobody_left_is_told_with_what_may_be_done(api: Login) -> None:
    op = api("op")
    number = op.place(item="cleaning")["number"]
    document = refused(op.move(number, "offer"), 409, "nobody-left")
    assert "route" in document["allowed"]


@pytest.mark.parametrize("forged", [{"why": {"chosen": "me"}}, {"overridden": False}, {"override": "yes"}])
def test_reasons_never_come_from_outside(api: Login, forged: dict[str, object]) -> None:
    op = api("op")
    number = op.place()["number"]
    document = refused(op.move(number, "offer", worker="hs-yc-1", **forged), 422, "invalid")
    assert [one["field"] for one in document["errors"]] == list(forged)
    assert "offer" in document["allowed"]
    assert document["state"] == "routed"


def test_who_does_not_fit_is_asked_only_with_a_reason(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    document = refused(op.move(number, "offer", worker="hs-yc-2"), 422, "invalid")
    assert "item" in document["errors"][0]["problem"]
    assert "offer" in document["allowed"]
    document = refused(op.move(number, "offer", worker="hs-yc-2", override=True), 422, "invalid")
    assert document["errors"][0]["field"] == "reason"
    answer = op.move(number, "offer", reason="老人点名要他", worker="hs-yc-2", override=True)
    assert answer.json()["offered_to"] == "hs-yc-2"
    assert op.get(f"/orders/{number}/history").json()["items"][-1]["payload"]["overridden"] is True


def test_an_unknown_worker_or_provider_is_refused(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    refused(op.move(number, "offer", worker="nobody"), 422, "invalid")
    refused(op.move(number, "offer", provider="hs-yc-1"), 422, "invalid")


def test_the_ranking_says_why_and_is_for_those_who_ask(api: Login) -> None:
    number = api("op").place()["number"]
    found = api("home").get(f"/orders/{number}/candidates").json()["items"]
    assert [(one["worker"], one["fits"]) for one in found] == [("hs-yc-1", True), ("hs-yc-2", False)]
    assert found[0]["total"] > 0
    assert found[1]["why"]["ruled_out"] == ["item"]
    refused(api("watch").get(f"/orders/{number}/candidates"), 403, "forbidden")
    refused(api("firm").get(f"/orders/{number}/candidates"), 404, "not-found")


def test_a_wish_for_a_woman_rules_the_men_out(api: Login, store: Store) -> None:
    op = api("op")
    with store.unit_of_work() as uow:
        uow.providers.save([PROVIDER], [replace(WORKERS[0], gender="m")])
        uow.commit()
    placed = op.place(gender="f")
    assert placed["details"][0] == "要女的"
    (man, _) = op.get(f"/orders/{placed['number']}/candidates").json()["items"]
    assert man["why"]["ruled_out"] == ["gender"]
    plain = op.place(caller="13909519999")["number"]
    path = f"/orders/{plain}/candidates"
    assert op.get(path).json()["items"][0]["fits"] is True
    assert op.get(path, params={"gender": "f"}).json()["items"][0]["fits"] is False
    refused(op.move(plain, "offer", worker="hs-yc-1", gender="f"), 422, "invalid")


def test_staff_name_somebody_who_is_ruled_out_only_with_a_reason(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    document = refused(op.move(number, "accept", assignee="hs-yc-2"), 422, "invalid")
    assert document["errors"][0]["field"] == "assignee"
    assert "item" in document["errors"][0]["problem"]
    document = refused(op.move(number, "accept", assignee="hs-yc-2", override=True), 422, "invalid")
    assert document["errors"][0]["field"] == "reason"
    refused(op.move(number, "accept", reason="x", assignee="hs-yc-2", override="yes"), 422, "invalid")
    answer = op.move(number, "accept", reason="老人点名要她", assignee="hs-yc-2", override=True)
    assert answer.json()["assignee"] == "hs-yc-2"
    row = op.get(f"/orders/{number}/history").json()["items"][-1]
    assert (row["reason"], row["payload"]) == ("老人点名要她", {"assignee": "hs-yc-2"})


def test_who_was_asked_or_did_not_answer_may_be_named(api: Login, store: Store) -> None:
    op = api("op")
    number = op.place()["number"]
    op.move(number, "offer", worker="hs-yc-1")
    op.move(number, "lapse")
    assert op.move(number, "accept", assignee="hs-yc-1").json()["assignee"] == "hs-yc-1"
    other = op.place(caller="13909519999")["number"]
    op.move(other, "offer", reason="点名", worker="hs-yc-2", override=True)
    assert op.move(other, "accept", assignee="hs-yc-2").json()["assignee"] == "hs-yc-2"
    own = op.place(caller="13909518888")["number"]
    assert op.move(own, "accept", assignee="李静").json()["assignee"] == "李静"
    third = op.place(caller="13909517777")["number"]
    op.move(third, "offer", worker="hs-yc-1")
    refused(api("hand").move(third, "accept", reason="x", override=True), 422, "invalid")


def test_a_worker_accepts_in_nobody_elses_name(api: Login) -> None:
    op, hand = api("op"), api("hand")
    number = op.place()["number"]
    op.move(number, "offer")
    document = refused(hand.move(number, "accept", assignee="hs-yc-2"), 422, "invalid")
    assert document["errors"][0]["field"] == "assignee"
    assert hand.move(number, "accept").json()["assignee"] == "hs-yc-1"


def test_a_provider_accepts_for_its_own_crew(api: Login, second_firm: None) -> None:
    op, firm = api("op"), api("firm")
    number = op.place()["number"]
    op.move(number, "offer", worker="hs-yc-1")
    refused(firm.move(number, "accept", assignee="hs-two-1"), 422, "invalid")
    assert firm.move(number, "accept").json()["assignee"] == "hs-yc-1"


def test_a_provider_is_asked_as_a_whole_and_names_who_comes(api: Login, second_firm: None) -> None:
    op, firm = api("op"), api("firm")
    number = op.place()["number"]
    assert op.move(number, "offer", provider="hs-yc").json()["offered_to"] == "hs-yc"
    assert [one["number"] for one in firm.get("/orders").json()["items"]] == [number]
    assert firm.move(number, "accept").json()["assignee"] == "hs-yc-1"
    other = op.place(caller="13909519999")["number"]
    op.move(other, "offer", provider="hs-yc")
    assert firm.move(other, "accept", assignee="hs-yc-2").json()["assignee"] == "hs-yc-2"
    third = op.place(caller="13909518888")["number"]
    refused(op.move(third, "offer", provider="fix"), 422, "invalid")


def test_who_says_no_as_a_whole_is_not_asked_again(api: Login, second_firm: None) -> None:
    op, firm = api("op"), api("firm")
    number = op.place()["number"]
    op.move(number, "offer", provider="hs-yc")
    firm.move(number, "refuse", reason="今天没人手")
    assert op.move(number, "offer").json()["offered_to"] == "hs-two-1"


def test_an_answer_in_full_stands_in_the_access_log(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    assert op.move(number, "escalate").json()["masked"] is False
    assert api("watch").move(number, "escalate").json()["masked"] is True
    seen = api("books").get("/access-log", params={"kind": "order", "key": number}).json()["items"]
    assert [one["actor"] for one in seen] == ["op"]


def test_an_old_version_is_refused_with_how_it_stands(api: Login) -> None:
    op = api("op")
    placed = op.place()
    op.move(placed["number"], "accept")
    body, old = {"move": "finish"}, {"If-Match": f'"{placed["version"]}"'}
    document = refused(op.post(f"/orders/{placed['number']}/moves", body, headers=old), 412, "stale")
    assert (document["state"], document["version"]) == ("accepted", placed["version"] + 1)
    assert "finish" in document["allowed"]


def test_every_move_is_described_with_its_payload(api: Login) -> None:
    schemas = api("op").get("/openapi.json").json()["components"]["schemas"]
    assert set(schemas["MoveIn"]["discriminator"]["mapping"]) == {move.value for move in Move}
    assert schemas["MoveRoute"]["properties"]["payload"]["required"] == ["department"]
    assert "why" not in schemas["MoveOffer"]["properties"]["payload"]["properties"]
    known = {name for needs in NEEDS.values() for name in (*needs.required, *needs.any_of, *needs.optional)}
    assert known - {"worker", "why", "overridden"} <= set(FIELDS)
