"""`nuanxian workers`: who visits people at home, from lists; and who is not there on a day."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from backend.domain.local_time import local_now
from backend.services.import_crews import import_workers
from backend.services.plan_day import set_absent
from bot.commands.crews import File, Target, import_list, write_template
from bot.commands.opening import Db, fail, opened
from config.crews import load_crew_words

app = typer.Typer(help="Workers: import, template, list, absent.", no_args_is_help=True)


@app.command("import")
def import_command(file: File, db: Db = None) -> None:
    """Import a list of workers; their providers come first. Importing it again updates who is there already."""
    import_list(file, db, import_workers, "workers")


@app.command()
def template(file: Target = None) -> None:
    """A list of workers to be filled in, with one example."""
    write_template(load_crew_words().worker_template, file)


@app.command("list")
def list_workers(
    provider: Annotated[str | None, typer.Argument(help="Code of a provider")] = None, db: Db = None
) -> None:
    """Workers: code, name, provider, regions, items, whether their position is known, whether they work."""
    with opened(db) as store, store.reading() as uow:
        for one in uow.providers.workers(provider):
            regions, items = ",".join((one.region, *one.regions)), ",".join(one.items)
            known = "position" if one.position else "no position"
            state = "active" if one.active else "inactive"
            typer.echo("\t".join([one.code, one.name, one.provider, regions, items, known, state]))


@app.command()
def absent(
    worker: Annotated[str, typer.Argument(help="Code of the worker")],
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day, YYYY-MM-DD")],
    back: Annotated[bool, typer.Option("--back", help="They come after all")] = False,
    db: Db = None,
) -> None:
    """Somebody does not come on a day: nothing is offered to them, and plans of that day are made anew."""
    if day.date() < local_now().date():
        raise fail("this day is over")
    with opened(db) as store, store.unit_of_work() as uow:
        try:
            changed = set_absent(worker, day.date(), uow, absent=not back)
        except KeyError:
            raise fail(f"no worker has the code {worker}") from None
        uow.commit()
    typer.echo("Noted." if changed else "It was so already.")
