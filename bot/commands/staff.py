"""`nuanxian staff`: make and list staff logins."""

from __future__ import annotations

import sys
from typing import Annotated

import segno
import typer

from backend.domain.staff import Role
from backend.services.staff import StaffError, add_staff, start_codes, stop_codes
from bot.commands.opening import Db, fail, opened

app = typer.Typer(help="Staff logins.", no_args_is_help=True)


@app.command()
def add(
    login: str,
    role: Annotated[Role, typer.Option(help="What this person may do")],
    name: Annotated[str, typer.Option(help="Name shown to colleagues")] = "",
    department: Annotated[
        str | None, typer.Option(help="Sees only this department (code in config/departments.yaml)")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Works with this region only (code in config/regions.yaml)")
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Code of the provider this login belongs to")] = None,
    worker: Annotated[str | None, typer.Option(help="Code of the worker whose login this is")] = None,
    db: Db = None,
) -> None:
    """Make a login. The password is asked for; from a script it is read from standard input."""
    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with opened(db) as store, store.unit_of_work() as uow:
        try:
            add_staff(
                uow, login, password, name=name, role=role, department=department, region=region,
                provider=provider, worker=worker,
            )  # fmt: skip
        except StaffError as problem:
            raise fail(str(problem)) from None
        uow.commit()
    typer.echo(f"{login} can sign in now.")


@app.command()
def codes(
    login: str,
    stop: Annotated[bool, typer.Option("--stop", help="A password is enough again")] = False,
    db: Db = None,
) -> None:
    """One-time codes (TOTP) for a login: shows the QR code for the app on the phone, this once."""
    with opened(db) as store, store.unit_of_work() as uow:
        try:
            if stop:
                stop_codes(uow, login)
            address = None if stop else start_codes(uow, login)
        except StaffError as problem:
            raise fail(str(problem)) from None
        uow.commit()
    if address is None:
        typer.echo(f"{login} needs no codes any more.")
        return
    segno.make(address).terminal(compact=True)
    typer.echo(f"{address}\nFrom now on {login} needs a code from the app to sign in.")


@app.command("list")
def list_staff(db: Db = None) -> None:
    """All logins."""
    with opened(db) as store, store.reading() as uow:
        for user in uow.staff.all():
            marks = [mark for mark, holds in (("demo", user.demo), ("inactive", not user.active)) if holds]
            typer.echo("\t".join([user.login, user.name, user.role.value, user.department or "-", *marks]))
