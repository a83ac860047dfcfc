"""Makes the calls that somebody wants: takes each from the book, dials, listens who answered, talks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from backend.domain.phone import normal_phone
from backend.services.family_ports import OutboundCall
from backend.services.ports import Stores
from bot.call_records import CallKeeper
from bot.dialling import Dialler, NoWayOutError
from bot.outbound_book import CallBook
from bot.questionnaire import Questionnaire
from bot.spoken_message import GoingOn, SpokenMessage
from config.outbound import OutboundRules
from voice.answered_by import answered_by
from voice.call import Desk
from voice.conversation import Answering
from voice.line.line import Connection, LineError, NotAnsweredError
from voice.outbound import Result
from voice.turns.actions import Reason

log = structlog.get_logger()

RENEW_S = 20  # three times within the lease
WITHOUT_A_WAY_S = 60  # no line can call out: until the next look, and the next line in the log
TIDY_S = 3600.0
STORE_AGAIN_S = (1, 4, 15, 30)


class OutboundCalls:
    """One for each process with a telephone. `desk`: how calls are heard and answered.

    `plans`: also wants the calls that orders and the care for people set off; where no line can call out, nobody should.
    """

    def __init__(
        self, store: Stores, desk: Desk, dialler: Dialler, rules: OutboundRules, keeper: CallKeeper,
        *, plans: bool = False,
    ) -> None:  # fmt: skip
        self.book = CallBook(store, rules, desk.clock)
        self._desk, self._dialler, self._rules = desk, dialler, rules
        self._keeper, self._plans = keeper, plans
        self._under_way: set[asyncio.Task[None]] = set()
        self._no_look_before = self._tidy_at = 0.0  # monotonic

    async def run(self) -> None:
        """Until cancelled; calls that are under way are then cut off, and made again by whoever comes next."""
        try:
            while True:
                if time.monotonic() >= self._no_look_before:
                    await self._look_and_log()
                await asyncio.sleep(self._rules.apart.total_seconds())
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def look(self) -> bool:
        """Begin the next call that is due; False when there is none."""
        call = await asyncio.to_thread(self.book.claim_next)
        if call is None:
            return False
        task = asyncio.create_task(self._make(call))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return True

    async def settle(self) -> None:
        """Until no call of this process is under way."""
        await asyncio.gather(*self._under_way)

    async def _look_and_log(self) -> None:
        try:
            if self._plans:
                await asyncio.to_thread(self.book.plan)
            await self.look()
            if time.monotonic() >= self._tidy_at:
                self._tidy_at = time.monotonic() + TIDY_S
                await asyncio.to_thread(self.book.forget)
        except Exception as problem:  # the database is away: the calls wait there
            log.warning("outbound_not_read", problem=type(problem).__name__)

    # One call.

    async def _make(self, call: OutboundCall) -> None:
        renewing = asyncio.create_task(self._renew(call))
        result, answering = Result.CUT_OFF, None
        try:
            result, answering = await self._call(call)
        except NoWayOutError as problem:
            self._no_look_before = time.monotonic() + WITHOUT_A_WAY_S
            log.warning("outbound_no_line", problem=str(problem))
            await _stored(self.book.give_back, call)
        except Exception:
            log.exception("outbound_failed", call=call.id)
            await _stored(self.book.note, call, result, answering)
        else:
            await _stored(self.book.note, call, result, answering)
        finally:
            renewing.cancel()

    async def _renew(self, call: OutboundCall) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await asyncio.to_thread(self.book.renew, call)
            except Exception as problem:
                log.warning("outbound_not_renewed", call=call.id, problem=type(problem).__name__)

    async def _call(self, call: OutboundCall) -> tuple[Result, Answering | None]:
        """What came of it, and what was said in it if a person answered. Raises NoWayOutError."""
        number = normal_phone(call.phone)
        if number is None:
            return Result.UNREACHABLE, None
        try:
            connection = await self._dialler.dial(number, ring_s=self._rules.rings_s)
        except NotAnsweredError as problem:
            return Result(problem.why.value), None
        try:
            return await self._talk(connection, call)
        finally:
            with suppress(LineError):
                await connection.hang_up()

    async def _talk(self, connection: Connection, call: OutboundCall) -> tuple[Result, Answering | None]:
        desk, rules = self._desk, self._rules
        detector = desk.hearing.detector()
        answered = await answered_by(connection, detector, rules.machine, desk.rules.speech)
        machine = answered is Result.MACHINE and self.book.kind_of(call).to_machine > 0
        if answered is not Result.REACHED and not machine:
            return answered, None
        answering = await self._answering(connection, call, machine=machine)
        recorded = self.book.kind_of(call).recorded
        reason = await self._keeper.run(
            connection, replace(desk, answers=_Only(answering)), purpose=call.reason, recorded=recorded
        )
        acknowledged = isinstance(answering, SpokenMessage) and answering.acknowledged
        if machine and not acknowledged:
            return Result.MACHINE, answering
        if reason is Reason.LOST and not acknowledged:
            return Result.CUT_OFF, answering
        wants_more = self.book.kind_of(call).acknowledged and not acknowledged
        return (Result.UNACKNOWLEDGED if wants_more else Result.REACHED), answering

    async def _answering(self, connection: Connection, call: OutboundCall, *, machine: bool) -> Answering:
        kind = self.book.kind_of(call)

        def converse() -> Answering:
            return self._desk.answers.begin(caller=call.phone, call_id=connection.id)

        if kind.goes_on:
            return GoingOn(kind, converse())
        if kind.questions:
            values = await asyncio.to_thread(self.book.values_of, call)
            return Questionnaire(kind, values, self._rules, converse, call_id=connection.id)
        return SpokenMessage(kind, call.text, self._rules, machine=machine)


async def _stored(store: Callable[..., None], *what: Any) -> None:
    """A database that is away for a moment must not cost an acknowledgement."""
    for pause_s in STORE_AGAIN_S:
        try:
            await asyncio.to_thread(store, *what)
            break
        except Exception as problem:
            log.warning("outbound_not_stored", problem=type(problem).__name__)
            await asyncio.sleep(pause_s)
    else:
        log.error("outbound_lost")  # the call is made again when its lease is over


class _Only:
    """`voice.conversation.Answers` for one call."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    def begin(self, *, caller: str, call_id: str) -> Answering:
        return self._answering
