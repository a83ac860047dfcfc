"""Fills an empty installation with invented people, orders and logins, so that everything can be tried at once.

The people, places and stories stand in `config/demo.yaml`. Loading again adds nothing and changes nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from backend.domain.local_time import local_now
from backend.domain.order import Order, Wanted
from backend.domain.people import Contact, Elder
from backend.domain.providers import Provider, Worker
from backend.domain.queue import TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.accept_order import accept_order
from backend.services.acknowledge_task import acknowledge_task
from backend.services.cancel_order import cancel_order
from backend.services.commands import (
    AcceptOrder,
    AcknowledgeTask,
    CancelOrder,
    FinishOrder,
    OpenTask,
    PlaceOrder,
)
from backend.services.finish_order import finish_order
from backend.services.open_task import open_task
from backend.services.people_row import region_of
from backend.services.place_order import place_order
from backend.services.ports import ContactRecord, Line, Stores, UnitOfWork
from backend.services.staff import hash_password
from config.dispatch import load_dispatch
from config.organisation import load_departments, load_regions

ELDERS = 200
COUPLES = 12  # two elders on one telephone number
DEMO_PASSWORD = "nuanxian-demo"  # noqa: S105 (known to everybody; these logins work in demo mode only)


@cache
def _story() -> Mapping[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = files("config").joinpath("demo.yaml").read_text("utf-8")
    story: Mapping[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 (both loaders are safe ones)
    return story


def demo_logins() -> list[tuple[str, str, str]]:
    """Login, password and role of every demo login."""
    return [(row["login"], DEMO_PASSWORD, row["role"]) for row in _story()["logins"]]


DEMO_LOGINS = demo_logins()


def load_demo(store: Stores, seed: int = 1, *, now: datetime | None = None) -> bool:
    """Load what is missing; False when all of it was there. `now` is the local time the sample orders are reckoned from."""
    now = now or local_now().replace(microsecond=0)
    with store.reading() as uow:
        # The emergency comes last, in the same transaction as everything else.
        if uow.tasks.by_key(_emergency_key()) is not None:
            return False
    with store.unit_of_work() as uow:
        _load_staff(uow)
        _load_providers(uow, random.Random(seed))  # noqa: S311 (invented people, no secrets)
        people = _load_elders(uow, random.Random(seed))  # noqa: S311
        for count, row in enumerate(_story()["orders"]):
            _load_order(uow, f"demo-{count}", row, people, now)
        _load_emergency(uow, people, now)
        uow.commit()
    return True


def _load_staff(uow: UnitOfWork) -> None:
    for row in _story()["logins"]:
        if uow.staff.get(row["login"]) is None:
            password_hash = hash_password(DEMO_PASSWORD)
            role, department = Role(row["role"]), row.get("department")
            uow.staff.save(
                StaffUser(row["login"], row["name"], role, password_hash, department=department, demo=True)
            )


def _load_providers(uow: UnitOfWork, chance: random.Random) -> None:
    story, departments, rules = _story(), load_departments().by_code, load_dispatch()
    providers, workers = [], []
    for count, row in enumerate(story["providers"]):
        items = tuple(row.get("items") or departments[row["department"]].handles)
        provider = Provider(
            row["code"], row["name"], row["department"], row["region"], items, f"0951{8000000 + count}"
        )
        providers.append(provider)
        for place in range(story["workers_a_provider"]):
            gender = chance.choice("fm")
            name = _pick(chance, story["surnames"]) + chance.choice(story["relatives"][gender])
            phone = f"1370951{count:02d}{place:02d}"
            workers.append(
                Worker(
                    f"{provider.code}-{place + 1}", name, provider.code, provider.region, items, phone, gender=gender,
                    skills=tuple(sorted(set().union(*(rules.skills.get(item, ()) for item in items)))),
                    languages=tuple(sorted(set(story["languages"]))), rating=chance.randint(38, 50) / 10,
                )
            )  # fmt: skip
    uow.providers.save(providers, workers)


def _load_elders(uow: UnitOfWork, chance: random.Random) -> list[Elder]:
    """The named people of the story, as stored; the others are stored, too."""
    elders = [_named(row) for row in _story()["people"]]
    named = len(elders)
    elders += list(_invented(chance, ELDERS - named))
    keyed = [
        replace(elder, key=uow.people.key_of(name=elder.name, id_number=None, phone=elder.phones[0]))
        for elder in elders
    ]
    known = uow.people.stored_of(keyed)
    uow.people.save_all([elder for elder, stored in zip(keyed, known, strict=True) if stored is None])
    return [elder for elder in uow.people.stored_of(keyed[:named]) if elder is not None]


def _named(row: Mapping[str, Any]) -> Elder:
    return Elder(
        id=None,
        key="",
        name=row["name"],
        phones=tuple(row["phones"]),
        address=row["address"],
        region=region_of(row["address"]),
        birth_date=row["birth_date"],
        gender=row["gender"],
        categories=tuple(row["categories"]),
        ability_grade=row["ability_grade"],
        pace=row.get("pace", 0),
        contacts=tuple(Contact(*contact) for contact in row["contacts"]),
        consent=True,
    )


def _invented(chance: random.Random, count: int) -> Iterator[Elder]:
    """`count` people; the last of them are husbands or wives of the first, on the same number and address."""
    first: list[Elder] = []
    for place in range(count - COUPLES):
        elder = _invent(chance, f"1390951{1000 + place}", f"1380951{1000 + place}")
        first.append(elder)
        yield elder
    for elder in first[:COUPLES]:
        partner = _invent(
            chance, elder.phones[0], elder.contacts[0].phone, gender="m" if elder.gender == "f" else "f"
        )
        yield replace(partner, address=elder.address, region=elder.region, contacts=elder.contacts)


def _invent(chance: random.Random, phone: str, contact_phone: str, *, gender: str | None = None) -> Elder:
    story = _story()
    gender = gender or chance.choice("fm")
    born = date(chance.randint(1932, 1962), chance.randint(1, 12), chance.randint(1, 28))
    surname = _pick(chance, story["surnames"])
    address = _address(chance)
    grade = chance.choices(range(5), weights=(50, 25, 13, 8, 4))[0]
    categories = dict.fromkeys(
        chance.sample(["living_alone", "empty_nest", "left_behind", "low_income"], k=chance.randint(0, 2))
    )
    if grade >= 3:
        categories["disabled_elder"] = None
    if born.year <= 1946:
        categories["very_old"] = None
    poor_and_disabled = grade >= 3 and "low_income" in categories
    return Elder(
        id=None,
        key="",
        name=surname + chance.choice(_given_names(surname, gender)),
        phones=(phone,),
        address=address,
        region=region_of(address),
        birth_date=born,
        gender=gender,
        categories=tuple(categories),
        ability_grade=grade,
        entitlements=tuple(story["entitlements"]) if poor_and_disabled else (),
        language=chance.choice(story["languages"]),
        pace=chance.choices((0, 1, 2), weights=(70, 22, 8))[0],
        loudness=chance.choices((0, 1), weights=(80, 20))[0],
        contacts=(_contact(chance, surname, contact_phone),),
        consent=True,
    )


def _given_names(surname: str, gender: str) -> list[str]:
    story = _story()
    names: list[str] = story["given"][gender]
    return names + story["muslim_given"][gender] if surname in story["muslim_surnames"] else names


def _contact(chance: random.Random, surname: str, phone: str) -> Contact:
    story, gender = _story(), chance.choice("fm")
    kind = gender if chance.random() < 0.9 else "neighbour"
    if kind == "neighbour":
        surname = _pick(chance, story["surnames"])
    return Contact(
        surname + chance.choice(story["relatives"][gender]), phone, chance.choice(story["relations"][kind])
    )


def _address(chance: random.Random) -> str:
    story, regions = _story(), load_regions()
    row = chance.choice(story["places"])
    county = regions[row["county"]]
    parts = {"city": regions[county.parent or ""].name, "county": county.name, "town": row["town"]}
    kinds = [kind for kind in ("estate", "village") if row.get(f"{kind}s")]
    kind = chance.choice(kinds)
    numbers = {
        "building": chance.randint(1, 28), "unit": chance.randint(1, 4), "group": chance.randint(1, 9),
        "door": chance.randint(1, 6) * 100 + chance.randint(1, 3), "house": chance.randint(1, 90),
    }  # fmt: skip
    return str(story["address"][kind]).format(place=chance.choice(row[f"{kind}s"]), **parts, **numbers)


def _pick(chance: random.Random, weights: Mapping[str, int]) -> str:
    return chance.choices(list(weights), weights=list(weights.values()))[0]


def _load_order(
    uow: UnitOfWork, session: str, row: Mapping[str, Any], people: list[Elder], now: datetime
) -> None:
    if uow.orders.by_key(session) is not None:
        return
    elder, at = people[row["who"]], now - timedelta(hours=row["hours_ago"])
    caller = row.get("caller", elder.phones[0])
    order = place_order(
        PlaceOrder(
            key=session,
            item=row["item"],
            beneficiary=row.get("beneficiary", "self"),
            caller=caller,
            session=session,
            at=at,
            wanted=_wanted(row, now.date()),
            beneficiary_name=elder.name,
            elder_id=elder.id,
            place=elder.address,
            phone=caller,
            details=tuple(row.get("details", ())),
        ),
        uow,
    )
    _talk(uow, session, caller, row["talk"], at)
    for step, (move, actor, *words) in enumerate(row["moves"], start=1):
        _move(uow, order, move, actor, "".join(words), at + timedelta(minutes=40 * step))


def _wanted(row: Mapping[str, Any], today: date) -> Wanted:
    if row.get("asap"):
        return Wanted(asap=True)
    day = (today + timedelta(days=row["wanted_in_days"])).isoformat()
    return Wanted(iso=day + row["wanted"].format(day=day))


def _move(uow: UnitOfWork, order: Order, move: str, actor: str, words: str, at: datetime) -> None:
    match move:
        case "accept":
            accept_order(AcceptOrder(order.number, at, actor), uow)
        case "finish":
            finish_order(FinishOrder(order.number, at, actor, words), uow)
        case "cancel":
            cancel_order(CancelOrder(order.number, at, actor, words), uow)
        case _:
            raise ValueError(f"config/demo.yaml: {move} is no move of a sample order")


def _talk(uow: UnitOfWork, session: str, sender: str, talk: list[list[str]], at: datetime) -> None:
    lines = [Line(at + timedelta(seconds=10 * count), who, text) for count, (who, text) in enumerate(talk)]
    uow.contacts.save(ContactRecord(session, sender, "spoken", {}, at, 1), lines)


def _emergency_key() -> str:
    return "demo-emergency"


def _load_emergency(uow: UnitOfWork, people: list[Elder], now: datetime) -> None:
    row, key = _story()["emergency"], _emergency_key()
    elder, at = people[row["who"]], now - timedelta(hours=row["hours_ago"])
    caller = elder.contacts[0].phone
    task = open_task(
        OpenTask(
            key=key,
            kind=TaskKind.EMERGENCY,
            session=key,
            sender=caller,
            at=at,
            text=row["text"],
            why=row["why"],
            who=elder.name,
            place=elder.address,
            phone=caller,
            elder_id=elder.id,
            told=tuple(f"{contact.name} {contact.relation} {contact.phone}" for contact in elder.contacts),
        ),
        uow,
    )
    _talk(uow, key, caller, [["caller", row["text"]], ["line", row["reply"]]], at)
    if task.id is not None:
        acknowledge_task(
            AcknowledgeTask(task.id, at + timedelta(minutes=2), row["acknowledged_by"], row["note"]), uow
        )
