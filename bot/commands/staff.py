"""`nuanxian staff`: make, list, close and change staff logins."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import segno
import typer

from backend.domain.local_time import local_now
from backend.domain.staff import Role, StaffUser
from backend.services.ports import UnitOfWork
from backend.services.staff import (
    StaffError,
    add_staff,
    bind_login,
    close_login,
    open_login,
    set_password,
    start_codes,
    stop_codes,
)
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
    password = _ask_password()
    with _changing(db) as uow:
        add_staff(
            uow, login, password, name=name, role=role, department=department, region=region,
            provider=provider, worker=worker,
        )  # fmt: skip
    typer.echo(f"{login} can sign in now.")


@app.command()
def close(login: str, db: Db = None) -> None:
    """Nobody gets in with this login any more: its open screens end, its tokens are revoked."""
    with _changing(db) as uow:
        revoked = close_login(uow, login, local_now())
    typer.echo(f"{login} is closed; {revoked} of its tokens are revoked.")


@app.command("open")
def open_again(login: str, db: Db = None) -> None:
    """Open a closed login again, or unlock one after too many wrong passwords."""
    with _changing(db) as uow:
        open_login(uow, login)
    typer.echo(f"{login} can sign in again.")


@app.command("password")
def new_password(login: str, db: Db = None) -> None:
    """Set a new password; whoever is signed in with the old one is signed out. From a script it is read from standard input."""
    password = _ask_password()
    with _changing(db) as uow:
        set_password(uow, login, password)
    typer.echo(f"{login} has a new password.")


@app.command("role")
def change_role(
    login: str,
    role: Role,
    department: Annotated[str | None, typer.Option(help="Code in config/departments.yaml")] = None,
    provider: Annotated[str | None, typer.Option(help="Code of the provider")] = None,
    worker: Annotated[str | None, typer.Option(help="Code of the worker")] = None,
    db: Db = None,
) -> None:
    """Give a login another role, and what it is bound to in it. Its region stays."""
    with _changing(db) as uow:
        known = uow.staff.get(login)
        region = known.region if known else None
        bind_login(
            uow, login, role=role, department=department, region=region, provider=provider, worker=worker
        )
    typer.echo(f"{login} is {role.value} now.")


@app.command("region")
def change_region(
    login: str,
    region: Annotated[
        str | None, typer.Argument(help="Code in config/regions.yaml; without one: every region")
    ] = None,
    db: Db = None,
) -> None:
    """Bind a login to a region and all that lies in it."""
    with _changing(db) as uow:
        known = uow.staff.get(login)
        if known is None:
            raise fail(f"there is no login {login}; `nuanxian staff list` shows all of them")
        bind_login(
            uow, login, role=known.role, department=known.department, region=region, provider=known.provider,
            worker=known.worker,
        )  # fmt: skip
    typer.echo(f"{login} works with {region or 'every region'} now.")


@contextmanager
def _changing(db: str | None) -> Iterator[UnitOfWork]:
    """One transaction; what makes no sense is told in a sentence and changes nothing."""
    with opened(db) as store, store.unit_of_work() as uow:
        try:
            yield uow
        except StaffError as problem:
            raise fail(str(problem)) from None
        uow.commit()


def _ask_password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


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
    """All logins: login, name, role, what it is bound to, and whether it is closed, locked, or has one-time codes."""
    now = local_now()
    with opened(db) as store, store.reading() as uow:
        for user in uow.staff.all():
            bound = [user.department, user.region, user.provider, user.worker]
            typer.echo(
                "\t".join(
                    [
                        user.login,
                        user.name,
                        user.role.value,
                        *(code or "-" for code in bound),
                        *_marks(user, now),
                    ]
                )
            )


def _marks(user: StaffUser, now: datetime) -> list[str]:
    locked = user.locked_until is not None and now < user.locked_until
    holds = {"demo": user.demo, "closed": not user.active, "locked": locked, "codes": user.totp is not None}
    return [mark for mark, is_so in holds.items() if is_so]
