"""The web server of the staff console. The composition root adds the elder's page to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI
from prometheus_client.registry import Collector
from starlette.responses import Response

from backend.domain.local_time import local_now
from backend.services.live import Live
from backend.services.ports import Stores
from backend.store.pictures import Pictures
from backend.web.api.app import PREFIX, create_api
from backend.web.assets import Assets
from backend.web.cookie import Cookie
from backend.web.desk import Desk
from backend.web.errors import add_error_pages
from backend.web.events import events_router
from backend.web.family import family_router
from backend.web.guard import Guard
from backend.web.headers import SecureHeaders
from backend.web.health import Check, database_check, disk_check, health_router
from backend.web.login import login_router
from backend.web.looks import Looks
from backend.web.metrics import Measured, Metrics, metrics_router
from backend.web.orders import orders_router
from backend.web.pages import Names, Pages
from backend.web.plans import plans_router
from backend.web.queue import OrderList, queue_router
from backend.web.review import review_router
from backend.web.shared import Shared
from backend.web.tasks import tasks_router
from backend.web.words import load_words
from config.catalogue import load_catalogue
from config.organisation import load_departments, load_people_words
from config.settings import Settings, project_folder

STATIC = Path(__file__).parent / "static"


def make_pages(store: Stores, assets: Assets, clock: Callable[[], datetime]) -> Pages:
    """The templates with the names that this installation gives to items, departments and groups."""
    return Pages(
        load_words(),
        assets,
        Names(store, clock),
        items={code: item.name for code, item in load_catalogue().items()},
        departments={code: department.name for code, department in load_departments().by_code.items()},
        groups={code: group.name for code, group in load_people_words().groups.items()},
    )


def create_app(
    store: Stores,
    settings: Settings,
    live: Live,
    clock: Callable[[], datetime] = local_now,
    *,
    checks: Mapping[str, Check] | None = None,
    pictures: Pictures | None = None,
    told: Mapping[str, Check] | None = None,
    figures: Iterable[Collector] = (),
) -> FastAPI:
    """The app with `/staff`, `/api/v1`, `/static`, `/metrics`, `/healthz` and `/readyz`.

    `checks`: what else must be well before this process gets requests. `pictures`: where those of the work are kept.
    `told`: what `/readyz` says beside that; `figures`: what else `/metrics` tells.
    """
    app = FastAPI(title="Nuanxian", docs_url=None, redoc_url=None, openapi_url=None)
    assets = Assets(STATIC, "/static")
    guard = Guard(store, Cookie(settings.cookie_secret()), clock, demo=settings.demo)
    desk = Desk(
        store=store, pages=make_pages(store, assets, clock), guard=guard, live=live, pictures=pictures
    )

    shared = Shared(live)
    orders, looks = OrderList(desk, shared), Looks(desk)
    metrics = Metrics()
    ready = {"database": database_check(store), "disk": disk_check(project_folder()), **(checks or {})}

    # Addresses are tried in this order: first what is asked most.
    app.mount(PREFIX, create_api(store, live, clock, demo=settings.demo))

    @app.get("/static/{name:path}")
    def static(name: str) -> Response:
        return assets.response(name)

    for router in (
        health_router(ready, told), metrics_router(metrics, store, clock, figures), login_router(desk), events_router(desk, orders), queue_router(desk, shared, orders, looks), tasks_router(desk, looks),
        orders_router(desk), family_router(desk), plans_router(desk), review_router(desk),
    ):  # fmt: skip
        app.include_router(router, include_in_schema=False)
    app.state.desk = desk  # for pages that need more than the store, see bot/server.py
    add_error_pages(app, desk.pages)
    app.add_middleware(SecureHeaders)
    app.add_middleware(Measured, metrics=metrics)
    return app
