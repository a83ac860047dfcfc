"""People, tasks, what is on offer, tokens, exports: in reach or not, masked or noted."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.domain.queue import TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.export_orders import harmless
from backend.services.open_task import open_task
from backend.store.open import Store
from backend.web.api import exports
from backend.web.api.exports import COLUMNS
from tests.integration.api.conftest import Api, Clock, Login, make_secret, refused
from tests.integration.store.examples import FALL


def test_people_are_found_masked_and_read_in_full_with_a_note(api: Login) -> None:
    op = api("op")
    for text in ("马秀", "13909510001", "+86 139 0951 0001", "13809510001"):
        found = op.get("/people", params={"q": text}).json()["items"]
        assert [one["name"] for one in found] == ["马***"], text
    person = found[0]["id"]
    assert found[0]["phones"] == ["139****0001"]
    shown = op.get(f"/people/{person}").json()
    assert (shown["name"], shown["phones"], shown["contacts"][0]["name"]) == (
        "马秀英",
        ["13909510001"],
        "马晓燕",
    )
    noted = api("books").get("/access-log", params={"kind": "person"}).json()["items"]
    assert [(one["actor"], one["key"]) for one in noted] == [("op", str(person))]
    assert api("watch").get(f"/people/{person}").json()["masked"] is True
    refused(api("hand").get(f"/people/{person}"), 403, "forbidden")
    refused(op.get("/people/999"), 404, "not-found")


def test_a_record_is_corrected_only_as_it_was_read(api: Login) -> None:
    op = api("op")
    person = op.get("/people", params={"q": "马秀英"}).json()["items"][0]["id"]
    path = f"/people/{person}"
    refused(op.ask("PATCH", path, json={"pace": 2}), 428, "precondition-required")
    tag = op.get(path).headers["etag"]
    changed = op.ask("PATCH", path, json={"pace": 2, "language": "宁夏话"}, headers={"If-Match": tag})
    assert (changed.json()["pace"], changed.json()["language"], changed.json()["name"]) == (
        2,
        "宁夏话",
        "马秀英",
    )
    refused(op.ask("PATCH", path, json={"pace": 3}, headers={"If-Match": tag}), 412, "stale")
    assert op.get(path).headers["etag"] == changed.headers["etag"]
    refused(op.ask("PATCH", path, json={"phones": ["12"]}, headers={"If-Match": tag}), 422, "invalid")
    refused(api("watch").ask("PATCH", path, json={"pace": 1}, headers={"If-Match": "*"}), 403, "forbidden")


def test_a_task_is_taken_once(api: Login, store: Store) -> None:
    with store.unit_of_work() as uow:
        task = open_task(FALL, uow)
        uow.commit()
    listed = api("op").get("/tasks").json()["items"]
    assert [(one["id"], one["kind"], one["text"]) for one in listed] == [(task.id, "emergency", "***")]
    assert api("op").get(f"/tasks/{task.id}").json()["text"] == FALL.text
    assert api("watch").get(f"/tasks/{task.id}").json()["masked"] is True
    refused(api("watch").post(f"/tasks/{task.id}/take", {}), 403, "forbidden")
    refused(api("home").get("/tasks"), 403, "forbidden")
    assert api("op").post(f"/tasks/{task.id}/take", {"note": "去了"}).json()["acknowledged_by"] == "op"
    refused(api("root").post(f"/tasks/{task.id}/take", {}), 409, "already-taken")
    assert api("op").get("/tasks").json()["items"] == []


def test_an_order_reported_to_a_level_is_no_task_of_those_below_it(api: Login, store: Store) -> None:
    with store.unit_of_work() as uow:
        tasks = {
            region: open_task(replace(FALL, key=region, kind=TaskKind.LATE, region=region), uow).id
            for region in ("640100", "640106")
        }
        uow.staff.save(StaffUser("town", "苏勇", Role.OPERATOR, "", region="64010601"))
        uow.commit()
    seen = {
        login: [one["id"] for one in api(login).get("/tasks", params={"limit": 1}).json()["items"]]
        for login in ("op", "jinfeng", "town", "guyuan")
    }
    assert seen == {"op": [tasks["640100"]], "jinfeng": [tasks["640106"]], "town": [], "guyuan": []}
    assert api("jinfeng").get("/tasks", params={"limit": 1}).json()["next"] is None
    for ask in (lambda path: api("jinfeng").get(path), lambda path: api("jinfeng").post(f"{path}/take", {})):
        refused(ask(f"/tasks/{tasks['640100']}"), 404, "not-found")
    assert api("jinfeng").post(f"/tasks/{tasks['640106']}/take", {}).status_code == 200


def test_a_task_is_there_only_for_those_who_work_in_its_region(api: Login, store: Store) -> None:
    person = api("op").get("/people", params={"q": "马秀英"}).json()["items"][0]
    with store.unit_of_work() as uow:
        near = open_task(replace(FALL, elder_id=person["id"]), uow)  # who lives in 640106
        anywhere = open_task(replace(FALL, key="somewhere"), uow)
        uow.commit()
    listed = {
        login: [(one["id"], one["region"]) for one in api(login).get("/tasks").json()["items"]]
        for login in ("op", "jinfeng", "guyuan")
    }
    both = [(near.id, "640106"), (anywhere.id, None)]
    assert listed == {"op": both, "jinfeng": both, "guyuan": [(anywhere.id, None)]}
    refused(api("guyuan").get(f"/tasks/{near.id}"), 404, "not-found")
    refused(api("guyuan").post(f"/tasks/{near.id}/take", {}), 404, "not-found")
    assert api("jinfeng").post(f"/tasks/{near.id}/take", {}).json()["acknowledged_by"] == "jinfeng"
    assert api("guyuan").post(f"/tasks/{anywhere.id}/take", {}).json()["acknowledged_by"] == "guyuan"
    taken = {
        login: {one["id"] for one in api(login).get("/tasks?state=taken").json()["items"]}
        for login in ("op", "guyuan")
    }
    assert taken == {"op": {near.id, anywhere.id}, "guyuan": {anywhere.id}}


def test_what_is_on_offer(api: Login) -> None:
    op = api("op")
    assert len(op.get("/catalogue").json()["items"]) >= 20
    assert "640106" in [one["code"] for one in op.get("/regions").json()["items"]]
    assert "home_service" in [one["code"] for one in op.get("/departments").json()["items"]]
    assert [one["code"] for one in op.get("/workers").json()["items"]] == ["hs-yc-1", "hs-yc-2"]
    assert [one["code"] for one in api("hand").get("/workers").json()["items"]] == ["hs-yc-1"]
    assert [one["code"] for one in api("firm").get("/providers").json()["items"]] == ["hs-yc"]


def test_a_token_makes_tokens_no_wider_than_itself(api: Login, client: TestClient) -> None:
    narrow = api("root", ("order.view", "token.own"))
    refused(narrow.post("/tokens", {"name": "x", "scopes": ["people.view"]}), 403, "forbidden")
    made = narrow.post("/tokens", {"name": "统计", "scopes": ["order.view"], "days": 1})
    assert made.status_code == 201
    child = Api(client, made.json()["secret"])
    assert child.get("/orders").status_code == 200
    refused(child.get("/people", params={"q": "马"}), 403, "forbidden")
    assert child.get("/tokens/self").json()["may"] == ["order.view"]
    assert made.json()["secret"] not in narrow.get("/tokens").text
    assert narrow.ask("DELETE", f"/tokens/{made.json()['id']}").status_code == 204
    refused(child.get("/orders"), 401, "unauthorized")


def test_tokens_of_others_are_out_of_reach_but_for_an_administrator(api: Login) -> None:
    mine = api("op").get("/tokens/self").json()["id"]
    refused(api("home").ask("DELETE", f"/tokens/{mine}"), 404, "not-found")
    assert api("root").ask("DELETE", f"/tokens/{mine}").status_code == 204


def test_a_login_that_is_closed_takes_its_tokens_along(api: Login, store: Store, app: FastAPI) -> None:
    from dataclasses import replace

    op = api("op")
    with store.unit_of_work() as uow:
        user = uow.staff.get("op")
        assert user is not None
        uow.staff.save(replace(user, active=False))
        uow.commit()
    refused(op.get("/orders"), 401, "unauthorized")


def test_the_database_does_not_hold_a_secret_in_clear(store: Store, people: None) -> None:
    secret = make_secret(store, "op")
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM api_tokens").all()
    assert secret not in repr(rows) and secret[3:].encode() not in repr(rows).encode()


def test_the_log_of_accesses_only_grows(api: Login, store: Store) -> None:
    op = api("op")
    op.get(f"/orders/{op.place()['number']}")
    for statement in ("UPDATE access_log SET actor = 'x'", "DELETE FROM access_log"):
        with store.engine.connect() as connection, pytest.raises(Exception, match="append-only"):
            connection.exec_driver_sql(statement)


EVIL_CELLS = (
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "\tx",
    "  =1",
    "＝1",
    "\r\n=1",
    "\xa0=1",
    "\ufeff=1",
    "\u200b@x",
    "\x0b=1",
)


@pytest.mark.parametrize("cell", EVIL_CELLS)
def test_no_cell_becomes_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert [harmless(good) for good in ("马秀英", "11240001", "a=b", None)] == [
        "马秀英",
        "11240001",
        "a=b",
        "",
    ]


@pytest.mark.parametrize("column", COLUMNS)
def test_no_column_of_an_export_holds_a_formula(
    api: Login, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    op = api("op")
    op.place()
    shown = exports.order_shown

    def evil(*given: Any, **more: Any) -> dict[str, Any]:
        return shown(*given, **more) | {column: "=HYPERLINK(1)"}

    monkeypatch.setattr(exports, "order_shown", evil)
    table = csv.DictReader(io.StringIO(op.get("/exports/orders.csv").content.decode("utf-8-sig")))
    book = openpyxl.load_workbook(io.BytesIO(op.get("/exports/orders.xlsx").content))
    heads, cells = book.active.iter_rows()
    found = {head.value: cell for head, cell in zip(heads, cells, strict=True)}
    kept = column != "wanted"  # put together after the rest
    assert next(table)[column] == ("'=HYPERLINK(1)" if kept else "2026-11-25T12:00")
    assert found[column].data_type == "s"
    assert str(found[column].value).startswith("'=") is kept


def test_exports_hold_the_filtered_list_masked_and_harmless(api: Login) -> None:
    op = api("op")
    number = op.place(beneficiary_name="=1+1")["number"]
    op.move(number, "accept", assignee="=HYPERLINK(1)")
    op.place(item="bath")
    answer = op.get("/exports/orders.csv", params={"item": "meal"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["number"], row["assignee"], row["phone"]) for row in rows] == [
        (number, "'=HYPERLINK(1)", "139****0001")
    ]
    book = openpyxl.load_workbook(io.BytesIO(op.get("/exports/orders.xlsx").content))
    sheet = book.active
    assert sheet is not None
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert len(cells) == 3 and cells[0][0] == "number"
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    refused(api("hand").get("/exports/orders.csv"), 403, "forbidden")
    noted = api("books").get("/access-log", params={"kind": "export"}).json()["items"]
    assert [one["key"] for one in noted] == ["orders.xlsx", "orders.csv"]


def test_the_description_is_complete_and_its_page_needs_nobody_else(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["tags"] and operation["summary"], (method, path)
            assert {"401", "429", "503"} <= set(operation["responses"]), (method, path)
    page = client.get("/docs").text
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page
    assert not re.search(r"(src|href)=.(https?:)?//", page) and "<script" not in page


def test_tokens_age(api: Login, clock: Clock, store: Store) -> None:
    op = api("op")
    op.get("/orders")
    with store.reading() as uow:
        assert [token.last_used_at for token in uow.tokens.all("op")] == [clock.now]
