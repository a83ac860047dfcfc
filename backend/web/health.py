"""For whoever watches the server: is the process alive (`/healthz`), and should it get requests (`/readyz`)?"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
from fastapi import APIRouter
from starlette.responses import JSONResponse

from backend.services.ports import Stores
from backend.store.migrate import HEAD, current_version
from backend.store.open import Store

log = structlog.get_logger(__name__)

LEAST_FREE_BYTES = 200 * 1024 * 1024

Check = Callable[[], str | None]  # what is wrong in a few words, or None


def health_router(checks: Mapping[str, Check], told: Mapping[str, Check] | None = None) -> APIRouter:
    """`/healthz`: the process answers. `/readyz`: every check passes too, else 503 with those that do not.

    What is in `told` stands there, too, and decides nothing.
    """
    router = APIRouter()

    @router.get("/healthz")
    async def alive() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    def ready() -> JSONResponse:
        found = {name: _found(name, check) for name, check in checks.items()}
        well = all(result == "ok" for result in found.values())
        status = {"status": "ok" if well else "unavailable"}
        beside = {name: _found(name, check) for name, check in (told or {}).items()}
        return JSONResponse(status | found | beside, status_code=200 if well else 503)

    return router


def database_check(store: Stores) -> Check:
    """Whether the database answers, with the tables that this program knows."""

    def check() -> str | None:
        with store.reading() as uow:
            uow.staff.get("")
        return None

    return check


def migration_check(store: Store) -> Check:
    """Whether the tables are those this program knows: another host may have brought them up to a newer version."""

    def check() -> str | None:
        with store.engine.connect() as connection:
            return None if current_version(connection) == HEAD else "of another version"

    return check


def disk_check(folder: Path, least_bytes: int = LEAST_FREE_BYTES) -> Check:
    """Whether there is room left where the installation writes."""

    def check() -> str | None:
        return None if shutil.disk_usage(folder).free >= least_bytes else "almost full"

    return check


def _found(name: str, check: Check) -> str:
    try:
        return check() or "ok"
    except Exception:
        log.exception("not ready", check=name)
        return "no answer"
