"""Orders as a table for spreadsheets: CSV while it is read, or an xlsx file. No cell can become a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import IO, Any

import xlsxwriter  # type: ignore[import-untyped]

from backend.domain.order import Order
from backend.services.order_filter import OrderFilter
from backend.services.ports import Stores

PAGE = 500
MOST_ROWS = 100_000
BOM = "\ufeff"  # lets spreadsheet programs see that it is UTF-8
# What spreadsheet programs take as the beginning of a formula or command, also behind blanks and signs that nobody sees.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

_UNSEEN = re.compile(r"^[\s\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*")


def orders_of(store: Stores, wanted: OrderFilter) -> Iterator[Order]:
    """All orders of a filter, newest first, read page by page; never more than MOST_ROWS."""
    before: str | None = None
    for _ in range(MOST_ROWS // PAGE):
        with store.reading() as uow:
            page = uow.order_lists.page(wanted, before=before, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        before = page[-1].number


def harmless(cell: object) -> str:
    """The cell as text that no spreadsheet program runs: a quote in front of what could be a formula."""
    text = "" if cell is None else str(cell)
    begins = _UNSEEN.sub("", text, count=1)
    return f"'{text}" if begins.startswith(RISKY) or text.startswith(RISKY) else text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file, piece by piece."""
    yield BOM + _line(header)
    for row in rows:
        yield _line(row)


def write_xlsx(file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """The workbook; rows go to disk as they come, so that a long list does not fill the memory."""
    options: dict[str, Any] = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(chain([header], rows)):
            for column, cell in enumerate(cells):
                sheet.write_string(number, column, harmless(cell))


def _line(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([harmless(cell) for cell in cells])
    return line.getvalue()
