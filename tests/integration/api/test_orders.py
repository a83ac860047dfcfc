"""Orders over the API: placed once, moved by the table, masked, listed in pages."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from backend.store.open import Store
from tests.integration.api.conftest import ORDER, Clock, Login, refused


def test_an_order_is_placed_and_read_with_its_version(api: Login) -> None:
    op = api("op")
    placed = op.post("/orders", ORDER)
    assert placed.status_code == 201
    number = placed.json()["number"]
    assert placed.headers["location"] == f"/api/v1/orders/{number}"
    shown = op.get(f"/orders/{number}")
    assert shown.json() == placed.json()
    assert shown.headers["etag"] == placed.headers["etag"] == f'"{placed.json()["version"]}"'
    assert (shown.json()["state"], shown.json()["department"], shown.json()["region"]) == (
        "routed",
        "home_service",
        "640106",
    )
    assert shown.json()["phone"] == "13909510001"


def test_the_four_step_cycle(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    assert op.move(number, "accept", assignee="hs-yc-1").json()["state"] == "accepted"
    assert op.move(number, "finish", reason="送到了").json()["state"] == "done"
    found = op.get("/orders", params={"q": "139 0951 0001"}).json()["items"]
    assert [(one["number"], one["state"]) for one in found] == [(number, "done")]
    history = op.get(f"/orders/{number}/history").json()["items"]
    assert [row["move"] for row in history] == ["place", "route", "accept", "finish"]
    assert [row["actor"] for row in history[2:]] == ["op", "op"]
    assert history[3]["origin"].startswith("api ")


def test_the_same_key_places_one_order_and_gets_the_same_answer(api: Login, store: Store) -> None:
    op, key = api("op"), {"Idempotency-Key": "abc-1"}
    first = op.post("/orders", ORDER, headers=key)
    again = op.post("/orders", ORDER, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["idempotency-replayed"] == "true"
    with store.reading() as uow:
        assert len(uow.orders.queue()) == 1


def test_a_key_used_for_another_request_is_refused(api: Login, store: Store) -> None:
    op, key = api("op"), {"Idempotency-Key": "abc-1"}
    op.post("/orders", ORDER, headers=key)
    refused(op.post("/orders", ORDER | {"item": "bath"}, headers=key), 422, "idempotency-key-reused")
    with store.reading() as uow:
        assert len(uow.orders.queue()) == 1


def test_the_keys_of_two_users_are_apart(api: Login, store: Store) -> None:
    key = {"Idempotency-Key": "abc-1"}
    numbers = {api(login).post("/orders", ORDER, headers=key).json()["number"] for login in ("op", "home")}
    assert len(numbers) == 2


def test_a_refused_request_does_not_use_up_its_key(api: Login) -> None:
    op, key = api("op"), {"Idempotency-Key": "k"}
    number = op.place()["number"]
    path, body = f"/orders/{number}/moves", {"move": "finish"}
    refused(op.post(path, body, headers=key), 409, "illegal-move")
    op.move(number, "accept")
    assert op.post(path, body, headers=key).json()["state"] == "done"


def test_an_illegal_move_says_what_is_allowed_and_changes_nothing(api: Login) -> None:
    op = api("op")
    placed = op.place()
    document = refused(op.move(placed["number"], "finish"), 409, "illegal-move")
    assert document["state"] == "routed"
    assert document["allowed"] == placed["allowed"]
    assert "accept" in document["allowed"]
    assert op.get(f"/orders/{placed['number']}").json() == placed


def test_a_move_without_what_it_needs_says_what_is_missing(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    for move, field in (("cancel", "reason"), ("route", "department"), ("return", "reason")):
        document = refused(op.move(number, move), 422, "invalid")
        assert [error["field"] for error in document["errors"]] == [field]
    refused(op.move(number, "route", department="nowhere"), 422, "invalid")


def test_a_move_of_an_old_version_is_refused(api: Login) -> None:
    op = api("op")
    placed = op.place()
    path, old = f"/orders/{placed['number']}/moves", {"If-Match": f'"{placed["version"]}"'}
    assert op.post(path, {"move": "accept"}, headers=old).status_code == 200
    refused(op.post(path, {"move": "cancel", "reason": "x"}, headers=old), 412, "stale")
    refused(op.post(path, {"move": "cancel", "reason": "x"}, headers={"If-Match": '"soup"'}), 412, "stale")
    assert op.post(path, {"move": "finish"}, headers={"If-Match": "*"}).status_code == 200


def test_events_that_come_twice_or_in_the_wrong_order_lose_nothing(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    refused(op.move(number, "finish"), 409, "illegal-move")  # before it was accepted
    op.move(number, "accept")
    refused(op.move(number, "accept"), 409, "illegal-move")
    op.move(number, "finish")
    refused(op.move(number, "finish"), 409, "illegal-move")
    assert [row["move"] for row in op.get(f"/orders/{number}/history").json()["items"]] == [
        "place", "route", "accept", "finish",
    ]  # fmt: skip


def test_pages_follow_each_other_without_gap_or_repetition(api: Login) -> None:
    op = api("op")
    placed = [op.place(caller=f"1390951{count:04d}")["number"] for count in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = op.get("/orders", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["number"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        op.place(caller="13909518888")  # somebody orders meanwhile
    assert seen == placed[::-1]


def test_a_cursor_that_this_list_did_not_give_is_refused(api: Login) -> None:
    op = api("op")
    for cursor in ("", "x", "b3JkZXJzOng", "cGVvcGxlOjEyMw", "😀", "b3JkZXJzOi0x"):
        refused(op.get("/orders", params={"cursor": cursor}), 422, "invalid-cursor")


FILTERS: tuple[tuple[dict[str, object], set[int]], ...] = (
    ({"state": "accepted"}, {1}),
    ({"state": ["accepted", "routed"]}, {0, 1, 2}),
    ({"item": "bath"}, {1}),
    ({"department": "repair"}, {2}),
    ({"region": "640100"}, {0, 1, 2}),
    ({"region": "640402"}, set()),
    ({"worker": "hs-yc-1"}, {1}),
    ({"placed_from": "2026-11-24", "placed_to": "2026-11-24"}, {0, 1, 2}),
    ({"placed_from": "2026-11-25"}, set()),
    ({"q": "马"}, {0, 1}),
    ({"q": "马", "item": "meal"}, {0}),
    ({"q": "13909510003"}, {2}),
    ({"q": "没有这个人"}, set()),
)


def test_lists_are_filtered(api: Login) -> None:
    op = api("op")
    numbers = [
        op.place()["number"],
        op.place(item="bath")["number"],
        op.place(item="emergency_repair", beneficiary_name="丁学义", phone="13909510003")["number"],
    ]
    op.move(numbers[1], "accept", reason="点名要他", assignee="hs-yc-1", override=True)
    for asked, found in FILTERS:
        listed = {one["number"] for one in op.get("/orders", params=asked).json()["items"]}
        assert listed == {numbers[index] for index in found}, asked


def test_lists_are_masked_and_a_look_at_one_order_is_noted(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    text = op.get("/orders").text
    assert op.get("/orders").json()["items"][0]["masked"] is True
    for private in ("13909510001", "13809510001", "马秀英", "501", "软和点"):
        assert private not in text
    op.get(f"/orders/{number}")
    noted = api("books").get("/access-log", params={"key": number}).json()["items"]
    assert [(one["actor"], one["action"], one["kind"]) for one in noted] == [("op", "order.view", "order")]
    assert noted[0]["source"] == "testclient"


def test_who_may_not_see_personal_data_gets_it_masked_and_is_not_noted(api: Login) -> None:
    number = api("op").place()["number"]
    shown = api("watch").get(f"/orders/{number}")
    assert shown.json()["masked"] is True
    assert shown.json()["phone"] == "139****0001"
    assert "马秀英" not in shown.text and "501" not in shown.text
    api("op").move(number, "cancel", reason="马秀英住院了")
    assert "住院" not in api("watch").get(f"/orders/{number}/history").text
    assert api("books").get("/access-log", params={"actor": "watch"}).json()["items"] == []


def test_everybody_reaches_their_own_orders_and_no_others(api: Login) -> None:
    op = api("op")
    meal, repair = op.place()["number"], op.place(item="emergency_repair")["number"]
    far = op.place(place="固原市原州区南关街道金城花园7号楼3单元201")["number"]
    op.move(meal, "offer", worker="hs-yc-1")
    reach = {
        "op": {meal, repair, far},
        "jinfeng": {meal, repair},
        "home": {meal, far},
        "firm": {meal},
        "hand": {meal},
        "watch": {meal, repair, far},
    }
    for login, numbers in reach.items():
        caller = api(login)
        assert {one["number"] for one in caller.get("/orders").json()["items"]} == numbers, login
        for number in (meal, repair, far):
            expected = 200 if number in numbers else 404
            assert caller.get(f"/orders/{number}").status_code == expected, (login, number)
            assert caller.get(f"/orders/{number}/history").status_code == expected


def test_moves_follow_the_access_table(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    refused(api("watch").move(number, "accept"), 403, "forbidden")
    refused(api("hand").move(number, "accept"), 404, "not-found")
    op.move(number, "offer", worker="hs-yc-1")
    assert api("hand").move(number, "accept").json()["assignee"] == "hs-yc-1"
    refused(api("hand").move(number, "cancel", reason="没空"), 403, "forbidden")


def test_a_department_places_orders_for_its_own_items_only(api: Login) -> None:
    assert api("home").post("/orders", ORDER).status_code == 201
    refused(api("home").post("/orders", ORDER | {"item": "emergency_repair"}), 403, "forbidden")
    refused(api("watch").post("/orders", ORDER), 403, "forbidden")


def test_an_order_can_be_reopened_for_five_days(api: Login, clock: Clock, client: TestClient) -> None:
    op = api("op")
    number = op.place()["number"]
    op.move(number, "accept")
    op.move(number, "finish")
    assert "reopen" in op.get(f"/orders/{number}").json()["allowed"]
    clock.wait(days=5, hours=1)
    document = refused(op.move(number, "reopen", reason="没扫干净"), 409, "illegal-move")
    assert "reopen" not in document["allowed"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"iso": "2026-W48T12:00"}, {"iso": "20261125T1200"}, {"iso": "2026-11-25 12:00"}, {"iso": "9999-12-31"},
        {"iso": "0001-01-01"}, {"iso": "2026-11-25", "recurrence": "x"},
        {"iso": "2026-11-25", "recurrence": "FREQ=WEEKLY;INTERVAL=²"},
    ],
    ids=str,
)  # fmt: skip
def test_a_time_that_could_not_be_shown_or_kept_is_refused(api: Login, wanted: dict[str, str]) -> None:
    op = api("op")
    refused(op.post("/orders", ORDER | {"wanted": wanted}), 422, "invalid")
    number = op.place()["number"]
    refused(op.move(number, "reschedule", **wanted), 422, "invalid")


def test_a_time_too_far_away_is_refused_with_what_is_possible(api: Login) -> None:
    op = api("op")
    answers = [
        op.post("/orders", ORDER | {"wanted": {"iso": "2031-01-01"}}),
        op.move(op.place()["number"], "reschedule", iso="2031-01-01"),
    ]
    for answer in answers:
        problem = refused(answer, 422, "invalid")
        assert problem["errors"] == [
            {"field": "iso", "problem": "must lie between 2026-11-23 and 2028-11-24"}
        ]


def test_an_unknown_worker_is_no_fault_of_ours(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    for worker in (b"nobody", b"w\\u0007", b"\\ud800"):
        body = b'{"move": "offer", "payload": {"worker": "%s"}}' % worker
        answer = op.ask(
            "POST", f"/orders/{number}/moves", content=body, headers={"Content-Type": "application/json"}
        )
        refused(answer, 422, "invalid")


def test_people_report_an_order_one_level_further_and_never_beyond_the_last(api: Login) -> None:
    op = api("op")
    number = op.place()["number"]
    refused(op.move(number, "escalate", level=9), 422, "invalid")
    levels = [op.move(number, "escalate").json()["escalation"] for _ in range(6)]
    assert levels == [1, 2, 3, 4, 4, 4]
