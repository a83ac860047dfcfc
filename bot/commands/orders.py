"""`nuanxian orders`: list them, show one with its history and conversation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from backend.domain.order import Order, OrderNotFoundError, State
from backend.services.ports import UnitOfWork
from bot.commands.opening import Db, fail, opened
from bot.order_json import order_json
from config.catalogue import load_catalogue
from config.organisation import load_departments

PAGE = 500
SHOWN = 50

app = typer.Typer(help="Orders: list, show.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output")]


@app.command("list")
def list_orders(
    as_json: AsJson = False,
    state: Annotated[
        list[State] | None, typer.Option(help="Only these states; may be given several times")
    ] = None,
    department: Annotated[
        str | None, typer.Option(help="Only this department (code in config/departments.yaml)")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"How many; default: {SHOWN}, with --json all")
    ] = None,
    db: Db = None,
) -> None:
    """Orders, the newest first."""
    if department is not None and department not in load_departments().by_code:
        raise fail(
            f"no department has the code {department}; there are: {', '.join(load_departments().by_code)}"
        )
    with opened(db) as store, store.reading() as uow:
        newest = _newest(uow, tuple(state or ()), department)
        orders = list(islice(newest, limit if limit or as_json else SHOWN))
    if as_json:
        typer.echo(json.dumps([as_dict(order) for order in orders], ensure_ascii=False, indent=1))
        return
    Console().print(_table(orders))


@app.command()
def show(number: str, as_json: AsJson = False, db: Db = None) -> None:
    """One order with its history and what was said."""
    with opened(db) as store, store.reading() as uow:
        try:
            order = uow.orders.get(number)
        except OrderNotFoundError:
            raise fail(f"no order has the number {number}") from None
        lines = uow.contacts.lines(order.session)
    shown = as_dict(order) | {
        "history": [
            {
                "at": row.at.isoformat(),
                "actor": row.actor,
                "move": row.move,
                "status": row.state.value,
                "reason": row.reason,
            }
            for row in order.history
        ],
        "conversation": [{"at": line.at.isoformat(), "who": line.who, "text": line.text} for line in lines],
    }
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    for name, value in shown.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            typer.echo(f"{name}:")
            for row in value:
                typer.echo("  " + "  ".join(str(cell) for cell in row.values() if cell))
        else:
            typer.echo(f"{name}: {', '.join(value) if isinstance(value, list) else value}")


def as_dict(order: Order) -> dict[str, Any]:
    """The order as scripts see it: the fields of the JSON-lines interface, and what staff know besides."""
    return order_json(order) | {
        "name": order.beneficiary_name,
        "elder_id": order.elder_id,
        "caller": order.caller,
        "session": order.session,
        "asap": order.wanted.asap,
        "recurrence": order.wanted.recurrence,
        "details": list(order.details),
        "missing": list(order.missing),
        "placed_at": order.placed_at.isoformat(),
        "department": order.department,
        "assignee": order.assignee,
    }


def _newest(uow: UnitOfWork, states: tuple[State, ...], department: str | None) -> Iterator[Order]:
    before: str | None = None
    while page := uow.orders.queue(states=states, department=department, limit=PAGE, before=before):
        yield from page
        before = page[-1].number


def _table(orders: list[Order]) -> Table:
    catalogue, departments = load_catalogue(), load_departments().by_code
    table = Table("number", "item", "for", "wanted", "status", "department", box=None)
    for order in orders:
        item = catalogue[order.item].name if order.item in catalogue else order.item
        department = departments[order.department].short if order.department else "-"
        wanted = order.wanted.iso or ("asap" if order.wanted.asap else "-")
        table.add_row(
            order.number,
            item,
            order.beneficiary_name or order.beneficiary,
            wanted,
            order.state.value,
            department,
        )
    return table
