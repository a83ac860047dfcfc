"""Calls that the line makes, on both databases: a person on the other end of a line in memory, with scripted ears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from sqlalchemy import select

from backend.services.family_ports import OutboundCall
from backend.services.open_task import open_task
from backend.store.open import Store
from bot.call_records import CallKeeper
from bot.dialling import Dialler
from bot.outbound_book import call_back
from bot.outbound_calls import OutboundCalls
from config.outbound import load_outbound_rules
from tests.integration.store.examples import FALL
from tests.unit.voice.fakes import RATE, KeptProfiles, ScriptedAnswers, ScriptedHearing, desk, silence, speech
from voice.conversation import Answer
from voice.line.line import (
    FRAME_MS,
    Connection,
    LineError,
    NotAnswered,
    NotAnsweredError,
    OnCall,
    Samples,
    Sound,
)
from voice.line.loopback import LoopbackConnection, pair
from voice.speaking.voice import Manner
from voice.stand_in import StandInVoice

MORNING = datetime(2026, 11, 23, 9, 10)
SON, DAUGHTER = "13809510005", "13809510006"
TEXT = "王桂兰可能有危险：摔倒了。"
Deed = tuple[int, Samples | str]  # at this time of the call: sound, or a key
HELLO: Deed = (300, speech(600))
ANNOUNCEMENT: Deed = (300, np.concatenate(7 * [speech(900), silence(300)]))
Script = Sequence[Deed]


class SpokenAloud(StandInVoice):
    """A voice that keeps what it said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def say(self, sentence: str, manner: Manner, rate: int) -> Any:
        self.said.append(sentence)
        async for sound in super().say(sentence, manner, rate):
            yield sound


@dataclass
class MemoryLine:
    """A line that calls people by script: each dialled call takes the next one; NotAnswered: nobody picks up."""

    people: list[Script | NotAnswered]
    rings: asyncio.Event | None = None  # nobody picks up before
    dialled: list[str] = field(default_factory=list)
    name: str = "memory"
    reading: list[asyncio.Task[None]] = field(default_factory=list)

    async def dial(self, number: str, *, ring_s: float = 30) -> Connection:
        self.dialled.append(number)
        if self.rings is not None:
            await self.rings.wait()
        person = self.people[min(len(self.dialled), len(self.people)) - 1]
        if isinstance(person, NotAnswered):
            raise NotAnsweredError(person)
        ours, theirs = pair(RATE, number, "12345", realtime=False)
        self.reading.append(asyncio.create_task(_acts(theirs, person)))
        return ours

    async def open(self, on_call: OnCall) -> None: ...
    async def close(self) -> None: ...
    def health(self) -> dict[str, Any]:
        return {}


class OnlyIncoming(MemoryLine):
    async def dial(self, number: str, *, ring_s: float = 30) -> Connection:
        raise LineError("the exchange places outgoing calls")


async def _acts(phone: LoopbackConnection, script: Script) -> None:
    waiting = list(script)
    async for event in phone.events():
        now = event.at_ms + FRAME_MS
        while isinstance(event, Sound) and waiting and waiting[0][0] <= now:
            deed = waiting.pop(0)[1]
            if isinstance(deed, str):
                await phone.send_keys(deed)
            else:
                phone.play(deed)


class Office:
    """One process that makes calls, with a clock that the test sets."""

    def __init__(
        self, store: Store, line: MemoryLine, texts: dict[int, str] | None = None, **given: Any
    ) -> None:
        self.store, self.line, self.now = store, line, MORNING
        self.voice = SpokenAloud()
        self.answers = ScriptedAnswers([Answer(("咱们接着刚才的说。", "您住在哪里？"), ended=True)])
        hearing = ScriptedHearing(texts or {})
        parts = {"speaking": self.voice, "clock": lambda: self.now, "profiles": KeptProfiles()}
        self.rules = replace(load_outbound_rules(), **given)
        self.calls = OutboundCalls(
            store,
            desk(hearing, self.answers, **parts),
            Dialler(lambda: [self.line]),
            self.rules,
            CallKeeper(store, None, Path(), lambda: self.now),
            plans=True,
        )

    async def works(self) -> int:
        """Makes one call after another until none is due; how many."""
        count = 0
        while await self.calls.look():
            await asyncio.wait_for(self.calls.settle(), 20)
            count += 1
        return count

    def wants(self, phone: str, key: str = "k", *, reason: str = "news", urgent: bool = False) -> None:
        with self.store.unit_of_work() as uow:
            assert uow.calls.want(phone, TEXT, key=key, reason=reason, urgent=urgent, at=self.now)
            uow.commit()

    def states(self) -> list[tuple[str, list[str]]]:
        table = self.store.tables.family.calls
        with self.store.engine.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).all()
        return [(row.state, [result for _, result in row.tried]) for row in rows]


def an_alert(store: Store, *people: str) -> list[int]:
    with store.unit_of_work() as uow:
        task = open_task(FALL, uow)
        assert task.id is not None
        for person in people:
            assert uow.alerts.tell(task.id, person, MORNING)
        uow.commit()
        return [alert.id for alert in uow.alerts.of_task(task.id)]


def acknowledged(store: Store, alert: int) -> bool:
    with store.reading() as uow:
        return uow.alerts.get(alert).acknowledged_at is not None


async def test_an_emergency_contact_hears_it_and_acknowledges_with_a_key(store: Store) -> None:
    son, daughter = an_alert(store, SON, DAUGHTER)
    office = Office(store, MemoryLine([[HELLO, (16_000, "1")]]))
    office.wants(SON, reason="alert", urgent=True)
    assert await office.works() == 1
    assert office.states() == [("acknowledged", ["reached"])]
    assert acknowledged(store, son) and not acknowledged(store, daughter)
    assert TEXT in "".join(office.voice.said)
    assert office.line.dialled == [SON]


async def test_a_clear_yes_acknowledges_too_and_the_star_says_it_again(store: Store) -> None:
    (son,) = an_alert(store, SON)
    script = [HELLO, (12_000, "*"), (22_000, speech(1_200))]
    office = Office(store, MemoryLine([script]), {1_000: "好的好的"})
    office.wants(SON, reason="alert", urgent=True)
    await office.works()
    assert office.states() == [("acknowledged", ["reached"])] and acknowledged(store, son)
    assert office.voice.said.count(TEXT) == 2


async def test_who_answers_and_does_not_acknowledge_is_called_again(store: Store) -> None:
    (son,) = an_alert(store, SON)
    office = Office(store, MemoryLine([[HELLO], [HELLO]]))
    office.wants(SON, reason="alert", urgent=True)
    await office.works()
    assert office.states() == [("wanted", ["unacknowledged"])]
    assert office.voice.said.count(TEXT) == 3
    office.now += timedelta(minutes=3)
    await office.works()
    assert office.states() == [("given_up", ["unacknowledged"] * 2)] and not acknowledged(store, son)


async def test_busy_then_a_machine_then_the_person_by_the_rules(store: Store) -> None:
    office = Office(store, MemoryLine([NotAnswered.BUSY, [ANNOUNCEMENT], [HELLO]]))
    office.wants(SON)
    assert await office.works() == 1
    office.now += timedelta(minutes=4)
    assert await office.works() == 0
    office.now += timedelta(minutes=1)
    assert await office.works() == 1
    assert office.states() == [("wanted", ["busy", "machine"])]
    assert office.voice.said == []
    office.now += timedelta(minutes=120)  # 11:15
    await office.works()
    assert office.states() == [("done", ["busy", "machine", "reached"])]


async def test_a_machine_hears_an_alert_twice_and_the_person_is_called_again(store: Store) -> None:
    (son,) = an_alert(store, SON)
    office = Office(store, MemoryLine([[ANNOUNCEMENT], [ANNOUNCEMENT, (24_000, "1")]]), {1_000: "好的好的"})
    office.wants(SON, reason="alert", urgent=True)
    await office.works()
    assert office.states() == [("wanted", ["machine"])] and not acknowledged(store, son)
    assert office.voice.said.count(TEXT) == 2
    office.now += timedelta(minutes=2)
    await office.works()  # somebody listens to the machine, and presses the key
    assert office.states() == [("acknowledged", ["machine", "reached"])] and acknowledged(store, son)


async def test_at_night_news_wait_for_the_morning_and_an_alert_rings(store: Store) -> None:
    office = Office(store, MemoryLine([[HELLO, (16_000, "1")]]))
    office.now = datetime(2026, 11, 23, 22)
    office.wants(SON, "news")
    office.wants(DAUGHTER, "alert", reason="alert", urgent=True)
    await office.works()
    assert office.line.dialled == [DAUGHTER]
    office.now = datetime(2026, 11, 24, 8)
    await office.works()
    assert office.line.dialled == [DAUGHTER, SON]


async def test_a_call_of_a_process_that_died_is_made_once_more_by_another_one(store: Store) -> None:
    dies = Office(store, MemoryLine([[HELLO]]))
    dies.wants(SON, reason="alert", urgent=True)
    assert dies.calls.book.claim_next() is not None  # and nothing more
    heir = Office(store, MemoryLine([[HELLO, (16_000, "1")]]))
    heir.now += timedelta(seconds=59)
    assert await heir.works() == 0
    heir.now += timedelta(seconds=1)
    assert await heir.works() == 1
    assert heir.states() == [("acknowledged", ["cut_off", "reached"])]


async def test_a_process_that_was_thought_dead_does_not_change_what_the_other_one_did(store: Store) -> None:
    office = Office(store, MemoryLine([[HELLO]]))
    office.wants(SON)
    slow = office.calls.book.claim_next()
    assert slow is not None
    office.now += timedelta(minutes=3)
    await office.works()
    with store.unit_of_work() as uow:
        assert not uow.calls.renew(slow, office.now) and not uow.calls.settle(slow, "given_up")
        uow.commit()
    assert office.states() == [("done", ["cut_off", "reached"])]


async def test_two_processes_never_make_the_same_call(store: Store) -> None:
    line = MemoryLine([[HELLO]])
    offices = [Office(store, line) for _ in range(2)]
    offices[0].wants(SON)
    await asyncio.gather(*(office.calls.look() for office in offices))
    await asyncio.gather(*(office.calls.settle() for office in offices))
    assert line.dialled == [SON]


async def test_never_more_than_so_many_at_once_and_one_at_a_time_for_a_number(store: Store) -> None:
    line = MemoryLine([NotAnswered.BUSY], rings=asyncio.Event())
    office = Office(store, line, at_once=2)
    for number, key in [(SON, "a"), (SON, "b"), (DAUGHTER, "c"), ("13809510007", "d")]:
        office.wants(number, key)
    begun = [await office.calls.look() for _ in range(4)]
    assert begun == [True, True, False, False]
    await asyncio.sleep(0)
    assert line.dialled == [SON, DAUGHTER]
    assert line.rings is not None
    line.rings.set()
    await office.calls.settle()


async def test_without_a_line_that_calls_out_the_call_waits_and_the_log_says_so_once(store: Store) -> None:
    office = Office(store, OnlyIncoming([]), apart=timedelta(milliseconds=10))
    office.wants(SON)
    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(office.calls.run())
        await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [line["event"] for line in logs] == ["outbound_no_line"]
    assert SON not in str(logs)
    assert office.states() == [("wanted", [])]


async def test_who_wants_no_calls_is_left_alone_but_in_an_emergency(store: Store) -> None:
    script = [HELLO, (16_000, speech(1_200))]
    office = Office(store, MemoryLine([script, [HELLO, (16_000, "1")]]), {1_000: "以后别再打了"})
    office.wants(SON, "first")
    await office.works()
    assert office.rules.no_more_calls_closing.startswith(office.voice.said[-2])
    office.wants(SON, "second")
    office.wants(SON, "third", reason="alert", urgent=True)
    await office.works()
    assert [state for state, _ in office.states()] == ["done", "do_not_call", "acknowledged"]
    with store.unit_of_work() as uow:
        assert uow.calls.allow(SON) and not uow.calls.refuses(SON)


async def test_a_call_that_was_cut_off_is_taken_up_by_us_once_and_goes_on(store: Store) -> None:
    office = Office(store, MemoryLine([[HELLO]]))
    want: Callable[[str, str], None] = call_back(store, lambda: office.now)
    want(SON, "call-1")
    want(SON, "call-1")
    assert await office.works() == 1
    assert "".join(office.voice.said) == "您好，这里是暖线。刚才电话断了。咱们接着刚才的说。您住在哪里？"
    assert office.states() == [("done", ["reached"])]
    want(DAUGHTER, "call-2")
    office.now += timedelta(minutes=31)
    assert await office.works() == 0
    assert office.states()[1] == ("expired", [])


async def test_a_database_that_is_away_for_a_moment_costs_no_acknowledgement(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (son,) = an_alert(store, SON)
    office = Office(store, MemoryLine([[HELLO, (16_000, "1")]]))
    office.wants(SON, reason="alert", urgent=True)
    note, tries = office.calls.book.note, []

    def away_at_first(*what: Any) -> None:
        tries.append(what)
        if len(tries) < 3:
            raise ConnectionError
        note(*what)

    monkeypatch.setattr(office.calls.book, "note", away_at_first)
    monkeypatch.setattr("bot.outbound_calls.STORE_AGAIN_S", (0, 0, 0))
    await office.works()
    assert acknowledged(store, son) and office.states() == [("acknowledged", ["reached"])]


def test_what_is_settled_is_forgotten_after_its_time_and_nothing_else(store: Store) -> None:
    with store.unit_of_work() as uow:
        for key in ("settled", "wanted"):
            uow.calls.want(SON, TEXT, key=key, reason="news", urgent=False, at=MORNING)
        settled, _ = uow.calls.due(MORNING, most=9)
        assert isinstance(settled, OutboundCall) and uow.calls.settle(settled, "done")
        assert uow.calls.forget_before(MORNING) == 0
        assert uow.calls.forget_before(MORNING + timedelta(days=1)) == 1
        assert len(uow.calls.due(MORNING, most=9)) == 1


@pytest.mark.parametrize("phone", ["", "wechat:wx:o1", "12"])
async def test_what_is_no_number_is_not_dialled(store: Store, phone: str) -> None:
    office = Office(store, MemoryLine([[HELLO]]))
    office.wants(phone)
    await office.works()
    assert office.line.dialled == []
    assert office.states()[0][1] == ["unreachable"]
