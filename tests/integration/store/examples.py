"""Commands and people that the tests of the store begin with."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from backend.domain.order import Wanted
from backend.domain.people import Contact, Elder
from backend.domain.queue import TaskKind
from backend.services.commands import OpenTask, PlaceOrder

NOW = datetime(2026, 11, 23, 9, 10)

PLACE = PlaceOrder(
    key="web:m1",
    item="meal",
    beneficiary="我妈",
    caller="13809510001",
    session="s1",
    at=NOW,
    wanted=Wanted("2026-11-24T12:00"),
    beneficiary_name="马秀英",
    place="银川市金凤区长城花园3号楼2单元501",
    phone="13909510001",
    details=("一份", "软和点"),
    missing=("phone",),
)

FALL = OpenTask(
    key="s1:fall",
    kind=TaskKind.EMERGENCY,
    session="s1",
    sender="13809510001",
    at=NOW,
    text="我妈摔倒了起不来",
    why="fall: 摔倒、起不来",
)

MOTHER = Elder(
    id=None,
    key="key-of-mother",
    name="马秀英",
    phones=("13909510001", "09516012345"),
    address="银川市金凤区长城花园3号楼2单元501",
    contacts=(Contact("马晓燕", "13809510001", "女儿"),),
)


def place(key: str, **changes: Any) -> PlaceOrder:
    return replace(PLACE, key=key, **changes)


def elder(key: str, **changes: Any) -> Elder:
    return replace(MOTHER, key=key, **changes)
