"""Reads a list of people, providers or workers from CSV or xlsx as it comes from an office: any encoding, separator, column order, title lines."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from config.organisation import load_people_words

TITLE_ROWS = 10  # the header stands within this many rows
CHUNK = 1 << 20  # bytes
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DELIMITERS = ("\t", ";", ",", "，")


class PeopleFileError(ValueError):
    """The file as a whole can not be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column name; `line` is where it stands in the file, counted from 1. `cells` is None: unreadable."""

    line: int
    cells: Mapping[str, str] | None


def read_people(path: Path) -> Iterator[Row]:
    """The rows of a list of people, one by one. Raises PeopleFileError."""
    return read_table(path, load_people_words().column_of)


def read_table(path: Path, column_of: Mapping[str, str]) -> Iterator[Row]:
    """The rows of a list whose headers mean these columns; one of them is `name`. Raises PeopleFileError."""
    if not path.is_file():
        raise PeopleFileError(f"{path} does not exist")
    rows = _xlsx_rows(path) if path.suffix.lower() in {".xlsx", ".xlsm", ".xls", ".ods"} else _csv_rows(path)
    columns: dict[int, str] | None = None
    for line, cells in rows:
        if columns is None:
            columns = _header(cells or (), column_of)
            if columns is None and line >= TITLE_ROWS:
                break
        elif cells is None:
            yield Row(line, None)
        elif any(cells):
            yield Row(line, {name: cells[place] for place, name in columns.items() if place < len(cells)})
    if columns is None:
        raise PeopleFileError(
            f"no column for names in the first {TITLE_ROWS} rows of {path.name}: one must be headed `name`"
        )


def count_lines(path: Path) -> int:
    """About how many rows there are, for a progress bar; 0 when counting is not quick."""
    if path.suffix.lower() != ".csv":
        return 0
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))


def _header(cells: Iterable[str], column_of: Mapping[str, str]) -> dict[int, str] | None:
    """Place → column name; None when this row is no header. The first of two columns with one meaning counts."""
    columns: dict[int, str] = {}
    for place, cell in enumerate(cells):
        name = column_of.get(_plain(cell)) or column_of.get(_plain(cell).split("(")[0])
        if name is not None and name not in columns.values():
            columns[place] = name
    return columns if "name" in columns.values() else None


def _plain(header: str) -> str:
    return "".join(unicodedata.normalize("NFKC", header).split()).strip("*:").lower()


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str] | None]]:
    encoding = _encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        start = "".join(line for line, _ in zip(file, range(TITLE_ROWS), strict=False))
        file.seek(0)
        delimiter = max(DELIMITERS, key=start.count)
        reader = csv.reader(file, delimiter=delimiter)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield line, None
                continue
            yield line, [cell.strip() for cell in cells]


def _encoding(path: Path) -> str:
    """UTF-8 when every byte of the file is, else GB 18030, which every Chinese spreadsheet program writes."""
    with path.open("rb") as file:
        start = file.read(4)
        for mark, encoding in BYTE_ORDER_MARKS:
            if start.startswith(mark):
                return encoding
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8"


def _xlsx_rows(path: Path) -> Iterator[tuple[int, list[str] | None]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        sheet = workbook.get_sheet_by_index(0)
    except (CalamineError, IndexError) as error:
        raise PeopleFileError(f"{path.name} is no readable spreadsheet: {error}") from None
    first = (sheet.start or (0, 0))[0]
    for line, cells in enumerate(sheet.iter_rows(), start=first + 1):
        yield line, [_cell_text(cell) for cell in cells]


def _cell_text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # spreadsheets keep 13909510001 as a floating point number
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
