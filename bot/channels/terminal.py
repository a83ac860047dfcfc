"""Talking in the terminal: for trying the line out, and for a look at what it does."""

from __future__ import annotations

import secrets
from datetime import datetime

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from backend.domain.local_time import local_now
from backend.domain.order import Order
from bot.conversations import Conversations
from bot.dialogue import phrasing
from bot.dialogue.turn import Channel, Turn
from config.catalogue import load_catalogue
from config.wording import load_wording


def talk(conversations: Conversations, *, sender: str, console: Console | None = None) -> None:
    """Talk until the input ends. Orders are shown as a card when they are placed or change."""
    console = console or Console()
    ui = load_wording().words["terminal"]
    session = f"terminal-{secrets.token_hex(4)}"
    shown: dict[str, tuple[object, ...]] = {}
    text: str | None = None
    while True:
        now = local_now()
        turn = Turn(session=session, sender=sender, now=now, text=text, channel=Channel.BUTTONS)
        answer = conversations.handle(turn)
        style = "bold red" if answer.reply.urgent else "bold green"
        console.print(f"[{style}]{ui['line']}[/]  {answer.reply.text}")
        if answer.reply.choices:
            console.print(
                "    " + "   ".join(f"[cyan]‹{choice.label}›[/]" for choice in answer.reply.choices)
            )
        for order in answer.orders:
            state = (order.state, order.wanted, order.place)
            if shown.get(order.number) != state:
                console.print(order_card(order, now))
                shown[order.number] = state
        try:
            text = console.input(f"[bold]{ui['you']}[/]  ")
        except (EOFError, KeyboardInterrupt):
            console.print()
            return


def order_card(order: Order, now: datetime) -> Panel:
    """The order as a card: what, for whom, when, where, reached how, and how it stands."""
    words = load_wording().words
    ui, catalogue = words["terminal"], load_catalogue()
    who = ui["self"] if order.beneficiary == "self" else order.beneficiary
    rows = (
        ("item", catalogue[order.item].name if order.item in catalogue else order.item),
        ("who", who + (f"（{order.beneficiary_name}）" if order.beneficiary_name else "")),
        ("when", phrasing.when(order.wanted, now, words)),
        ("where", order.place or "—"),
        ("phone", phrasing.phone_groups(order.phone) if order.phone else "—"),
        ("details", words["list_comma"].join(order.details) or "—"),
        ("state", ui["states"][order.stage.value]),
    )
    table = Table.grid(padding=(0, 2))
    for key, value in rows:
        table.add_row(f"[dim]{ui[key]}[/]", value)
    return Panel(table, title=f"{ui['order']} {order.number}", expand=False, border_style="green")
