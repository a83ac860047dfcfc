"""`nuanxian providers`: the organisations that do the work, from lists."""

from __future__ import annotations

import typer

from backend.services.import_crews import import_providers
from backend.services.named_providers import unknown_providers
from bot.commands.crews import File, Target, import_list, write_template
from bot.commands.opening import Db, opened
from config.crews import load_crew_words

app = typer.Typer(help="Providers: import, template, list.", no_args_is_help=True)


@app.command("import")
def import_command(file: File, db: Db = None) -> None:
    """Import a list of providers. Importing it again updates who is there already."""
    import_list(file, db, import_providers, "providers")
    with opened(db) as store, store.reading() as uow:
        for one in unknown_providers(uow):
            typer.echo(f"{one.place}: no provider has the code {one.code}", err=True)


@app.command()
def template(file: Target = None) -> None:
    """A list of providers to be filled in, with one example."""
    write_template(load_crew_words().provider_template, file)


@app.command("list")
def list_providers(db: Db = None) -> None:
    """All providers: code, name, department, region, items."""
    with opened(db) as store, store.reading() as uow:
        for one in uow.providers.all():
            typer.echo("\t".join([one.code, one.name, one.department, one.region, ",".join(one.items)]))
