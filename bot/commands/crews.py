"""What `nuanxian providers` and `nuanxian workers` share: importing a list, writing an empty one."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from backend.services.import_people import ImportResult
from backend.services.people_file import PeopleFileError
from bot.commands.opening import fail, opened
from bot.commands.people import report, shown_progress

File = Annotated[
    Path, typer.Argument(help="CSV or xlsx; the columns may be headed in English or Chinese. See `template`.")
]
Target = Annotated[Path | None, typer.Argument(help="The new CSV file; without one it is printed.")]


def import_list(file: Path, db: str | None, importing: Callable[..., ImportResult], what: str) -> None:
    """Import and tell what became of the rows; exit 1 when all were refused."""
    with opened(db) as store, shown_progress(file) as progress:
        try:
            result = importing(file, store, progress=progress)
        except PeopleFileError as problem:
            raise fail(str(problem)) from None
    report(result, what)
    if result.rows and result.refused == result.rows:
        raise typer.Exit(1)


def write_template(rows: Sequence[Sequence[str]], file: Path | None) -> None:
    """As CSV that spreadsheet programs open; an existing file is left alone."""
    if file is None:
        csv.writer(sys.stdout).writerows(rows)
        return
    try:
        with file.open("x", encoding="utf-8-sig", newline="") as target:
            csv.writer(target).writerows(rows)
    except OSError as problem:
        raise fail(f"{file} can not be made: {problem.strerror}") from None
    typer.echo(f"{file}: fill it in, then import it.")
