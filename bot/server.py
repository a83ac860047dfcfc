"""The running line: the staff console, the elder's page, and whatever channels are switched on, in one server."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI
from rich.console import Console
from rich.table import Table

from backend.demo import DEMO_LOGINS, load_demo
from backend.domain.local_time import local_now
from backend.jobs.retention import pictures_job, retention_job
from backend.jobs.runner import Runner
from backend.jobs.standard import standard_jobs
from backend.jobs.webhooks import webhook_jobs
from backend.store.pictures import Pictures
from backend.web.app import create_app
from backend.web.calls import calls_router
from backend.web.health import migration_check
from backend.web.metrics import MANY_PROCESSES
from backend.web.pictures import pictures_router
from bot.answering import AnsweringRoom, answering_room
from bot.call_records import KeptRecordings, calls_job, recordings_folder
from bot.channels.mount import mount_channels
from bot.channels.web import elder_router
from bot.composition import House, open_house
from bot.logs import configure
from bot.phone_desk import kept_profiles, recording_seals
from bot.telephone import Telephone
from config.catalogue import load_catalogue
from config.messaging import Messaging, load_messaging
from config.retention import load_retention
from config.settings import Settings, SettingsError
from config.telephone import TelephoneSettings, load_telephone

SHUTDOWN_WITHIN_S = 20
# Loading the models keeps a process from answering: 2 s, and up to 20 s on a busy machine.
WORKER_ANSWERS_WITHIN_S = 30


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
    figures = [telephone.figures] if telephone is not None else []
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
    store.tail.follow()
    calls = calls_job(store, recordings_folder(), kept_profiles(house.settings), load_retention())
    pictures = pictures_job(Pictures(house.settings.media, store.cipher))
    runner = Runner((*standard_jobs(store), *webhook_jobs(store), retention_job(store), calls, pictures))
    runner.start()
    yield
    await asyncio.to_thread(runner.stop)


def worker_app() -> FastAPI:
    """The app of one of several server processes: uvicorn makes each in a process of its own."""
    house = open_house()
    configure(house.settings.log_level)
    return build_app(house, answering=answering_room(house.settings))


def serve(
    *, db: str | None = None, host: str | None = None, port: int | None = None, workers: int = 1
) -> None:
    """Open the house, load demo data in demo mode, say where everything is, and serve until stopped.

    SIGTERM lets running requests and jobs finish (SHUTDOWN_WITHIN_S). Raises SettingsError for several workers on SQLite.
    """
    house = open_house(db=db)
    settings = house.settings
    configure(settings.log_level)
    if settings.demo:
        load_demo(house.store)
    host, port = host or settings.host, port or settings.port
    phone = load_telephone()
    _say_where(settings, phone, host, port)
    options: dict[str, Any] = {
        "host": host, "port": port, "log_level": settings.log_level, "access_log": False, "log_config": None,
        "timeout_graceful_shutdown": SHUTDOWN_WITHIN_S,
    }  # fmt: skip
    if workers == 1:
        telephone = Telephone(house, phone) if phone.telephone else None
        app = build_app(house, telephone=telephone, answering=answering_room(settings))
        uvicorn.run(app, **options)
        return
    if house.store.engine.dialect.name != "postgresql":
        raise SettingsError("several workers need PostgreSQL: NUANXIAN_DB=postgresql://…")
    house.store.close()
    with tempfile.TemporaryDirectory(prefix="nuanxian-metrics") as folder:
        os.environ["NUANXIAN_DB"] = settings.db
        os.environ[MANY_PROCESSES] = folder
        # uvloop answers pages and the API with less processor time; the telephone stays with the loop it was built on.
        uvicorn.run(
            "bot.server:worker_app", factory=True, workers=workers, loop="uvloop",
            timeout_worker_healthcheck=WORKER_ANSWERS_WITHIN_S, **options,
        )  # fmt: skip


def _say_where(settings: Settings, phone: TelephoneSettings, host: str, port: int) -> None:
    console = Console()
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (compared, not bound)
    table = Table.grid(padding=(0, 2))
    table.add_row("Elder's page", f"http://{shown}:{port}/")
    table.add_row("Staff queue", f"http://{shown}:{port}/staff")
    if phone.telephone:
        table.add_row(
            "Telephone", f"sip:nuanxian@{phone.sip_address}:{phone.sip_port} (ready in half a minute)"
        )
    if settings.demo:
        for login, password, role in DEMO_LOGINS:
            table.add_row(f"  login ({role})", f"{login} / {password}")
        table.add_row("Demo mode", "invented people, known passwords; NUANXIAN_DEMO=false for real work")
    console.print("[bold]暖线 Nuanxian[/]")
    console.print(table)
    console.print(
        "Ctrl-C stops. `nuanxian chat` talks in the terminal; `nuanxian doctor` checks the installation."
    )
