"""`nuanxian audit`: is the trail of what was done with orders as it was written?"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from backend.store.verify import Report, count_rows
from backend.store.verify import verify as verify_trail
from bot.commands.opening import Db, fail, opened

app = typer.Typer(help="The audit trail: verify.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """The audit trail of orders."""


@app.command()
def verify(
    order: Annotated[str | None, typer.Option(help="Only the chain of this order")] = None,
    db: Db = None,
) -> None:
    """Check every row of the trail. Names the first one that was changed, removed or put in, and then exits with 1."""
    console = Console()
    with opened(db) as store:
        if order is not None:
            report = verify_trail(store, number=order)
            if report.orders == 0:
                raise fail(f"no order has the number {order}")
        else:
            columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
                task = bar.add_task("rows", total=count_rows(store))
                report = verify_trail(store, progress=lambda rows: bar.advance(task, rows))
    console.print(_told(report))
    if report.broken is not None:
        raise typer.Exit(1)


def _told(report: Report) -> str:
    if report.broken is not None:
        return f"[bold red]BROKEN[/] at {report.broken.where}: {report.broken.why}"
    erased = f", {report.erased:,} with erased personal data" if report.erased else ""
    newest = f", the newest {report.not_anchored:,} not anchored yet" if report.not_anchored else ""
    return (
        f"[bold green]intact[/]: {report.rows:,} rows of {report.orders:,} orders, "
        f"{report.anchors:,} anchors{newest}{erased}"
    )
