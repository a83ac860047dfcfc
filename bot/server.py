"""The running line: the staff console, the elder's page, and whatever channels are switched on, in one server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import APIRouter, FastAPI

from backend.domain.local_time import local_now
from backend.jobs.retention import pictures_job, retention_job
from backend.jobs.runner import Runner
from backend.jobs.standard import standard_jobs
from backend.jobs.webhooks import webhook_jobs
from backend.services.named_providers import warn_of_unknown_providers
from backend.store.pictures import Pictures
from backend.web.app import create_app
from backend.web.calls import calls_router
from backend.web.health import migration_check
from backend.web.pictures import pictures_router
from bot.answering import AnsweringRoom, answering_room
from bot.call_records import KeptRecordings, calls_job, recordings_folder
from bot.channels.mount import mount_channels
from bot.channels.web import elder_router
from bot.composition import House, open_house
from bot.greeting import say_where
from bot.logs import configure
from bot.phone_desk import kept_profiles, recording_seals
from bot.supervisor import SERVED_WITHIN_S
from config.catalogue import load_catalogue
from config.messaging import Messaging, load_messaging
from config.retention import load_retention
from config.telephone import load_telephone

if TYPE_CHECKING:  # it loads slowly, and of several server processes none has one
    from bot.telephone import Telephone

SERVING: Mapping[str, Any] = {
    "access_log": False, "log_config": None, "timeout_graceful_shutdown": SERVED_WITHIN_S,
}  # fmt: skip
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(
    house: House,
    messaging: Messaging | None = None,
    telephone: Telephone | None = None,
    answering: AnsweringRoom | None = None,
) -> FastAPI:
    """Every page of this installation, and its telephone if one is given. `messaging`: else from the environment.

    `answering`: the process that answers letters; without one this process does.
    """
    checks = {"migrations": migration_check(house.store)}
    pictures = Pictures(house.settings.media, house.store.cipher)
    # A dead trunk must not take the pages away from staff and elders, who need them all the more then: `/readyz` tells of
    # it and stays ready.
    told = {"telephone": telephone.trouble} if telephone is not None else {}
    figures = telephone.figures if telephone is not None else ()
    app = create_app(
        house.store,
        house.settings,
        house.store.live,
        checks=checks,
        pictures=pictures,
        told=told,
        figures=figures,
    )
    app.include_router(APIRouter(lifespan=lambda _app: at_work(house)))
    if telephone is not None:
        app.include_router(APIRouter(lifespan=telephone.lifespan))
    app.include_router(pictures_router(app.state.desk, pictures), include_in_schema=False)
    _, unseal = recording_seals(house.settings)
    recordings = KeptRecordings(recordings_folder(), unseal)
    app.include_router(calls_router(app.state.desk, recordings), include_in_schema=False)
    app.include_router(elder_router(house.conversations, load_catalogue()))
    messaging = messaging or load_messaging()
    hears = telephone.voice_messages if telephone is not None and messaging.voice_messages else None
    mount_channels(app, house, hears, messaging, answered_elsewhere=answering is not None)
    if answering is not None:
        app.include_router(APIRouter(lifespan=answering.lifespan))
    return app


@asynccontextmanager
async def at_work(house: House) -> AsyncIterator[None]:
    """While the server runs, the events of other processes are followed and the jobs are done; both end what they do.

    It takes nobody before the first turn is behind it.
    """
    store = house.store
    await asyncio.to_thread(house.conversations.warm_up, local_now())
    await asyncio.to_thread(warn_of_unknown_providers, store)
    store.tail.follow()
    calls = calls_job(store, recordings_folder(), kept_profiles(house.settings), load_retention())
    pictures = pictures_job(Pictures(house.settings.media, store.cipher))
    runner = Runner((*standard_jobs(store), *webhook_jobs(store), retention_job(store), calls, pictures))
    runner.start()
    yield
    await asyncio.to_thread(runner.stop)


def serve_under(listener: socket.socket, lifespan: Lifespan, options: Mapping[str, Any]) -> None:
    """One of several server processes, at the socket of its supervisor (`bot/supervisor.py`); `lifespan` runs along."""
    house = open_house()
    configure(house.settings.log_level)
    app = build_app(house, answering=answering_room(house.settings))
    app.include_router(APIRouter(lifespan=lifespan))
    uvicorn.Server(uvicorn.Config(app, **SERVING, **options)).run(sockets=[listener])


def serve(*, db: str | None = None, host: str | None = None, port: int | None = None) -> None:
    """Open the house, load demo data in demo mode, say where everything is, and serve until stopped, in one process.

    SIGTERM lets running requests and jobs finish (SERVED_WITHIN_S).
    """
    house = open_house(db=db)
    settings = house.settings
    configure(settings.log_level)
    if settings.demo:
        from backend.demo import load_demo

        load_demo(house.store)
    host, port = host or settings.host, port or settings.port
    phone = load_telephone()
    say_where(settings, phone, host, port)
    telephone = None
    if phone.telephone:
        from bot.telephone import Telephone

        telephone = Telephone(house, phone)
    app = build_app(house, telephone=telephone, answering=answering_room(settings))
    uvicorn.run(app, host=host, port=port, log_level=settings.log_level, **SERVING)
