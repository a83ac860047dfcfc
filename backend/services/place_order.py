"""点单: an order is placed and goes at once to the department that answers for its item."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from backend.domain.local_time import local_time
from backend.domain.order import HistoryRow, Move, Order, State, Wanted
from backend.domain.wanted import is_rule, is_time, out_of_reach
from backend.services.clocks import set_clocks
from backend.services.commands import PlaceOrder
from backend.services.events import ORDER_PLACED, order_event
from backend.services.people_row import region_of
from backend.services.ports import StaleError, UnitOfWork
from config.organisation import load_departments

PLACE = "place"
TIME = "time"  # of the things that may be missing


def place_order(command: PlaceOrder, uow: UnitOfWork) -> Order:
    """The new order; or the one that this command's key made before. Raises KeyError for an item nobody handles.

    A time that nobody could keep is left out, and staff ask for it.
    """
    if command.key is not None and not uow.orders.claim_key(command.key):
        known = uow.orders.by_key(command.key)
        if known is None:
            raise StaleError("an order with this key was just taken back")
        return known
    command = replace(command, at=local_time(command.at))
    region = _region(command, uow)
    department = load_departments().for_item(command.item, region)
    number = uow.orders.next_number(command.at)
    if command.key is not None:
        uow.orders.remember_key(command.key, number)
    placed = _placed(command, number, region)
    order = placed.moved(Move.ROUTE, at=command.at, actor="system", payload={"department": department.code})
    uow.orders.add(order)
    set_clocks(order, command.at, uow)
    uow.publish(order_event(ORDER_PLACED, order))
    return order


def _region(command: PlaceOrder, uow: UnitOfWork) -> str | None:
    """Where it is to be done: as told, else as the address says, else where the person lives."""
    told = command.region or (region_of(command.place) if command.place else None)
    if told is None and command.elder_id is not None:
        return uow.people.get(command.elder_id).region
    return told


def _kept(wanted: Wanted, at: datetime) -> Wanted:
    """What of it can be shown and kept."""
    iso = wanted.iso if is_time(wanted.iso) and not out_of_reach(str(wanted.iso), at) else None
    return Wanted(iso, wanted.asap, wanted.recurrence if is_rule(wanted.recurrence) else None)


def _placed(command: PlaceOrder, number: str, region: str | None) -> Order:
    wanted = _kept(command.wanted, command.at)
    lacking = () if wanted == command.wanted or TIME in command.missing else (TIME,)
    return Order(
        number=number,
        item=command.item,
        beneficiary=command.beneficiary,
        beneficiary_name=command.beneficiary_name,
        elder_id=command.elder_id,
        caller=command.caller,
        wanted=wanted,
        place=command.place,
        phone=command.phone,
        details=command.details,
        session=command.session,
        placed_at=command.at,
        missing=(*command.missing, *lacking),
        history=(HistoryRow(command.at, "caller", PLACE, State.PLACED, origin=command.origin),),
        region=region,
        bundle=command.bundle,
    )
