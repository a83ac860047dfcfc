"""What a channel keeps besides turns: lines that are no turns, pictures, verified phone numbers, and small sealed facts.

Claims and facts live in the database, so that all processes share them. Pictures are sealed files, because they are large.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import delete, select

from backend.services.ports import ContactRecord, Line, StaleError
from backend.store.dialect import conflict_insert
from backend.store.engine import READ_ONLY
from backend.store.open import Store
from backend.store.pictures import Pictures, of_work, picture_type
from bot.channels.contract import Incoming, MediaError
from bot.dialogue.memory import Memory

TRIES = 5
MOST_PICTURES = 100  # of one conversation
MOST_PICTURE_BYTES = 10 * 1024 * 1024


class Keeper:
    """The memory of the channels, on the store of this installation and one folder. Safe to share between threads."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._pictures = store, Pictures(folder, store.cipher)

    def memory(self, session: str) -> Memory:
        """What the conversation remembers now."""
        with self._store.reading() as uow:
            record = uow.contacts.get(session)
        return Memory.from_json(record.memory) if record else Memory()

    def answered(self, session: str, message_id: str | None) -> bool:
        """Whether this message was answered before: then nothing needs to be fetched or recognised again."""
        if message_id is None:
            return False
        with self._store.reading() as uow:
            return uow.contacts.reply_to(session, message_id) is not None

    def note(self, message: Incoming, line: str, *, place: str | None = None) -> None:
        """Add a line to what was said, once a message; with `place`, remember it as where this person lives."""
        for _ in range(TRIES):
            try:
                self._note(message, line, place)
                return
            except StaleError:
                continue
        raise StaleError("the conversation changed under every attempt")

    def _note(self, message: Incoming, line: str, place: str | None) -> None:
        with self._store.unit_of_work() as uow:
            key = f"note:{message.message_id}"
            if message.message_id and uow.contacts.reply_to(message.session, key) is not None:
                return
            known = uow.contacts.get(message.session)
            memory = Memory.from_json(known.memory) if known else Memory()
            memory.updated_at = message.at.isoformat()
            if place:
                memory.tell("self", place=place)
            blank = ContactRecord(message.session, message.sender, message.channel.value, {}, message.at, 0)
            record = known or blank
            changed = replace(
                record, memory=memory.to_json(), updated_at=message.at, version=record.version + 1
            )
            uow.contacts.save(changed, [Line(message.at, "caller", line)])
            if message.message_id:
                uow.contacts.remember_reply(message.session, key, {})
            uow.commit()

    # Claims: the first who asks gets it, in whatever process.

    def claim(self, kind: str, key: str, value: dict[str, Any] | None = None) -> bool:
        """True for the first who claims this; False for everybody after."""
        try:
            with self._store.unit_of_work() as uow:
                uow.contacts.remember_reply(f"channel:{kind}", key, value or {})
                uow.commit()
        except StaleError:
            return False
        return True

    def claimed(self, kind: str, key: str) -> bool:
        with self._store.reading() as uow:
            return uow.contacts.reply_to(f"channel:{kind}", key) is not None

    # Facts: small values by name, the newest counts.

    def fact(self, kind: str, key: str) -> Any | None:
        name = self._name(kind, key)
        meta, cipher = self._store.tables.meta, self._store.cipher
        with self._store.engine.connect().execution_options(**{READ_ONLY: True}) as connection:
            value = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()
        return None if value is None else orjson.loads(cipher.open(bytes(value), name.encode()))

    def set_fact(self, kind: str, key: str, value: Any) -> None:
        name = self._name(kind, key)
        meta, sealed = self._store.tables.meta, self._store.cipher.seal(orjson.dumps(value), name.encode())
        with self._store.engine.begin() as connection:
            statement = conflict_insert(connection, meta).values(name=name, value=sealed)
            connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_={"value": sealed})
            )

    def take_fact(self, kind: str, key: str) -> Any | None:
        """The fact, gone from then on; only one of several who ask gets it."""
        value = self.fact(kind, key)
        if value is None:
            return None
        meta = self._store.tables.meta
        with self._store.engine.begin() as connection:
            gone = connection.execute(delete(meta).where(meta.c.name == self._name(kind, key))).rowcount
        return value if gone else None

    def _name(self, kind: str, key: str) -> str:
        return f"channel:{kind}:{self._store.cipher.index(kind, key).hex()}"

    # Phone numbers that a platform vouched for.

    def phone_of(self, sender: str) -> str | None:
        phone: str | None = self.fact("phone", sender)
        return phone

    def verify_phone(self, sender: str, phone: str) -> None:
        self.set_fact("phone", sender, phone)
        self.set_fact("writes-from", phone, sender)

    def writes_from(self, phone: str) -> str | None:
        """Where the owner of this number last showed it: they can be written to there."""
        sender: str | None = self.fact("writes-from", phone)
        return sender

    def forget_phone(self, phone: str) -> None:
        """Nobody is known by this number as one that they have shown."""
        if sender := self.take_fact("writes-from", phone):
            self.take_fact("phone", sender)

    # Pictures.

    def keep_picture(self, message: Incoming, data: bytes) -> None:
        """Keep a picture with its conversation; the same message twice keeps it once. Raises MediaError."""
        self._keep(message.session, message.message_id, data)

    def keep_picture_of_work(self, number: str, message_id: str, data: bytes) -> str:
        """Keep a picture of the work for this order and tell its name; the same message twice keeps it once.

        Raises MediaError.
        """
        return self._keep(of_work(number), message_id, data)

    def _keep(self, session: str, message_id: str | None, data: bytes) -> str:
        if len(data) > MOST_PICTURE_BYTES or picture_type(data) is None:
            raise MediaError("no picture, or a picture that is too large")
        if len(self._pictures.names(session)) >= MOST_PICTURES:
            raise MediaError("this conversation has too many pictures")
        return self._pictures.keep(session, message_id, data)

    def pictures(self, session: str) -> Iterator[bytes]:
        """The pictures of a conversation, oldest first."""
        kept = (self._pictures.read(session, name) for name in self._pictures.names(session))
        return (data for data in kept if data is not None)
