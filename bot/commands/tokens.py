"""`nuanxian tokens`: keys to the HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.domain.local_time import local_now
from backend.services.access import actor_of
from backend.services.access_ports import TokenNotFoundError
from backend.services.tokens import TokenError, add_token, revoke_token
from bot.commands.opening import Db, fail, opened

app = typer.Typer(help="Keys to the HTTP API.", no_args_is_help=True)


@app.command()
def add(
    login: Annotated[str, typer.Argument(help="Whose token it is: it never reaches further than this login")],
    name: Annotated[str, typer.Option(help="What it is for")],
    scope: Annotated[
        list[str],
        typer.Option(help="An action of config/access.yaml, or a group such as order.*; may be repeated"),
    ],
    days: Annotated[int, typer.Option(help="How long it lives")] = 90,
    db: Db = None,
) -> None:
    """Make a token. Its secret is shown this once."""
    with opened(db) as store, store.unit_of_work() as uow:
        user = uow.staff.get(login)
        if user is None:
            raise fail(f"there is no login {login}")
        try:
            token, secret = add_token(
                uow, actor_of(user, uow), name=name, scopes=scope, days=days, now=local_now()
            )
        except TokenError as problem:
            raise fail(str(problem)) from None
        uow.commit()
    typer.echo(secret)
    typer.echo(
        f"Token {token.id} for {login}, until {token.expires_at:%Y-%m-%d}. It is not shown again.", err=True
    )


@app.command("list")
def list_tokens(login: Annotated[str | None, typer.Argument()] = None, db: Db = None) -> None:
    """All tokens, or those of one login."""
    now = local_now()
    with opened(db) as store, store.reading() as uow:
        for token in uow.tokens.all(login):
            state = "revoked" if token.revoked_at else "expired" if now >= token.expires_at else "valid"
            used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never used"
            typer.echo("\t".join([token.id, token.owner, token.name, state, used, ",".join(token.scopes)]))


@app.command()
def revoke(token: str, db: Db = None) -> None:
    """A token opens nothing any more (running processes notice within five seconds)."""
    with opened(db) as store, store.unit_of_work() as uow:
        try:
            revoke_token(uow, token, local_now())
        except TokenNotFoundError:
            raise fail(f"there is no token {token}") from None
        uow.commit()
    typer.echo(f"{token} is revoked.")
