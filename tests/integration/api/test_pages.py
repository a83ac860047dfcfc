"""Lists of tasks and of deliveries go on where the page before ended; and looks at tasks are noted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend.domain.queue import TaskKind
from backend.services.commands import OpenTask
from backend.services.open_task import open_task
from backend.services.webhooks import add_webhook
from backend.store.open import Store
from tests.integration.api.conftest import NOW, Api, Login, refused


def opened(store: Store, count: int, kind: TaskKind = TaskKind.HANDOFF) -> list[int]:
    with store.unit_of_work() as uow:
        found = [
            open_task(
                OpenTask(f"{kind}:{one}", kind, "s", "13909510001", NOW, "来个人", "human", region="640106"),
                uow,
            ).id
            or 0
            for one in range(count)
        ]
        uow.commit()
    return found


def pages(api: Api, path: str, **params: Any) -> list[list[dict[str, Any]]]:
    found, cursor = [], None
    while True:
        page = api.get(path, params=params | ({"cursor": cursor} if cursor else {})).json()
        found.append(page["items"])
        cursor = page["next"]
        if cursor is None:
            return found


def test_pages_of_tasks_go_on_emergencies_first(api: Login, store: Store) -> None:
    calm, urgent = opened(store, 5), opened(store, 2, TaskKind.EMERGENCY)
    found = pages(api("op"), "/tasks", limit=3)
    assert [[one["id"] for one in page] for page in found] == [[*urgent, calm[0]], calm[1:4], calm[4:]]


def test_a_kind_is_chosen_before_the_list_is_cut(api: Login, store: Store) -> None:
    opened(store, 4, TaskKind.EMERGENCY)
    calm = opened(store, 3)
    found = pages(api("op"), "/tasks", limit=2, kind="handoff")
    assert [[one["id"] for one in page] for page in found] == [calm[:2], calm[2:]]


def test_a_task_that_is_taken_meanwhile_shifts_nothing(api: Login, store: Store) -> None:
    calm, op = opened(store, 4), api("op")
    first = op.get("/tasks", params={"limit": 2}).json()
    op.post(f"/tasks/{calm[1]}/take", {})
    second = op.get("/tasks", params={"limit": 2, "cursor": first["next"]}).json()
    assert [one["id"] for one in second["items"]] == calm[2:]


def test_taken_tasks_come_newest_first(api: Login, store: Store, clock: Any) -> None:
    calm, op = opened(store, 3), api("op")
    for task in (calm[1], calm[0], calm[2]):
        clock.now += timedelta(minutes=1)
        op.post(f"/tasks/{task}/take", {})
    found = pages(op, "/tasks", limit=2, state="taken")
    assert [one["id"] for page in found for one in page] == [calm[2], calm[0], calm[1]]


def test_the_cursor_of_another_list_is_refused(api: Login, store: Store) -> None:
    opened(store, 3)
    cursor = api("op").get("/tasks", params={"limit": 1}).json()["next"]
    refused(api("op").get("/orders", params={"cursor": cursor}), 422, "invalid-cursor")


def test_taking_a_task_shows_it_in_full_and_is_noted(api: Login, store: Store) -> None:
    (task,) = opened(store, 1)
    assert api("op").post(f"/tasks/{task}/take", {}).json()["masked"] is False
    (seen,) = api("books").get("/access-log", params={"kind": "task"}).json()["items"]
    assert (seen["actor"], seen["action"], seen["key"]) == ("op", "task.take", str(task))


def test_pages_of_deliveries_go_on(api: Login, store: Store) -> None:
    with store.unit_of_work() as uow:
        hook = add_webhook(uow, owner="root", url="https://1.1.1.1/x", events=(), now=NOW, demo=True)
        for one in range(5):
            uow.webhooks.put(hook.id, str(one), "OrderPlaced", "{}", NOW)
        uow.commit()
    found = pages(api("root"), f"/webhooks/{hook.id}/deliveries", limit=2)
    assert [[one["event"] for one in page] for page in found] == [["4", "3"], ["2", "1"], ["0"]]
