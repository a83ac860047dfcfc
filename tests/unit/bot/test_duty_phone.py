"""Who is rung for whom, and what happens when nobody answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest

from backend.domain.people import Elder
from backend.store.open import open_store
from bot.dialling import Dialler
from bot.duty_phone import DutyPhone, NobodyOnDutyError
from config.duty import Duty, DutyError, load_duty, read_duty
from config.outbound import read_hours
from config.settings import load_settings
from tests.unit.voice.fakes import RATE
from voice.line.line import Connection, LineError, NotAnswered, NotAnsweredError
from voice.line.loopback import LoopbackConnection, pair

ELDER, STRANGER = "13909510001", "13909510099"
TOWN, COUNTY, CITY = "64010603", "640106", "640100"
NUMBERS = {COUNTY: ("1001", "1002"), CITY: ("2001",)}
DUTY = Duty((read_hours("08:00", "20:00"),), 5, NUMBERS)
NOON = datetime(2026, 11, 23, 12)


@dataclass
class Exchange:
    """A line on which only some numbers answer; without `calls_out` it can not dial at all."""

    answer: tuple[str, ...] = ()
    calls_out: bool = True
    dialled: list[str] = field(default_factory=list)
    name: str = "exchange"

    async def dial(self, number: str, *, ring_s: float = 30) -> Connection:
        if not self.calls_out:
            raise LineError("the exchange places outgoing calls")
        self.dialled.append(number)
        if number not in self.answer:
            raise NotAnsweredError(NotAnswered.NO_ANSWER)
        return pair(RATE, number, "12345", realtime=False)[0]


def duty_phone(tmp_path: Path, exchange: Exchange, **given: Any) -> DutyPhone:
    store = open_store(load_settings(db=f"sqlite:///{tmp_path}/line.sqlite", keys=tmp_path / "keys"))
    with store.unit_of_work() as uow:
        uow.people.save(Elder(None, "k", "马秀英", phones=(ELDER,), region=TOWN))
        uow.commit()
    values = {"duty": DUTY, "clock": lambda: NOON, "last_resort": "9999"} | given
    return DutyPhone(
        values["duty"], Dialler(lambda: [exchange]), store, values["clock"], last_resort=values["last_resort"]
    )


async def caller(number: str = ELDER) -> LoopbackConnection:
    return pair(RATE, number, "12345", realtime=False)[0]


def test_numbers_are_those_of_the_region_or_of_the_one_above_it_and_the_last_resort_comes_last() -> None:
    assert DUTY.numbers(TOWN, "9999") == ("1001", "1002", "9999")
    assert DUTY.numbers("640104", "9999") == ("2001", "9999")
    assert DUTY.numbers(None, None) == () and DUTY.numbers("nowhere", "9999") == ("9999",)


def test_the_file_is_read_and_what_is_wrong_is_named() -> None:
    assert load_duty().is_on(time(9)) and not load_duty().is_on(time(3))
    with pytest.raises(DutyError, match="hours"):
        read_duty({"ring_s": 5, "regions": {}})
    with pytest.raises(DutyError, match="000000"):
        read_duty({"hours": [], "ring_s": 5, "regions": {"000000": ["1"]}})


async def test_one_after_the_other_is_rung_until_somebody_answers(tmp_path: Path) -> None:
    exchange = Exchange(answer=("1002", "9999"))
    person = await duty_phone(tmp_path, exchange).come(await caller())
    assert person is not None and person.caller == "1002"
    assert exchange.dialled == ["1001", "1002"]


async def test_a_caller_of_no_known_region_reaches_the_last_resort(tmp_path: Path) -> None:
    exchange = Exchange(answer=("9999",))
    assert await duty_phone(tmp_path, exchange).come(await caller(STRANGER)) is not None
    assert exchange.dialled == ["9999"]


async def test_when_nobody_answers_or_it_is_night_nobody_comes(tmp_path: Path) -> None:
    exchange = Exchange()
    with pytest.raises(NobodyOnDutyError):
        await duty_phone(tmp_path, exchange).come(await caller())
    assert exchange.dialled == ["1001", "1002", "9999"]
    night = duty_phone(tmp_path, exchange, clock=lambda: NOON.replace(hour=3))
    with pytest.raises(NobodyOnDutyError):
        await night.come(await caller())
    assert len(exchange.dialled) == 3


async def test_where_no_line_can_call_out_the_exchange_is_asked_to_connect(tmp_path: Path) -> None:
    phone = await caller(STRANGER)
    assert await duty_phone(tmp_path, Exchange(calls_out=False)).come(phone) is None
    assert phone.peer.transferred_to == "9999"


def test_without_any_number_nobody_could_be_rung(tmp_path: Path) -> None:
    nobody = Duty(DUTY.hours, 5, {})
    assert not duty_phone(tmp_path, Exchange(), duty=nobody, last_resort=None).anybody
    assert duty_phone(tmp_path, Exchange(), last_resort=None).anybody
