"""One sentence that changes several orders, each in its own way («打扫的改到下午，洗澡的不要了»)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from backend.domain.order import Order
from bot.dialogue import cues
from bot.dialogue.flows import cancel, move, orders
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from nlu.clauses import MARKS
from nlu.understanding import Slot

_PARTS = re.compile(f"[^{re.escape(MARKS)}]+")


def changes(talk: Talk) -> bool:
    """Cancel or move every order that its part of the sentence says so of. False unless at least two are meant."""
    if talk.form is not None or len(orders.open_orders(talk)) < 2:
        return False
    return _put_off_all(talk) or _each_its_own(talk)


def _put_off_all(talk: Talk) -> bool:
    """«都往后推一天»."""
    if not cues.says("all_of_them", talk.text) or cues.shift(talk.text) is None:
        return False
    standing = [order for order in orders.open_orders(talk) if orders.is_once(order)]
    for order in standing:
        if wanted := move.shifted(order.wanted, talk.text):
            move.move_to(talk, order, wanted)
    talk.memory.pending, talk.understood = None, True
    return bool(standing)


def _each_its_own(talk: Talk) -> bool:
    """Each part of the sentence names one order, and what is to become of it."""
    if not (cues.says("swap", talk.text) or cues.says("move", talk.text)):
        return False
    parts = [(order, part) for part in _parts(talk) if (order := _named_in(talk, part)) is not None]
    if len({order.number for order, _ in parts}) < 2 or not all(_changes(talk, part) for _, part in parts):
        return False
    for order, part in parts:
        if cues.says("drop", part):
            cancel.cancel(talk, order)
        else:
            move.move(talk, order, move.last_time(_times(talk, part)))
    talk.memory.pending, talk.understood = None, True
    return True


def _parts(talk: Talk) -> Iterator[str]:
    """The parts between the marks; where two times stand in one, each begins its own («明天洗澡后天打扫»)."""
    times = [slot.start for slot in talk.slots("time")]
    for found in _PARTS.finditer(talk.heard.text):
        inside = [at for at in times if found.start() < at < found.end()]
        borders = [found.start(), *(inside if len(inside) > 1 or found.start() in times else []), found.end()]
        yield from (talk.heard.text[a:b] for a, b in pairwise(borders))


def _named_in(talk: Talk, part: str) -> Order | None:
    named = [order for order in orders.open_orders(talk) if order.item in cues.items_mentioned(part)]
    return named[0] if len(named) == 1 else None


def _changes(talk: Talk, part: str) -> bool:
    return cues.says("drop", part) or bool(_times(talk, part))


def _times(talk: Talk, part: str) -> tuple[Slot, ...]:
    return talk.read(part, expecting=Asks.TIME).filled("time")
