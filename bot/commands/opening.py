"""Opens the store for a command; what the person at the keyboard can put right is told in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from backend.store.engine import StoreUrlError
from backend.store.migrate import NewerDatabaseError, WrongKeyError
from backend.store.open import Store, open_store
from config.settings import SettingsError, load_settings

Db = Annotated[
    str | None, typer.Option("--db", help="Database URL; default: NUANXIAN_DB, else var/nuanxian.sqlite")
]


def fail(message: str) -> typer.Exit:
    """Say what is wrong on standard error; raise what this returns."""
    typer.echo(message, err=True)
    return typer.Exit(1)


@contextmanager
def opened(db: str | None) -> Iterator[Store]:
    """The store of this installation, closed at the end."""
    try:
        store = open_store(load_settings(db=db))
    except (SettingsError, StoreUrlError, WrongKeyError, NewerDatabaseError) as problem:
        raise fail(str(problem)) from None
    except (SQLAlchemyError, OSError) as problem:
        reason = str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]
        raise fail(f"the database can not be opened: {reason}. `nuanxian doctor` tells what to do.") from None
    try:
        yield store
    finally:
        store.close()
