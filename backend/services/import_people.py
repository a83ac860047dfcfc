"""Imports a list of elders with their contacts. A list can be imported again: who is in the records already is brought up to date."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Self, TextIO

from backend.domain.people import Contact, Elder
from backend.services.people_file import Row, read_people
from backend.services.people_row import RowError, read_row
from backend.services.ports import People, Stores
from config.organisation import load_people_words

BATCH = 2_000  # rows a transaction
SHOWN = 100  # problems that the result holds; all of them stand in the file


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row. `kept`: the row was imported all the same."""

    line: int
    name: str
    code: str
    text: str
    kept: bool


@dataclass(slots=True)
class ImportResult:
    """What became of the rows of a list. Two rows of one person count as one person."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    warned: int = 0
    problems: list[Problem] = field(default_factory=list)  # the first SHOWN
    problems_file: Path | None = None


def import_people(
    path: Path, store: Stores, *, today: date, progress: Callable[[int], None] = lambda rows: None
) -> ImportResult:
    """Import the file in transactions of BATCH rows. `progress` is told the rows read so far.

    Raises PeopleFileError when the file as a whole can not be read; what was imported before stays.
    """
    result = ImportResult()
    with Problems(path, result, load_people_words().problems) as problems:
        source = read_people(path)
        while rows := tuple(islice(source, BATCH)):
            with store.unit_of_work() as uow:
                people = _people_of(rows, uow.people, problems, today)
                _store(people, uow.people, result)
                uow.commit()
            result.rows += len(rows)
            progress(result.rows)
    return result


def _people_of(rows: tuple[Row, ...], people: People, problems: Problems, today: date) -> list[Elder]:
    """The people of these rows, by key: several rows of one person (one a contact, often) become one."""
    found: dict[str, Elder] = {}
    for row in rows:
        if row.cells is None:
            problems.add(row, RowError("unreadable_row"))
            continue
        try:
            person = read_row(row.cells, people.key_of, today=today)
        except RowError as error:
            problems.add(row, error)
            continue
        for code, value in person.warnings:
            problems.warn(row, code, value)
        before = found.get(person.elder.key)
        found[person.elder.key] = merged(before, person.elder) if before else person.elder
    return list(found.values())


def _store(candidates: list[Elder], people: People, result: ImportResult) -> None:
    changed: dict[str, Elder] = {}
    for candidate, stored in zip(candidates, people.stored_of(candidates), strict=True):
        if stored is None:
            changed[candidate.key] = candidate
            result.created += 1
            continue
        # Two rows can lead to one record, for example one with and one without the id number.
        before = changed.get(str(stored.id), stored)
        after = merged(before, candidate)
        if after == stored:
            result.unchanged += 1
        else:
            changed[str(stored.id)] = after
            result.updated += 1
    if changed:
        people.save_all(list(changed.values()))


def merged(stored: Elder, new: Elder) -> Elder:
    """The stored record with what the list says now. An empty cell changes nothing; contacts are added, never taken away."""
    words = load_people_words()
    return replace(
        stored,
        key=new.key if new.id_number else stored.key,
        name=new.name,
        phones=new.phones or stored.phones,
        address=new.address or stored.address,
        region=new.region or stored.region,
        id_number=new.id_number or stored.id_number,
        birth_date=new.birth_date or stored.birth_date,
        gender=new.gender or stored.gender,
        categories=new.categories or stored.categories,
        tags=new.tags or tuple(tag for tag in stored.tags if tag != words.registered_by_line),
        # A new address without a position: the old position is of another home.
        position=new.position or (stored.position if new.address in (None, stored.address) else None),
        contacts=_merged_contacts(stored.contacts, new.contacts),
    )


def _merged_contacts(stored: tuple[Contact, ...], new: tuple[Contact, ...]) -> tuple[Contact, ...]:
    phones = {contact.phone for contact in new}
    named = {(contact.name, contact.relation) for contact in new}
    kept = [one for one in stored if one.phone not in phones and (one.name, one.relation) not in named]
    return (*kept, *new)


class Problems:
    """Collects problems: the first in the result, all in `FILE.problems.csv`, which is made with the first one."""

    def __init__(self, path: Path, result: ImportResult, words: Mapping[str, str]) -> None:
        self._words = words
        self._path = path.with_name(f"{path.name}.problems.csv")
        self._result = result
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)  # of the last import
        return self

    def __exit__(self, *error: object) -> None:
        if self._file:
            self._file.close()

    def add(self, row: Row, error: RowError) -> None:
        self._result.refused += 1
        self._note(row, error.code, error.value, kept=False)

    def warn(self, row: Row, code: str, value: str) -> None:
        self._result.warned += 1
        self._note(row, code, value, kept=True)

    def _note(self, row: Row, code: str, value: str, *, kept: bool) -> None:
        text = self._words[code].format(value=value)
        problem = Problem(row.line, (row.cells or {}).get("name", ""), code, text, kept)
        if len(self._result.problems) < SHOWN:
            self._result.problems.append(problem)
        if self._file is None:
            # For its owner only, and with the mark that lets spreadsheet programs see it is UTF-8.
            handle = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            self._file = os.fdopen(handle, "w", encoding="utf-8-sig", newline="")
            self._result.problems_file = self._path
            csv.writer(self._file).writerow(["line", "name", "problem", "kept"])
        csv.writer(self._file).writerow(
            [problem.line, _harmless(problem.name), _harmless(text), "yes" if kept else "no"]
        )


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet program will not run as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
