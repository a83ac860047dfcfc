"""Opens the database of an installation and hands out units of work on it."""

from __future__ import annotations

from sqlalchemy import Engine

from backend.services.live import Live
from backend.store.engine import make_engine
from backend.store.migrate import migrate_engine
from backend.store.numbers import Numbers
from backend.store.sealing import Cipher
from backend.store.tables import Tables
from backend.store.tail import Tail
from backend.store.trail import open_trail
from backend.store.unit_of_work import SqlUnitOfWork
from config.settings import Settings


class Store:
    """An open database with the keys of this installation. Safe to share between threads."""

    def __init__(self, engine: Engine, cipher: Cipher, live: Live | None = None) -> None:
        self.engine, self.cipher = engine, cipher
        self.tables = Tables(cipher)
        self.live = live or Live()
        self.tail = Tail(engine, self.tables, self.live)
        self.live.stand_at(self.tail.position)
        self.numbers = Numbers(engine, self.tables)
        self.audit_key = open_trail(engine, self.tables, cipher)

    def unit_of_work(self) -> SqlUnitOfWork:
        return self._unit_of_work()

    def reading(self) -> SqlUnitOfWork:
        """A unit of work that will not write: it waits for nobody and nobody waits for it."""
        return self._unit_of_work(read_only=True)

    def _unit_of_work(self, *, read_only: bool = False) -> SqlUnitOfWork:
        return SqlUnitOfWork(
            self.engine,
            self.tail,
            tables=self.tables,
            cipher=self.cipher,
            audit_key=self.audit_key,
            numbers=self.numbers,
            read_only=read_only,
        )

    def close(self) -> None:
        self.tail.close()
        self.numbers.close()
        self.engine.dispose()


def open_store(settings: Settings, *, url: str | None = None, live: Live | None = None) -> Store:
    """Open the database of these settings (or at `url`), bringing its tables up to date first.

    Raises StoreUrlError for a URL that can not be used, WrongKeyError when the database belongs to another data key, and
    NewerDatabaseError when a newer program wrote it.
    """
    engine = make_engine(url or settings.db)
    cipher = Cipher(settings.data_key_bytes())
    try:
        migrate_engine(engine, cipher)
        return Store(engine, cipher, live)
    except BaseException:
        engine.dispose()
        raise
