"""Figures for Prometheus at `/metrics`. Labels are routes, states and kinds: never a number, a name or a phone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.domain.order import OPEN
from backend.services.backlog import Backlog, read_backlog
from backend.services.ports import Stores

Clock = Callable[[], datetime]  # naive local time

# With several worker processes prometheus_client keeps their figures in files here, so that any of them tells those of all.
MANY_PROCESSES = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
COUNTED_EVERY_S = 15.0  # counting a million orders is not done for every scrape
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Metrics:
    """The figures of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "nuanxian_requests_total", "Requests", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "nuanxian_request_seconds", "Time until an answer began", ("method", "route"), buckets=BUCKETS_S,
            registry=self.registry,
        )  # fmt: skip
        self.running = Gauge(
            "nuanxian_requests_running", "Requests that are worked on", registry=self.registry,
            multiprocess_mode="livesum",
        )  # fmt: skip

    def text(self) -> bytes:
        registry = self.registry
        if os.environ.get(MANY_PROCESSES):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


class StoreFigures(Collector):
    """What stands in the database: orders by state, how long the oldest task and deadline wait."""

    def __init__(self, store: Stores, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._counted: list[Metric] = []
        self._counted_at = -COUNTED_EVERY_S

    def collect(self) -> Iterable[Metric]:
        if time.monotonic() - self._counted_at >= COUNTED_EVERY_S:
            self._counted, self._counted_at = list(self._count()), time.monotonic()
        return self._counted

    def _count(self) -> Iterable[Metric]:
        now = self._clock()
        with self._store.reading() as uow:
            states, tasks, oldest_clock = uow.orders.counts(), uow.tasks.open(1_000), uow.deadlines.oldest()
            backlog = read_backlog(uow, now)
        orders = GaugeMetricFamily("nuanxian_orders", "Orders by state", labels=["state"])
        for state, count in states.items():
            orders.add_metric([state.value], count)
        yield orders
        yield GaugeMetricFamily(
            "nuanxian_orders_open", "Orders that wait for somebody", sum(states[state] for state in OPEN)
        )
        waiting = GaugeMetricFamily("nuanxian_tasks_open", "Tasks nobody has taken", labels=["kind"])
        oldest = GaugeMetricFamily(
            "nuanxian_task_age_seconds", "Age of the oldest open task", labels=["kind"]
        )
        for kind in sorted({task.kind for task in tasks}):
            opened = [task.opened_at for task in tasks if task.kind is kind]
            waiting.add_metric([kind.value], len(opened))
            oldest.add_metric([kind.value], _age_s(min(opened), now))
        yield waiting
        yield oldest
        yield GaugeMetricFamily(
            "nuanxian_deadline_lag_seconds", "How long the deadline has been due that nobody acted on for the longest",
            _age_s(oldest_clock or now, now),
        )  # fmt: skip
        yield from _backlog_figures(backlog, now)


def _backlog_figures(backlog: Backlog, now: datetime) -> Iterable[Metric]:
    lag = GaugeMetricFamily(
        "nuanxian_outbox_lag_seconds", "Age of the oldest event that a reader of the outbox has not read", labels=["reader"]
    )  # fmt: skip
    for reader, seconds in backlog.lag_s.items():
        lag.add_metric([reader], seconds)
    yield lag
    webhooks = backlog.webhooks
    deliveries = GaugeMetricFamily(
        "nuanxian_webhook_deliveries", "Events on their way to webhooks, and those given up", labels=["state"]
    )
    deliveries.add_metric(["waiting"], webhooks.waiting)
    deliveries.add_metric(["dead"], webhooks.dead)
    yield deliveries
    yield GaugeMetricFamily(
        "nuanxian_webhook_lag_seconds", "How long the delivery has been due that was not tried for the longest",
        _age_s(webhooks.oldest_due or now, now),
    )  # fmt: skip


def _age_s(since: datetime, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds())


class Measured:
    """ASGI middleware: counts and times every answer by its route, not by its address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._counters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, metrics = time.perf_counter(), self._metrics
        method = scope["method"] if scope["method"] in METHODS else "other"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                requests, seconds = self._of(method, _route(scope), message["status"])
                requests.inc()
                seconds.observe(time.perf_counter() - began)
            await send(message)

        with metrics.running.track_inprogress():
            await self._app(scope, receive, counted)

    def _of(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Looked up once: finding a figure by its labels takes longer than counting."""
        found = self._counters.get((method, route, status))
        if found is None:
            found = (
                self._metrics.requests.labels(method, route, str(status)),
                self._metrics.seconds.labels(method, route),
            )
            self._counters[method, route, status] = found
        return found


def _route(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", None)
    return "other" if path is None else f"{scope.get('root_path', '')}{path}"


def metrics_router(
    metrics: Metrics, store: Stores, clock: Clock, more: Iterable[Collector] = ()
) -> APIRouter:
    """`/metrics`. Keep it inside the house: the proxy in front must not hand it on. `more`: figures of other parts."""
    router = APIRouter()
    figures = CollectorRegistry()
    for collector in (StoreFigures(store, clock), *more):
        figures.register(collector)

    @router.get("/metrics")
    def tell() -> Response:
        return Response(metrics.text() + generate_latest(figures), media_type=CONTENT_TYPE_LATEST)

    return router
