"""Figures for Prometheus: counted by route, never with anything personal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from backend.domain.order import Order
from backend.domain.queue import Task, TaskKind
from backend.web.health import disk_check
from tests.unit.web.conftest import Clock, Staff

Place = Callable[..., Order]
RaiseTask = Callable[..., Task]


def figures(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_answers_are_counted_by_route_and_orders_by_state(
    console: Callable[[], Staff], place: Place, raise_task: RaiseTask
) -> None:
    order = place()
    raise_task(TaskKind.EMERGENCY, "我摔倒了")
    staff = console()
    staff.sign_in("operator")
    staff.get(f"/staff/orders/{order.number}")
    staff.get("/api/v1/orders/11240001")
    staff.get("/no/such/page/13909510001")
    text = staff.get("/metrics").text
    found = figures(text)

    def requests(route: str, status: str, method: str = "GET") -> float:
        labels = (("method", method), ("route", route), ("status", status))
        return found["nuanxian_requests_total", labels]

    assert requests("/staff/orders/{number}", "200") == 1
    assert requests("/api/v1/orders/{number}", "401") == 1
    assert requests("other", "404") == 1
    assert found["nuanxian_orders", (("state", "routed"),)] == 1
    assert found["nuanxian_tasks_open", (("kind", "emergency"),)] == 1
    assert found["nuanxian_orders_open", ()] == 1
    for private in (order.number, "13909510001", "摔倒", "operator"):
        assert private not in text


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    assert disk_check(tmp_path)() is None
    assert disk_check(tmp_path, least_bytes=2**62)() == "almost full"


def test_how_long_a_clock_waits_for_somebody_to_act_on_it_is_told(
    console: Callable[[], Staff], place: Place, clock: Clock
) -> None:
    place(item="cleaning")
    clock.now += timedelta(days=1)
    found = figures(console().get("/metrics").text)
    assert 0 < found["nuanxian_deadline_lag_seconds", ()] < 24 * 3600


def test_what_waits_behind_the_outbox_is_told(console: Callable[[], Staff]) -> None:
    found = figures(console().get("/metrics").text)
    assert found["nuanxian_webhook_deliveries", (("state", "waiting"),)] == 0
    assert found["nuanxian_webhook_deliveries", (("state", "dead"),)] == 0
    assert found["nuanxian_webhook_lag_seconds", ()] == 0
