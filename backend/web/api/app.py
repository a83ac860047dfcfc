"""The API put together: an application of its own below `/api/v1`, so that its errors and description are its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import HTMLResponse, JSONResponse

from backend.services.live import Live
from backend.services.ports import Stores
from backend.web.api.caller import BEARER, Door
from backend.web.api.desk import Desk
from backend.web.api.docs import docs_page
from backend.web.api.events import events_router
from backend.web.api.exports import exports_router
from backend.web.api.front import Front
from backend.web.api.limits import RateLimit
from backend.web.api.moves import describe_moves
from backend.web.api.orders import orders_router
from backend.web.api.people import people_router
from backend.web.api.plans import plans_router
from backend.web.api.problem import add_problem_handlers
from backend.web.api.reference import reference_router
from backend.web.api.tasks import tasks_router
from backend.web.api.tokens import access_log_router, tokens_router
from backend.web.api.webhooks import webhooks_router

VERSION = "1.0.0"
PREFIX = "/api/v1"
RATE_HZ, BURST = 50.0, 200  # requests of one token in each process

TAGS = [
    {"name": "orders", "description": "Orders, their moves and their history."},
    {"name": "people", "description": "People served."},
    {"name": "tasks", "description": "Emergencies, hand-offs and complaints that wait for a person."},
    {"name": "workers", "description": "Who does the work."},
    {"name": "catalogue", "description": "What is offered, where, and who answers for it."},
    {"name": "events", "description": "What happens, as it happens."},
    {"name": "exports", "description": "Lists for spreadsheets."},
    {"name": "webhooks", "description": "Addresses that are told of events."},
    {"name": "tokens", "description": "Keys to this API."},
    {"name": "access log", "description": "Who saw personal data."},
]
ABOUT = """Orders for door-step services: place them, follow them, move them on.

- Send a token: `Authorization: Bearer nx_…`. `GET /tokens/self` says what it may do.
- Times are local (Asia/Shanghai) without offset.
- Lists come in pages: go on with `cursor=` the value of `next`.
- Send an `Idempotency-Key` with every POST: a repeated request then gets the first answer again.
- An order's `ETag` is its version; send it as `If-Match` to move only what you have seen.
- Refusals are `application/problem+json` (RFC 9457). After 429 and 503 wait `Retry-After` seconds.
"""
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:nuanxian:problem:illegal-move"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "allowed": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Moves that are allowed now.",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}


def create_api(
    store: Stores, live: Live, clock: Callable[[], datetime], *, demo: bool, limit: RateLimit | None = None
) -> FastAPI:
    """The application to be mounted at PREFIX."""
    api = FastAPI(title="Nuanxian API", version=VERSION, docs_url=None, redoc_url=None, openapi_url=None)
    door = Door(store, limit or RateLimit(RATE_HZ, BURST), clock, demo=demo)
    desk = Desk(store, door, live, demo)
    for router in (
        orders_router(desk), plans_router(desk), people_router(desk), tasks_router(desk), reference_router(desk), events_router(desk),
        exports_router(desk), webhooks_router(desk), tokens_router(desk), access_log_router(desk),
    ):  # fmt: skip
        api.include_router(router, dependencies=[])
    _add_description(api)
    add_problem_handlers(api)
    api.add_middleware(Front)
    return api


def _add_description(api: FastAPI) -> None:
    @api.get("/openapi.json", include_in_schema=False)
    async def description() -> JSONResponse:
        return JSONResponse(describe(api))

    @api.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(describe(api)))


def describe(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document (made once)."""
    if api.openapi_schema is None:
        document = get_openapi(
            title=api.title, version=VERSION, description=ABOUT, routes=api.routes, tags=TAGS,
            servers=[{"url": PREFIX}],
        )  # fmt: skip
        components = document.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        schemas["Problem"] = PROBLEM_SCHEMA
        describe_moves(schemas)
        components["securitySchemes"] = {
            BEARER.scheme_name: BEARER.model.model_dump(mode="json", by_alias=True, exclude_none=True)
        }
        document["security"] = [{BEARER.scheme_name: []}]
        api.openapi_schema = document
    return api.openapi_schema
