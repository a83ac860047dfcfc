"""What is offered, where, and by whom: catalogue, regions, departments, providers, workers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from backend.domain.access import Thing
from backend.domain.providers import Provider
from backend.web.api.answers import Reply, respond
from backend.web.api.caller import Caller
from backend.web.api.desk import Desk, refusals
from backend.web.api.show import page_shown, provider_shown, worker_shown
from config.catalogue import load_catalogue
from config.organisation import load_departments, load_regions


def reference_router(desk: Desk) -> APIRouter:
    """`/catalogue`, `/regions`, `/departments`, `/providers`, `/workers`."""
    router = APIRouter()

    @router.get(
        "/catalogue", tags=["catalogue"], responses=refusals(), summary="The items that can be ordered"
    )
    def catalogue(caller: Caller = desk.caller) -> Response:
        caller.require("catalogue.view")
        by_item = load_departments().by_item
        shown = [
            {
                "code": item.code,
                "name": item.name,
                "category": item.category,
                "department": by_item[item.code].code,
            }
            for item in load_catalogue().values()
        ]
        return respond(Reply(page_shown(shown, None)))

    @router.get(
        "/regions", tags=["catalogue"], responses=refusals(), summary="The places served, parents first"
    )
    def regions(caller: Caller = desk.caller) -> Response:
        caller.require("catalogue.view")
        shown = [
            {"code": region.code, "name": region.name, "parent": region.parent}
            for region in load_regions().values()
        ]
        return respond(Reply(page_shown(shown, None)))

    @router.get(
        "/departments", tags=["catalogue"], responses=refusals(), summary="Departments and their duty lists"
    )
    def departments(caller: Caller = desk.caller) -> Response:
        caller.require("catalogue.view")
        shown = [
            {"code": one.code, "name": one.name, "items": list(one.handles)}
            for one in load_departments().by_code.values()
        ]
        return respond(Reply(page_shown(shown, None)))

    @router.get("/providers", tags=["workers"], responses=refusals(), summary="Providers in reach")
    def providers(
        department: Annotated[str | None, Query(max_length=64)] = None, caller: Caller = desk.caller
    ) -> Response:
        caller.require("provider.view")
        with desk.store.reading() as uow:
            crews: dict[str, set[str]] = {}
            for worker in uow.providers.workers():
                crews.setdefault(worker.provider, set()).add(worker.code)
            found = [
                one
                for one in uow.providers.all(department)
                if caller.may("provider.view", _thing_of(one, frozenset(crews.get(one.code, ()))))
            ]
        full = caller.may("people.reveal")
        return respond(Reply(page_shown([provider_shown(one, full=full) for one in found], None)))

    @router.get("/workers", tags=["workers"], responses=refusals(), summary="Workers in reach")
    def workers(
        provider: Annotated[str | None, Query(max_length=64)] = None, caller: Caller = desk.caller
    ) -> Response:
        caller.require("provider.view")
        with desk.store.reading() as uow:
            by_code = {one.code: one for one in uow.providers.all()}
            found = [
                worker
                for worker in uow.providers.workers(provider)
                if caller.may("provider.view", _thing_of(by_code[worker.provider], frozenset({worker.code})))
            ]
        full = caller.may("people.reveal")
        return respond(Reply(page_shown([worker_shown(one, full=full) for one in found], None)))

    return router


def _thing_of(provider: Provider, workers: frozenset[str]) -> Thing:
    return Thing(provider.region, provider.department, workers)
