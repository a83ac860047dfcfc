"""Elders in the database, and the way from a phone number or channel id to the people behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from backend.domain.family import Rights
from backend.domain.people import Caller, Contact, Elder, Ward
from backend.domain.phone import normal_phone, sender_identity
from backend.services.ports import ElderNotFoundError
from backend.store.columns import position_from
from backend.store.dialect import conflict_insert
from backend.store.sealing import Cipher
from backend.store.tables import Tables
from config.organisation import load_people_words

PHONE, CONTACT, CHANNEL, FAMILY = "phone", "contact", "channel", "family"


class SqlPeople:
    """`ports.People` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._tables, self._cipher = connection, tables, cipher
        self._elders, self._lookup = tables.elders, tables.elder_lookup

    def find_caller(self, sender: str) -> Caller:
        """Who calls. Of several elders on one number the first is the caller, the others live in the same home."""
        statement = self._tables.once("caller", _behind_sender)
        words = load_people_words()
        elders: dict[int, Elder] = {}
        wards: dict[int, Ward] = {}
        bound: dict[int, Ward | None] = {}
        for row in self._db.execute(statement, {"sender": self._sender_index(sender)}):
            if row.kind == FAMILY:
                bound[row.id] = _bound(row)
            elif row.kind == CONTACT:
                wards[row.id] = Ward(_elder(row), row.relation or "")
            else:
                elders.setdefault(row.id, _elder(row))
        # What the elder allowed or took back counts more than an imported list.
        wards = {elder_id: ward for elder_id, ward in (wards | bound).items() if ward is not None}
        # Who is in an official list comes before somebody who only said that this is their number.
        order = sorted(elders, key=lambda elder_id: words.registered_by_line in elders[elder_id].tags)
        first = elders[order[0]] if order else None
        for elder_id in order[1:]:
            wards.setdefault(elder_id, Ward(elders[elder_id], words.same_home))
        if order:
            wards.pop(order[0], None)  # somebody who is noted as the contact of their own record
        phone = normal_phone(sender) or (first.phones[0] if first and first.phones else None)
        return Caller(sender=sender, phone=phone, elder=first, wards=tuple(wards.values()))

    def get(self, elder_id: int) -> Elder:
        row = self._db.execute(select(self._elders).where(self._elders.c.id == elder_id)).first()
        if row is None:
            raise ElderNotFoundError(elder_id)
        return _elder(row)

    def find(self, elder_id: int | None) -> Elder | None:
        try:
            return None if elder_id is None else self.get(elder_id)
        except ElderNotFoundError:
            return None

    def save(self, elder: Elder) -> Elder:
        self.save_all([elder])
        row = self._db.execute(select(self._elders).where(self._elders.c.key == elder.key)).one()
        return _elder(row)

    def save_all(self, elders: Sequence[Elder]) -> None:
        """Insert those without an id (or update by key), update those with one."""
        fresh = [_values(elder) for elder in elders if elder.id is None]
        known = [_values(elder) | {"id": elder.id} for elder in elders if elder.id is not None]
        if fresh:
            statement = conflict_insert(self._db, self._elders)
            taken = {
                column.name: statement.excluded[column.name]
                for column in self._elders.c
                if column.name not in {"id", "key"}
            }
            self._db.execute(statement.on_conflict_do_update(index_elements=["key"], set_=taken), fresh)
        if known:
            self._update(known)
        self._save_lookup(elders)

    def bind(self, elder_id: int, sender: str) -> None:
        """From now on this channel id means this elder."""
        row = {
            "sender_index": self._sender_index(sender),
            "kind": CHANNEL,
            "elder_id": elder_id,
            "position": 0,
            "relation": None,
        }
        self._db.execute(conflict_insert(self._db, self._lookup).values(row).on_conflict_do_nothing())

    def stored_of(self, candidates: Sequence[Elder]) -> list[Elder | None]:
        """For each candidate the record of the same person: by key, else the same name on the same phone number."""
        keys = {elder.key for elder in candidates}
        rows = self._db.execute(select(self._elders).where(self._elders.c.key.in_(keys)))
        by_key = {row.key: _elder(row) for row in rows}
        unmatched = [elder for elder in candidates if elder.key not in by_key and elder.phones]
        by_phone = self._by_name_and_phone(unmatched)
        return [by_key.get(elder.key) or _same_person(elder, by_phone[elder.name]) for elder in candidates]

    def key_of(
        self,
        *,
        name: str,
        id_number: str | None,
        phone: str | None,
        birth_date: date | None = None,
        address: str | None = None,
    ) -> str:
        """The stable key of a person: from the id number, else name and phone, else name, birth date and address."""
        if id_number:
            parts: tuple[str, ...] = ("id", id_number)
        elif phone:
            parts = ("phone", name, phone)
        else:
            parts = (
                "name",
                name,
                birth_date.isoformat() if birth_date else "",
                "".join((address or "").split()),
            )
        return self._cipher.index("person", "\0".join(parts)).hex()

    def count(self) -> int:
        return self._db.execute(select(func.count()).select_from(self._elders)).scalar_one()

    def _update(self, rows: Sequence[dict[str, Any]]) -> None:
        # `id` can not be both the condition and a value, so the condition's parameter gets a name of its own.
        statement = update(self._elders).where(self._elders.c.id == bindparam("of_id"))
        self._db.execute(
            statement, [{"of_id": row["id"]} | {k: v for k, v in row.items() if k != "id"} for row in rows]
        )

    def _save_lookup(self, elders: Sequence[Elder]) -> None:
        table = self._elders
        keys = [elder.key for elder in elders]
        found = self._db.execute(select(table.c.key, table.c.id).where(table.c.key.in_(keys)))
        ids: dict[str, int] = {row.key: row.id for row in found}
        lookup = self._lookup
        self._db.execute(
            delete(lookup).where(lookup.c.elder_id.in_(ids.values()), lookup.c.kind.in_((PHONE, CONTACT)))
        )
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for elder in elders:
            for row in self._lookup_rows(ids[elder.key], elder):
                rows.setdefault((row["sender_index"], row["kind"], row["elder_id"]), row)
        if rows:
            self._db.execute(insert(lookup), list(rows.values()))

    def _lookup_rows(self, elder_id: int, elder: Elder) -> list[dict[str, Any]]:
        rows = [
            {
                "sender_index": self._sender_index(phone),
                "kind": PHONE,
                "elder_id": elder_id,
                "position": place,
                "relation": None,
            }
            for place, phone in enumerate(elder.phones)
            if phone
        ]
        return rows + [
            {
                "sender_index": self._sender_index(contact.phone), "kind": CONTACT, "elder_id": elder_id,
                "position": place, "relation": contact.relation,
            }
            for place, contact in enumerate(elder.contacts)
            if contact.phone
        ]  # fmt: skip

    def _by_name_and_phone(self, candidates: Sequence[Elder]) -> dict[str, list[Elder]]:
        found: dict[str, list[Elder]] = defaultdict(list)
        if not candidates:
            return found
        lookup = self._lookup
        indexes = {self._sender_index(phone) for elder in candidates for phone in elder.phones}
        names = {elder.name for elder in candidates}
        ids = select(lookup.c.elder_id).where(lookup.c.sender_index.in_(indexes), lookup.c.kind == PHONE)
        # A number that somebody merely said in a chat proves nothing: it must not give their chat another one's record.
        said_only = select(lookup.c.elder_id).where(lookup.c.kind == CHANNEL)
        statement = select(self._elders).where(
            self._elders.c.id.in_(ids), self._elders.c.id.not_in(said_only), self._elders.c.name.in_(names)
        )
        rows = self._db.execute(statement)
        for row in rows:
            found[row.name].append(_elder(row))
        return found

    def _sender_index(self, sender: str) -> bytes:
        return self._cipher.index("sender", sender_identity(sender))


def _behind_sender(tables: Tables) -> Select[Any]:
    elders, lookup = tables.elders, tables.elder_lookup
    return (
        select(elders, lookup.c.kind, lookup.c.relation, lookup.c.rights)
        .join(lookup, lookup.c.elder_id == elders.c.id)
        .where(lookup.c.sender_index == bindparam("sender"))
        .order_by(lookup.c.position, elders.c.id)
    )


def rights_text(rights: Rights) -> str:
    """How `elder_lookup.rights` holds what a bound relative may."""
    return "".join(letter for letter, may in (("o", rights.order), ("s", rights.see)) if may)


def _bound(row: Row[Any]) -> Ward | None:
    rights = row.rights or ""
    if not rights:
        return None
    return Ward(_elder(row), row.relation or "", may_order="o" in rights, may_see="s" in rights)


def _same_person(candidate: Elder, stored: Sequence[Elder]) -> Elder | None:
    for elder in stored:
        other_id = candidate.id_number and elder.id_number and candidate.id_number != elder.id_number
        if not other_id and set(candidate.phones) & set(elder.phones):
            return elder
    return None


def _values(elder: Elder) -> dict[str, Any]:
    return {
        "key": elder.key,
        "name": elder.name,
        "phones": list(elder.phones),
        "address": elder.address,
        "region": elder.region,
        "id_number": elder.id_number,
        "birth_date": elder.birth_date,
        "gender": elder.gender,
        "categories": elder.categories,
        "tags": elder.tags,
        "ability_grade": elder.ability_grade,
        "entitlements": elder.entitlements,
        "language": elder.language,
        "pace": elder.pace,
        "loudness": elder.loudness,
        "contacts": [
            [contact.name, contact.phone, contact.relation, contact.emergency] for contact in elder.contacts
        ],
        "consent": elder.consent,
        "position": elder.position,
    }


def _elder(row: Row[Any]) -> Elder:
    return Elder(
        id=row.id,
        key=row.key,
        name=row.name,
        phones=tuple(row.phones),
        address=row.address,
        region=row.region,
        id_number=row.id_number,
        birth_date=row.birth_date,
        gender=row.gender,
        categories=row.categories,
        tags=row.tags,
        ability_grade=row.ability_grade,
        entitlements=row.entitlements,
        language=row.language,
        pace=row.pace,
        loudness=row.loudness,
        contacts=tuple(Contact(*contact) for contact in row.contacts),
        consent=row.consent,
        position=position_from(row.position),
    )
