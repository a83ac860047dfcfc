"""The person on duty for the caller's region, rung while the caller waits, and joined with the call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from backend.services.ports import Stores
from bot.dialling import Dialler, NoWayOutError
from bot.phone import is_number
from config.duty import Duty
from voice.line.line import Connection, LineError, NotAnsweredError

log = structlog.get_logger()


class NobodyOnDutyError(LineError):
    """Nobody is on duty now, or nobody's number is known."""


class DutyPhone:
    """Implements `voice.person.Person`. `last_resort`: the number for everybody whose region has none of its own."""

    def __init__(
        self, duty: Duty, dialler: Dialler, store: Stores, clock: Callable[[], datetime],
        *, last_resort: str | None,
    ) -> None:  # fmt: skip
        self._duty, self._dialler, self._store, self._clock = duty, dialler, store, clock
        self._last_resort = last_resort

    @property
    def anybody(self) -> bool:
        """Somebody could be rung at all."""
        return self._last_resort is not None or any(self._duty.regions.values())

    async def come(self, caller: Connection) -> Connection | None:
        """Rings one number after the other. Where no line can call out, the exchange is asked to connect the first."""
        if not self._duty.is_on(self._clock().time()):
            raise NobodyOnDutyError("nobody is on duty at this hour")
        region = await asyncio.to_thread(self._region_of, caller.caller)
        numbers = self._duty.numbers(region, self._last_resort)
        for number in numbers:
            try:
                return await self._dialler.dial(number, ring_s=self._duty.ring_s)
            except NotAnsweredError as problem:
                log.info("duty_not_answered", why=problem.why.value)
            except NoWayOutError:
                await caller.transfer(number)
                return None
        raise NobodyOnDutyError(f"none of {len(numbers)} numbers answered")

    def _region_of(self, number: str) -> str | None:
        """Blocks. Where the caller lives, else where the first of those live whom they speak for."""
        if not is_number(number):
            return None
        with self._store.reading() as uow:
            known = uow.people.find_caller(number)
        homes = [known.elder, *(ward.elder for ward in known.wards)]
        return next((elder.region for elder in homes if elder is not None and elder.region), None)
