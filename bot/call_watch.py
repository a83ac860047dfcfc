"""Whoever talks with a process that dies is called back: while something is asked, a call back stands by in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from backend.services.ports import Stores
from bot.outbound_book import CALL_BACK, call_back_key
from bot.phone import is_number
from voice.conversation import Answer, Answering, Answers, Completeness, Judging, Said

log = structlog.get_logger()

RENEW_S = 10.0  # three times before another process takes it for dead


class CallWatch:
    """`voice.conversation.Answers` around those of this installation. `run` must run as long as calls are taken.

    A store that is down costs the call back, never the call.
    """

    def __init__(self, answers: Answers, store: Stores, clock: Callable[[], datetime]) -> None:
        self._answers, self._store, self._clock = answers, store, clock
        self._standing: set[str] = set()

    def begin(self, *, caller: str, call_id: str) -> Answering:
        answering = self._answers.begin(caller=caller, call_id=call_id)
        return _Watched(answering, self, caller, call_id) if is_number(caller) else answering

    async def run(self) -> None:
        """Tell the other processes that this one lives, until cancelled."""
        while True:
            await asyncio.sleep(RENEW_S)
            if self._standing:
                await asyncio.to_thread(self._stand_on, tuple(self._standing))

    def stand_by(self, caller: str, call_id: str, *, urgent: bool) -> None:
        """Blocks, as all that follows."""
        key = call_back_key(call_id)
        try:
            with self._store.unit_of_work() as uow:
                uow.calls.stand_by(caller, key=key, reason=CALL_BACK, urgent=urgent, now=self._clock())
                uow.commit()
        except Exception:
            log.exception("call_not_watched")
        else:
            self._standing.add(key)

    def stand_down(self, call_id: str) -> None:
        key = call_back_key(call_id)
        self._standing.discard(key)
        try:
            with self._store.unit_of_work() as uow:
                uow.calls.stand_down(key)
                uow.commit()
        except Exception:
            log.exception("call_watched_too_long")

    def _stand_on(self, keys: tuple[str, ...]) -> None:
        try:
            with self._store.unit_of_work() as uow:
                uow.calls.stand_on(keys, self._clock())
                uow.commit()
        except Exception:
            log.exception("calls_not_watched")


class _Watched:
    """One conversation. Its call back stands by as long as an answer is wanted, or somebody is in danger."""

    def __init__(self, answering: Answering, watch: CallWatch, caller: str, call_id: str) -> None:
        self._answering, self._watch, self._caller, self._call_id = answering, watch, caller, call_id
        self._stands_by = False
        self._noting: asyncio.Task[None] | None = None

    async def answer(self, said: Said) -> Answer:
        answer = await self._answering.answer(said)
        wanted = (answer.asks is not None or answer.emergency) and not answer.ended
        if wanted != self._stands_by:
            self._stands_by = wanted
            # The answer does not wait for the database.
            noting = self._note(self._noting, wanted=wanted, urgent=answer.emergency)
            self._noting = asyncio.create_task(noting)
        return answer

    async def completeness(self, text: str) -> Completeness:
        judge = self._answering
        return await judge.completeness(text) if isinstance(judge, Judging) else Completeness.OPEN

    async def hung_up(self, reason: str) -> None:
        if self._noting is not None:
            await self._note(self._noting, wanted=False, urgent=False)
        await self._answering.hung_up(reason)

    async def _note(self, before: asyncio.Task[None] | None, *, wanted: bool, urgent: bool) -> None:
        if before is not None:
            await before
        if wanted:
            await asyncio.to_thread(self._watch.stand_by, self._caller, self._call_id, urgent=urgent)
        else:
            await asyncio.to_thread(self._watch.stand_down, self._call_id)
