"""Lists for spreadsheets, with the filters of `/orders`. Personal data stays masked: an export leaves the house for good."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from fastapi import APIRouter, Depends
from starlette.responses import Response, StreamingResponse

from backend.domain.order import Order
from backend.services.export_orders import csv_lines, orders_of, write_xlsx
from backend.services.order_filter import OrderFilter
from backend.web.api.caller import Caller, note
from backend.web.api.desk import Desk, refusals
from backend.web.api.orders import listing
from backend.web.api.show import order_shown

COLUMNS = (
    "number", "item", "state", "department", "region", "assignee", "urgency", "escalation", "placed_at", "wanted",
    "beneficiary_name", "phone", "place",
)  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK_BYTES = 64 * 1024


def exports_router(desk: Desk) -> APIRouter:
    """`/exports/orders.csv` and `/exports/orders.xlsx`."""
    router = APIRouter(prefix="/exports", tags=["exports"])
    asked = Depends(listing("order.export", desk))

    @router.get(
        "/orders.csv", responses=refusals() | {200: {"content": {"text/csv": {}}}}, response_class=Response,
        summary="Orders as CSV",
    )  # fmt: skip
    def as_csv(wanted: OrderFilter = asked, caller: Caller = desk.caller) -> Response:
        """Sent while it is read, newest first, at most 100,000 rows."""
        _noted(desk, caller, "orders.csv")
        return StreamingResponse(
            csv_lines(COLUMNS, _rows(desk, wanted, caller)), media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="orders.csv"'},
        )  # fmt: skip

    @router.get(
        "/orders.xlsx", responses=refusals() | {200: {"content": {XLSX: {}}}}, response_class=Response,
        summary="Orders as an xlsx workbook",
    )  # fmt: skip
    def as_xlsx(wanted: OrderFilter = asked, caller: Caller = desk.caller) -> Response:
        _noted(desk, caller, "orders.xlsx")
        return StreamingResponse(
            _workbook(_rows(desk, wanted, caller)), media_type=XLSX,
            headers={"Content-Disposition": 'attachment; filename="orders.xlsx"'},
        )  # fmt: skip

    return router


def _noted(desk: Desk, caller: Caller, name: str) -> None:
    with desk.store.unit_of_work() as uow:
        note(uow, [caller.noted("order.export", "export", name)])


def _rows(desk: Desk, wanted: OrderFilter, caller: Caller) -> Iterator[list[object]]:
    for order in orders_of(desk.store, wanted):
        yield _cells(order, caller)


def _cells(order: Order, caller: Caller) -> list[object]:
    shown = order_shown(order, full=False, at=caller.now)
    shown["wanted"] = order.wanted.iso or ("asap" if order.wanted.asap else "")
    return [shown[column] for column in COLUMNS]


def _workbook(rows: Iterator[list[object]]) -> Iterator[bytes]:
    """A workbook is only whole at its end: it is written to a file without a name first, then sent in pieces."""
    with tempfile.TemporaryFile() as file:
        write_xlsx(file, COLUMNS, rows)
        file.seek(0)
        while piece := file.read(CHUNK_BYTES):
            yield piece
