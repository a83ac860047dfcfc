"""The `nuanxian` command."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="nuanxian",
    help="暖线: the front door to door-step services for elderly and disabled people.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals hold what people said
)

Db = Annotated[
    str | None, typer.Option("--db", help="Database URL; default: NUANXIAN_DB, else var/nuanxian.sqlite")
]


@app.command()
def run(
    db: Db = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Server processes; several need PostgreSQL.")
    ] = 1,
) -> None:
    """Set up the database (with demo data in demo mode) and start the line with its pages."""
    if workers > 1:
        from bot.supervisor import serve_many

        raise typer.Exit(serve_many(workers, db=db, host=host, port=port))
    from bot.server import serve

    serve(db=db, host=host, port=port)


@app.command()
def chat(
    db: Db = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON object a line in and out, for scripts.")
    ] = False,
    sender: Annotated[str, typer.Option(help="The number or channel id you speak as.")] = "terminal",
) -> None:
    """Talk with the line in the terminal, or from a script."""
    from bot.composition import open_house
    from bot.logs import configure

    configure("warning")  # more would get between the lines of a talk
    if jsonl:
        from bot.channels.jsonl import talk_over

        talk_over(open_house(db=db).conversations)
        return
    from bot.channels.terminal import talk

    talk(open_house(db=db).conversations, sender=sender)


@app.command()
def sandbox(
    db: Db = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Try WeChat and Telegram without an account: a phone in the browser, and the platforms on this machine."""
    from bot.commands.opening import fail
    from bot.sandbox.serve import serve_sandbox
    from config.settings import SettingsError

    try:
        serve_sandbox(db=db, port=port)
    except SettingsError as problem:
        raise fail(str(problem)) from None


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The new file. Keep the data key somewhere else.")],
    verify: Annotated[
        bool, typer.Option(help="Restore it into a database made for this, and compare.")
    ] = True,
    db: Db = None,
) -> None:
    """Back the whole database up into one encrypted file, while the line goes on working."""
    from bot.commands.backup import backup as back_up

    back_up(file, db=db, verify=verify)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file made with `nuanxian backup`.")], db: Db = None
) -> None:
    """Restore a backup into a new, empty database."""
    from bot.commands.backup import restore as put_back

    put_back(file, db=db)


@app.command("plan-day")
def plan_day(
    department: Annotated[str, typer.Argument(help="Code of the department")],
    day: Annotated[
        datetime | None, typer.Argument(formats=["%Y-%m-%d"], help="YYYY-MM-DD; without one, today")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Code of the region; default: all of it")] = None,
    absent: Annotated[
        list[str] | None, typer.Option(help="Code of a worker who does not come; may be given again")
    ] = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take the plan over: offer each visit to whom it names.")
    ] = False,
    db: Db = None,
) -> None:
    """Plan the routes of a department's workers for one day; asked again, what is left is planned anew."""
    from bot.commands.plan import plan_day as plan

    plan(department, day, region=region, absent=absent or (), adopt=adopt, db=db)


@app.command()
def doctor(db: Db = None) -> None:
    """Check the installation, in plain words."""
    from bot.commands.doctor import doctor as examine

    raise typer.Exit(examine(db=db))


# Errors of these packages are written for people: they say what is wrong and what to do.
OURS = frozenset({"bot", "nlu", "voice", "backend", "config"})


def main() -> None:
    """Entry point. Faults of the person at the keyboard are told in one sentence, not in a stack trace."""
    from bot.commands import add_commands

    add_commands(app)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as problem:
        if type(problem).__module__.partition(".")[0] not in OURS:
            raise
        typer.echo(str(problem), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
