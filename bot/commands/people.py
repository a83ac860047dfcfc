"""`nuanxian people`: import a list of elders, find who is behind a number."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from backend.domain.local_time import local_now
from backend.domain.people import Elder
from backend.services.erasure import OrdersOpenError, forget_person
from backend.services.find_caller import find_caller
from backend.services.import_people import ImportResult
from backend.services.import_people import import_people as import_list
from backend.services.people_file import PeopleFileError, count_lines
from backend.services.ports import ElderNotFoundError
from backend.store.pictures import Pictures, of_work
from bot.call_records import forget_withdrawn_calls, recordings_folder
from bot.channels.keeper import Keeper
from bot.commands.opening import Db, fail, opened
from config.settings import load_settings

SHOWN_PROBLEMS = 10

app = typer.Typer(help="Elders and relatives: import, find.", no_args_is_help=True)


@app.command("import")
def import_people(
    file: Annotated[
        Path, typer.Argument(help="CSV or xlsx; the columns may be headed in English or Chinese")
    ],
    db: Db = None,
) -> None:
    """Import a list of people. Importing it again updates who is there already."""
    with opened(db) as store, shown_progress(file) as progress:
        try:
            result = import_list(file, store, today=local_now().date(), progress=progress)
        except PeopleFileError as problem:
            raise fail(str(problem)) from None
    report(result)
    if result.rows and result.refused == result.rows:
        raise typer.Exit(1)


@app.command()
def find(
    number: Annotated[str, typer.Argument(help="A phone number in any writing, or a channel id")],
    db: Db = None,
) -> None:
    """Who is behind a number: the elder, and the elders whose contact it is."""
    with opened(db) as store, store.reading() as uow:
        caller = find_caller(number, uow)
    if not caller.known:
        raise fail("nobody is known by this number")
    if caller.elder is not None:
        typer.echo(_line("elder", caller.elder))
    for ward in caller.wards:
        typer.echo(_line(f"is {ward.relation or '?'} of", ward.elder))


@app.command()
def forget(
    person: Annotated[int, typer.Argument(help="Id of the person")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    db: Db = None,
) -> None:
    """Erase a person at their request: record, contacts, everything said, shown and recorded; orders stay without their data."""
    now = local_now()
    with opened(db) as store:
        pictures = Pictures(load_settings(db=db).media, store.cipher)
        with store.unit_of_work() as uow:
            try:
                elder = uow.people.get(person)
                if not yes:
                    typer.confirm(f"Erase {elder.name} for ever?", abort=True)
                gone = forget_person(
                    person, uow, at=now, actor="operator at the server", source="nuanxian people forget"
                )
            except ElderNotFoundError:
                raise fail(f"nobody has the id {person}") from None
            except OrdersOpenError as problem:
                raise fail(str(problem)) from None
            # Before the commit: should this fail, the person is still there, and the command can be given again.
            shown = sum(map(pictures.forget, [*gone.sessions, *map(of_work, gone.orders)]))
            uow.commit()
        keeper = Keeper(store, load_settings(db=db).media)
        for phone in elder.phones:
            keeper.forget_phone(phone)
        calls = 0
        while count := forget_withdrawn_calls(store, recordings_folder()):
            calls += count
    typer.echo(
        f"Erased, with their data in {len(gone.orders)} orders, {shown} pictures and {calls} recorded calls. "
        "Backups made before still hold them: see docs/operations.md."
    )


def _line(role: str, elder: Elder) -> str:
    birth = elder.birth_date.isoformat() if elder.birth_date else "-"
    return "\t".join(
        [role, str(elder.id), elder.name, birth, ", ".join(elder.phones) or "-", elder.address or "-"]
    )


@contextlib.contextmanager
def shown_progress(file: Path) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, silence elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda rows: None
        return
    total = count_lines(file) if file.is_file() else 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(file.name, total=total or None)
        yield lambda rows: bar.update(task, completed=rows)


def report(result: ImportResult, what: str = "people") -> None:
    """What an import did, with the first problems."""
    typer.echo(
        f"{result.rows} rows: {result.created} new {what}, {result.updated} updated, {result.unchanged} unchanged, "
        f"{result.refused} rows refused, {result.warned} warnings"
    )
    for problem in result.problems[:SHOWN_PROBLEMS]:
        typer.echo(
            f"  line {problem.line} ({'kept' if problem.kept else 'refused'}): {problem.name} {problem.text}"
        )
    if result.problems_file is not None:
        typer.echo(f"All of them: {result.problems_file}")
