"""Plans of days and absences over the API."""

from __future__ import annotations

from typing import Any

from backend.services.replan import replan_next
from backend.store.open import Store
from tests.integration.api.conftest import NOW, Clock, Login, refused

DAY = "2026-11-25"
PLAN: dict[str, Any] = {"department": "home_service", "region": "640106", "day": DAY}


def test_a_day_is_planned_kept_and_planned_anew_around_an_absence(api: Login, store: Store) -> None:
    op = api("op")
    lunch = op.place()["number"]
    op.move(lunch, "accept", assignee="hs-yc-1")
    answer = op.post("/day-plans", PLAN)
    assert answer.status_code == 201, answer.text
    (stop,) = answer.json()["stops"]
    assert (stop["order"], stop["worker"], stop["reason"]) == (lunch, "hs-yc-1", "promised")
    assert stop["begins"] == f"{DAY}T12:00:00"
    replan(store)
    op.post("/workers/hs-yc-1/absences", {"day": DAY})
    replan(store)
    (plan,) = op.get("/day-plans", params={"day": DAY}).json()["items"]
    assert (plan["version"], plan["cause"]) == (2, "WorkerAbsent hs-yc-1")
    assert plan["left_over"] == [{"order": lunch, "reason": "nobody"}]
    assert plan["changes"][0]["before"]["worker"] == "hs-yc-1"
    assert op.ask("DELETE", f"/workers/hs-yc-1/absences/{DAY}").status_code == 204
    replan(store)
    (plan,) = op.get("/day-plans", params={"day": DAY}).json()["items"]
    assert [one["order"] for one in plan["stops"]] == [lunch]


def replan(store: Store) -> None:
    with store.unit_of_work() as uow:
        replan_next(uow, NOW)
        uow.commit()


def test_absent_and_present_place_come_with_the_request(api: Login) -> None:
    op = api("op")
    op.place()
    plan = op.post("/day-plans", PLAN | {"absent": ["hs-yc-1"], "at": {"hs-yc-2": [38.5, 106.2]}}).json()
    assert plan["left_over"][0]["reason"] == "nobody"
    number = op.place(caller="13909519999")["number"]
    document = refused(op.move(number, "offer", worker="hs-yc-1"), 422, "invalid")
    assert "absent" in document["errors"][0]["problem"]


def test_plans_are_for_those_who_send_orders_to_workers(api: Login) -> None:
    assert api("home").post("/day-plans", PLAN).status_code == 201
    refused(api("home").post("/day-plans", PLAN | {"department": "repair"}), 403, "forbidden")
    refused(api("guyuan").post("/day-plans", PLAN), 403, "forbidden")
    refused(api("hand").post("/day-plans", PLAN), 403, "forbidden")
    assert api("guyuan").get("/day-plans", params={"day": DAY}).json()["items"] == []


def test_a_plan_is_adopted_once_and_one_that_was_made_anew_is_refused_kindly(
    api: Login, store: Store
) -> None:
    op = api("op")
    replan(store)
    number = op.place()["number"]
    plan = op.post("/day-plans", PLAN).json()
    assert (plan["id"], plan["adopted"]) == (f"home_service.640106.{DAY}.1", None)
    path = f"/day-plans/{plan['id']}/adopt"
    answer = op.post(path, headers={"Idempotency-Key": "a"})
    assert answer.status_code == 200, answer.text
    (outcome,) = answer.json()["adopted"]["orders"]
    assert outcome == {"order": number, "worker": "hs-yc-1", "outcome": "offered", "because": []}
    assert op.get(f"/orders/{number}").json()["offered_to"] == "hs-yc-1"
    rows = op.get(f"/orders/{number}/history").json()["items"]
    assert (rows[-1]["actor"], rows[-1]["payload"]["why"]["plan"]) == ("op", plan["id"])
    assert op.post(path).json() == answer.json()
    assert op.get(f"/orders/{number}/history").json()["items"] == rows
    op.post("/workers/hs-yc-1/absences", {"day": DAY})
    replan(store)
    (anew,) = op.get("/day-plans", params={"day": DAY}).json()["items"]
    assert (anew["adopted"]["version"], anew["changes"][0]["after"]) == (1, None)
    document = refused(op.post(path), 409, "superseded")
    assert (document["current"], "WorkerAbsent hs-yc-1" in document["detail"]) == (anew["id"], True)
    assert op.post(path, headers={"Idempotency-Key": "a"}).headers["idempotency-replayed"] == "true"
    refused(op.post(path, {}, headers={"Idempotency-Key": "a"}), 422, "idempotency-key-reused")


def test_plans_are_adopted_by_those_in_whose_reach_they_are(api: Login, clock: Clock) -> None:
    api("op").place()
    path = f"/day-plans/{api('op').post('/day-plans', PLAN).json()['id']}/adopt"
    refused(api("guyuan").post(path), 404, "not-found")
    for login in ("hand", "firm", "watch", "books"):
        refused(api(login).post(path), 403, "forbidden")
    refused(api("op", ("order.*",)).post(path), 403, "forbidden")
    assert api("home").post(path).json()["adopted"]["by"] == "home"
    for name in ("nothing", f"home_service.640106.{DAY}.2", "a.b.c.d", f"repair.640106.{DAY}.1", "x" * 90):
        refused(api("op").post(f"/day-plans/{name}/adopt"), 404, "not-found")
    later = api("op").post("/day-plans", PLAN).json()["id"]
    clock.wait(days=3)
    refused(api("op").post(f"/day-plans/{later}/adopt"), 409, "over")


def test_workers_say_for_themselves_that_they_do_not_come(api: Login) -> None:
    assert api("hand").post("/workers/hs-yc-1/absences", {"day": DAY}).status_code == 201
    assert api("firm").post("/workers/hs-yc-2/absences", {"day": DAY}).status_code == 201
    refused(api("hand").post("/workers/hs-yc-2/absences", {"day": DAY}), 404, "not-found")
    refused(api("op").post("/workers/nobody/absences", {"day": DAY}), 404, "not-found")


def test_what_makes_no_sense_is_refused(api: Login) -> None:
    op = api("op")
    refused(op.post("/day-plans", PLAN | {"day": "2026-11-01"}), 422, "invalid")
    refused(op.post("/day-plans", PLAN | {"day": "9999-12-31"}), 422, "invalid")
    refused(op.post("/workers/hs-yc-1/absences", {"day": "2031-01-01"}), 422, "invalid")
    refused(op.post("/day-plans", PLAN | {"department": "nowhere"}), 422, "invalid")
    refused(op.post("/day-plans", PLAN | {"at": {"hs-yc-1": [138, 106]}}), 422, "invalid")
    refused(op.post("/workers/hs-yc-1/absences", {"day": "2026-11-01"}), 422, "invalid")
    refused(op.post("/day-plans", PLAN | {"absent": ["nobody"]}), 404, "not-found")


def test_where_somebody_lives_can_be_corrected_and_is_masked(api: Login) -> None:
    op = api("op")
    person = op.get("/people", params={"q": "马"}).json()["items"][0]["id"]
    seen = {"If-Match": op.get(f"/people/{person}").headers["etag"]}
    change = {"position": [38.474, 106.228], "gender": "f"}
    answer = op.ask("PATCH", f"/people/{person}", json=change, headers=seen)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["position"], answer.json()["gender"]) == ([38.474, 106.228], "f")
    assert api("watch").get(f"/people/{person}").json()["position"] is None
    number = op.place(person=person)["number"]
    (first, _) = op.get(f"/orders/{number}/candidates").json()["items"]
    assert first["why"]["minutes"] >= 0
    seen = {"If-Match": answer.headers["etag"]}
    wrong = op.ask("PATCH", f"/people/{person}", json={"position": [138, 0]}, headers=seen)
    refused(wrong, 422, "invalid")
