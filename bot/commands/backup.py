"""`nuanxian backup` and `nuanxian restore`: the whole database in one encrypted file, and back."""

from __future__ import annotations

from pathlib import Path

import typer

from backend.domain.local_time import local_now
from backend.store.backup import BackupError, restore_backup, verify_backup, write_backup
from backend.store.open import open_store
from backend.store.sealed_file import SealedFileError
from backend.store.sealing import Cipher
from bot.commands.opening import fail, opened
from config.settings import load_settings


def backup(file: Path, *, db: str | None, verify: bool) -> None:
    """Back up while the house goes on working; the file is of use only together with the data key."""
    with opened(db) as store:
        try:
            contents = write_backup(store, file, now=local_now())
            if verify:
                verify_backup(store, file)
        except FileExistsError:
            raise fail(f"{file} exists already: give a new name") from None
        except (BackupError, SealedFileError, OSError) as problem:
            raise fail(str(problem)) from None
    checked = "restored and compared" if verify else "not verified"
    typer.echo(f"{file}: {sum(contents.counts.values())} rows in {len(contents.counts)} tables, {checked}.")


def restore(file: Path, *, db: str | None) -> None:
    """Restore into the database of --db (or NUANXIAN_DB), which must still be empty."""
    settings = load_settings(db=db)
    try:
        contents = restore_backup(file, settings.db, Cipher(settings.data_key_bytes()))
        open_store(settings).close()  # brings an older backup up to date, and proves that the key fits
    except (BackupError, SealedFileError, OSError) as problem:
        raise fail(str(problem)) from None
    typer.echo(
        f"Restored what stood there on {contents.made_at:%Y-%m-%d %H:%M}: {sum(contents.counts.values())} rows, "
        "as many in each table as were backed up. `nuanxian audit verify` checks the trail."
    )
