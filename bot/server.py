"""The running line: the staff console, the elder's page, and whatever channels are switched on, in one server."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table

from backend.demo import DEMO_LOGINS, load_demo
from backend.web.app import create_app
from bot.channels.mount import mount_channels
from bot.channels.web import elder_router
from bot.composition import House, open_house
from bot.logs import configure
from config.catalogue import load_catalogue
from config.settings import Settings


def build_app(house: House) -> FastAPI:
    """Every page of this installation."""
    app = create_app(house.store, house.settings, house.store.live)
    app.include_router(elder_router(house.conversations, load_catalogue()))
    mount_channels(app, house)
    return app


def serve(*, db: str | None = None, host: str | None = None, port: int | None = None) -> None:
    """Open the house, load demo data in demo mode, say where everything is, and serve until stopped."""
    house = open_house(db=db)
    settings = house.settings
    configure(settings.log_level)
    if settings.demo:
        load_demo(house.store)
    host, port = host or settings.host, port or settings.port
    _say_where(settings, host, port)
    uvicorn.run(build_app(house), host=host, port=port, log_level=settings.log_level, access_log=False)


def _say_where(settings: Settings, host: str, port: int) -> None:
    console = Console()
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (compared, not bound)
    table = Table.grid(padding=(0, 2))
    table.add_row("Elder's page", f"http://{shown}:{port}/")
    table.add_row("Staff queue", f"http://{shown}:{port}/staff")
    if settings.demo:
        for login, password, role in DEMO_LOGINS:
            table.add_row(f"  login ({role})", f"{login} / {password}")
        table.add_row("Demo mode", "invented people, known passwords; NUANXIAN_DEMO=false for real work")
    console.print("[bold]暖线 Nuanxian[/]")
    console.print(table)
    console.print(
        "Ctrl-C stops. `nuanxian chat` talks in the terminal; `nuanxian doctor` checks the installation."
    )
