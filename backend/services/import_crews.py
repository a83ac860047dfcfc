"""Imports lists of providers and of workers. A list can be imported again: who is there already is brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import count, islice
from pathlib import Path

from backend.domain.phone import normal_phone
from backend.domain.providers import Provider, Worker
from backend.services.crew_row import Read, read_code, read_department, read_provider, read_worker
from backend.services.import_people import BATCH, ImportResult, Problems
from backend.services.people_file import Row, read_table
from backend.services.people_row import RowError, read_name
from backend.services.ports import Stores, UnitOfWork
from config.crews import load_crew_words

Progress = Callable[[int], None]


def import_providers(path: Path, store: Stores, *, progress: Progress = lambda rows: None) -> ImportResult:
    """Import providers: known by their code, else by name and department. Raises PeopleFileError."""
    return _imported(path, store, load_crew_words().provider_columns, _Providers, progress)


def import_workers(path: Path, store: Stores, *, progress: Progress = lambda rows: None) -> ImportResult:
    """Import workers: known by their code, else within their provider by phone, else by name. Raises PeopleFileError."""
    return _imported(path, store, load_crew_words().worker_columns, _Workers, progress)


class _Providers:
    """The providers that are known, and those that a list changes."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.known = {one.code: one for one in uow.providers.all()}
        self.changed: dict[str, Provider] = {}
        self._others = {one.code for one in uow.providers.workers()}

    def read(self, cells: Mapping[str, str]) -> Read[Provider]:
        code = read_code(cells.get("code", ""))
        name, department = read_name(cells.get("name", "")), read_department(cells.get("department", ""))
        if code is None:
            same = (one for one in self.known.values() if one.name == name)
            stored = next((one for one in same if department in (None, one.department)), None)
            code = stored.code if stored else _free(department or "", self.known.keys() | self._others)
        if code in self._others:
            raise RowError("taken_code", code)
        return read_provider(cells, self.known.get(code), code)

    def save(self, uow: UnitOfWork) -> None:
        uow.providers.save(list(self.changed.values()), [])


class _Workers:
    """The workers that are known, and those that a list changes."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.known = {one.code: one for one in uow.providers.workers()}
        self.changed: dict[str, Worker] = {}
        self._providers = {one.code: one for one in uow.providers.all()}

    def read(self, cells: Mapping[str, str]) -> Read[Worker]:
        code = read_code(cells.get("code", ""))
        name = read_name(cells.get("name", ""))
        provider = self._provider(cells.get("provider", "").strip(), self.known.get(code or ""))
        if code in self._providers:
            raise RowError("taken_code", code or "")
        if code is None:
            stored = self._same(provider.code, name, normal_phone(cells.get("phone", "")))
            taken = self.known.keys() | self._providers.keys()
            code = stored.code if stored else _free(provider.code, taken)
        stored = self.known.get(code)
        if stored is not None and stored.provider != provider.code:
            raise RowError("moved_worker", code)
        return read_worker(cells, provider, stored, code)

    def save(self, uow: UnitOfWork) -> None:
        uow.providers.save([], list(self.changed.values()))

    def _provider(self, told: str, stored: Worker | None) -> Provider:
        if not told:
            if stored is None:
                raise RowError("no_provider")
            return self._providers[stored.provider]
        named = [one for one in self._providers.values() if told in (one.code, one.name)]
        if len(named) != 1:
            raise RowError("twice_provider" if named else "unknown_provider", told[:50])
        return named[0]

    def _same(self, provider: str, name: str, phone: str | None) -> Worker | None:
        ours = [one for one in self.known.values() if one.provider == provider]
        by_phone = (one for one in ours if phone is not None and one.phone == phone)
        # Two of one name are told apart by their numbers.
        by_name = (one for one in ours if one.name == name and (phone is None or one.phone is None))
        return next(by_phone, None) or next(by_name, None)


def _imported(
    path: Path,
    store: Stores,
    columns: Mapping[str, str],
    kind: type[_Providers] | type[_Workers],
    progress: Progress,
) -> ImportResult:
    result = ImportResult()
    with Problems(path, result, load_crew_words().problems) as problems:
        source = read_table(path, columns)
        while rows := tuple(islice(source, BATCH)):
            with store.unit_of_work() as uow:
                crew = kind(uow)
                for row in rows:
                    _keep(row, crew, problems, result)
                crew.save(uow)
                uow.commit()
            result.rows += len(rows)
            progress(result.rows)
    return result


def _keep(row: Row, crew: _Providers | _Workers, problems: Problems, result: ImportResult) -> None:
    try:
        if row.cells is None:
            raise RowError("unreadable_row")
        read = crew.read(row.cells)
    except RowError as error:
        problems.add(row, error)
        return
    for code, value in read.warnings:
        problems.warn(row, code, value)
    _note(read.found, crew, result)


def _note(found: Provider | Worker, crew: _Providers | _Workers, result: ImportResult) -> None:
    before = crew.known.get(found.code)
    if before == found:
        result.unchanged += 1
        return
    result.created += before is None
    result.updated += before is not None
    crew.known[found.code] = crew.changed[found.code] = found  # type: ignore[assignment]


def _free(stem: str, taken: Collection[str]) -> str:
    """A code that nobody has: `hs-yc-3`."""
    if not stem:
        raise RowError("no_department")
    return next(code for number in count(1) if (code := f"{stem}-{number}") not in taken)
