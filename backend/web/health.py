"""For whoever watches the server: is the process alive, and can it reach its database."""

from __future__ import annotations

import logging

from fastapi import APIRouter
from starlette.responses import JSONResponse

from backend.services.ports import Stores

log = logging.getLogger(__name__)


def health_router(store: Stores) -> APIRouter:
    """`/healthz`: the process answers. `/readyz`: the database answers too, else 503."""
    router = APIRouter()

    @router.get("/healthz")
    async def alive() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    def ready() -> JSONResponse:
        try:
            with store.reading() as uow:
                uow.staff.get("")
        except Exception:
            log.exception("the database does not answer")
            return JSONResponse({"status": "unavailable", "database": "no answer"}, status_code=503)
        return JSONResponse({"status": "ok", "database": "ok"})

    return router
