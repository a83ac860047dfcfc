"""`nuanxian keys`: change the data key."""

from __future__ import annotations

import base64
import os
import secrets
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from backend.store.reseal import left_to_reseal, reseal
from bot.commands.opening import Db, fail, opened
from config.settings import KEY_BYTES, SettingsError, load_settings

app = typer.Typer(help="The data key that encrypts personal data.", no_args_is_help=True)


@app.command()
def new() -> None:
    """Add a new key to var/keys/data.key. From its next start on, every process seals with it; older keys go on opening."""
    settings = load_settings()
    if settings.data_key is not None:
        raise fail(
            "the data key stands in NUANXIAN_DATA_KEY: append a comma and a new key there (openssl rand -base64 32), "
            "restart every process, then run `nuanxian keys reseal`"
        )
    path = settings.keys / "data.key"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    with os.fdopen(handle, "a", encoding="ascii") as file:
        file.write("\n" + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii") + "\n")
        file.flush()
        os.fsync(file.fileno())
    typer.echo(
        f"A new key stands in {path}. Keep a copy of the file, bring it to every host, restart every process, "
        "then run `nuanxian keys reseal`."
    )


@app.command("reseal")
def reseal_everything(db: Db = None) -> None:
    """Seal all personal data with the newest key. May be stopped and run again; the house may go on working."""
    with opened(db) as store, Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Sealing", total=left_to_reseal(store))
        rows = reseal(store, lambda count: progress.advance(task, count))
    typer.echo(f"{rows} rows were sealed with the newest key.")


@app.command()
def rotate(
    db: Db = None,
    yes: Annotated[bool, typer.Option("--yes", help="Nothing else runs on this database now.")] = False,
) -> None:
    """`new` and `reseal` in one, for a single host whose server is stopped."""
    if not yes:
        raise fail("stop the server first: it does not know the new key. Then: nuanxian keys rotate --yes")
    try:
        new()
    except SettingsError as problem:
        raise fail(str(problem)) from None
    reseal_everything(db)
