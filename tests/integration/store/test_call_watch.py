"""A process that dies in the middle of a call leaves a call back that another process makes; any other end leaves none."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from backend.store.open import Store
from backend.store.outbound_calls import STAND_BY
from bot.call_watch import CallWatch
from bot.outbound_book import CallBook
from config.outbound import load_outbound_rules
from tests.unit.voice.fakes import ScriptedAnswers
from voice.conversation import Answer, Answering, Said

MORNING = datetime(2026, 11, 23, 9, 10)
CALLER = "13909510001"
ASKS = Answer(("您住在哪里？",), asks="place")
DANGER = Answer(("请别动。",), emergency=True)
TELLS = Answer(("安排好了。",))


class Office:
    """Two processes on one database, and a clock."""

    def __init__(self, store: Store, *answers: Answer) -> None:
        self.now, self._store = MORNING, store
        self.watch = CallWatch(ScriptedAnswers(answers), store, lambda: self.now)
        self.other = CallBook(store, load_outbound_rules(), lambda: self.now)

    async def call(self, caller: str = CALLER, turns: int = 1) -> Answering:
        answering = self.watch.begin(caller=caller, call_id="c1")
        for _ in range(turns):
            await answering.answer(Said(None, self.now))
            noting = getattr(answering, "_noting", None)
            if noting is not None:
                await noting
        return answering

    def later(self, after: timedelta) -> str | None:
        """Who is called back after so much time."""
        self.now += after
        claimed = self.other.claim_next()
        return claimed.phone if claimed else None

    def rows(self) -> int:
        with self._store.engine.connect() as connection:
            return len(connection.execute(select(self._store.tables.family.calls)).all())


@pytest.mark.parametrize("answer", [ASKS, DANGER], ids=["asked", "danger"])
async def test_whoever_was_asked_something_is_called_back_when_nobody_renews(
    store: Store, answer: Answer
) -> None:
    office = Office(store, answer)
    await office.call()
    assert office.later(STAND_BY - timedelta(seconds=1)) is None
    assert office.later(timedelta(seconds=1)) == CALLER


async def test_where_all_processes_were_down_for_long_nobody_is_called_hours_later(store: Store) -> None:
    office = Office(store, ASKS)
    await office.call()
    assert office.later(timedelta(hours=3)) is None


async def test_a_call_that_goes_on_is_left_alone_however_long(store: Store) -> None:
    office = Office(store, ASKS)
    await office.call()
    for _ in range(5):
        office.now += STAND_BY - timedelta(seconds=1)
        office.watch._stand_on(tuple(office.watch._standing))
        assert office.other.claim_next() is None


@pytest.mark.parametrize(
    ("answers", "caller"),
    [((TELLS,), CALLER), ((ASKS, TELLS), CALLER), ((ASKS,), "anonymous")],
    ids=["nothing asked", "answered", "no number"],
)
async def test_where_nothing_is_open_or_nobody_is_known_no_call_back_stands_by(
    store: Store, answers: tuple[Answer, ...], caller: str
) -> None:
    office = Office(store, *answers)
    await office.call(caller, turns=len(answers))
    assert office.later(STAND_BY) is None and office.rows() == 0


async def test_a_call_that_ends_before_us_leaves_nothing_behind(store: Store) -> None:
    office = Office(store, ASKS)
    call = await office.call()
    await call.hung_up("caller")
    assert office.later(STAND_BY) is None and office.rows() == 0
    assert not office.watch._standing


async def test_a_store_that_is_down_costs_the_call_back_and_not_the_call(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError

    office = Office(store, ASKS)
    monkeypatch.setattr("backend.store.outbound_calls.SqlOutboundCalls.stand_by", away)
    call = await office.call()
    monkeypatch.setattr("backend.store.outbound_calls.SqlOutboundCalls.stand_down", away)
    await call.hung_up("caller")
    assert office.rows() == 0
