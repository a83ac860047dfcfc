"""When all places are taken a caller is told so kindly, waits in turn, or is handed to a person."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from importlib.resources import files

import structlog
import yaml

from voice.line.bridge import bridge
from voice.line.line import Connection, Ended, Hangup, Key, LineError, OnCall, Samples
from voice.line.waiting_queue import Limits, Standing, Talking, TooLong, TooMany, Waiting, WaitingQueue

log = structlog.get_logger(__name__)

REPEAT_S = 20  # between two announcements of the place
LOOK_S = 0.1  # between two looks: whose turn it is, whether everything has been said
PERSON_KEY, BACK_KEY = "0", "*"

Say = Callable[[str, int], AsyncIterator[Samples]]  # the text as sound at this rate, piece by piece
# Rings a person: their connection, or None when the exchange has connected them. Raises LineError when nobody is there.
Fetch = Callable[[Connection], Awaitable[Connection | None]]


class Outcome(Enum):
    TURN = auto()
    PERSON = auto()
    GONE = auto()


class Handed(Enum):
    """What came of ringing a person."""

    OVER = auto()  # they came, and have talked
    NOBODY = auto()
    BACK = auto()  # the caller would rather wait on
    GONE = auto()  # the caller has hung up


class Unserved(StrEnum):
    """What became of a call that never got a place, in the terms of the record of calls."""

    FULL = "full"  # no room even to wait: they were told so
    WAITED = "waited"  # they hung up while they waited
    TRANSFERRED = "transferred"  # to a person


OnUnserved = Callable[[Connection, Unserved, float], Awaitable[None]]  # … after so many seconds


@dataclass(frozen=True, slots=True)
class WaitingWords:
    """`config/wording/waiting.yaml`."""

    wait: str
    wait_first: str
    still: str
    still_first: str
    press: str
    person: str
    full: str

    def place(self, ahead: int, *, again: bool) -> str:
        first, other = (self.still_first, self.still) if again else (self.wait_first, self.wait)
        return other.format(place=ahead) if ahead else first


def load_waiting_words() -> WaitingWords:
    return WaitingWords(**yaml.safe_load(files("config.wording").joinpath("waiting.yaml").read_text("utf-8")))


def transfer_to(number: str) -> Fetch:
    """The simplest way to a person: the call is transferred to this number."""

    async def fetch(connection: Connection) -> None:
        await connection.transfer(number)

    return fetch


class WaitingRoom:
    """Stands before whoever serves calls: give `take` to the lines instead. One room for all lines together."""

    def __init__(
        self,
        limits: Limits,
        serve: OnCall,
        *,
        say: Say,
        words: WaitingWords,
        fetch: Fetch | None = None,
        on_unserved: OnUnserved | None = None,
    ) -> None:
        self._queue = WaitingQueue(limits)
        self._on_unserved = on_unserved
        self._serve, self._say, self._words, self._fetch = serve, say, words, fetch

    @property
    def counts(self) -> tuple[int, int]:
        """Talking, waiting: for operators."""
        return self._queue.counts

    async def take(self, connection: Connection) -> None:
        began = time.monotonic()
        standing = self._queue.arrive(connection.id, began)
        try:
            unserved = await self._until_served(connection, standing)
            if unserved is None:
                await self._serve(connection)
        finally:
            self._queue.leave(connection.id)
        if unserved is not None and self._on_unserved is not None:
            await self._on_unserved(connection, unserved, time.monotonic() - began)

    async def _until_served(self, connection: Connection, standing: Standing) -> Unserved | None:
        match standing:
            case Talking():
                return None
            case TooMany():
                return await self._turn_away(connection)
            case _:
                return await self._wait(connection, standing.ahead)

    async def _wait(self, connection: Connection, ahead: int) -> Unserved | None:
        """None when it is this caller's turn."""
        log.info("line.waits", call=connection.id, ahead=ahead)
        may_ask = self._fetch is not None
        while True:
            outcome = await self._outcome(connection, may_ask)
            if outcome is Outcome.PERSON:
                handed = await self._hand(connection)
                if handed is Handed.OVER:
                    return Unserved.TRANSFERRED
                if handed is Handed.GONE:
                    return Unserved.WAITED
                may_ask = handed is Handed.BACK  # nobody is there: wait on
                continue
            connection.flush()
            return None if outcome is Outcome.TURN else Unserved.WAITED

    async def _outcome(self, connection: Connection, may_ask: bool) -> Outcome:
        """The first that happens. Afterwards nobody reads the events any more."""
        listening = asyncio.create_task(_listen(connection, may_ask))
        waiting = asyncio.create_task(self._until_turn(connection, may_ask))
        announcing = asyncio.create_task(self._announce(connection, may_ask))
        try:
            await asyncio.wait({listening, waiting}, return_when=asyncio.FIRST_COMPLETED)
            return (listening if listening.done() else waiting).result()
        finally:
            for task in (listening, waiting, announcing):
                task.cancel()
            await asyncio.gather(listening, waiting, announcing, return_exceptions=True)

    async def _until_turn(self, connection: Connection, may_ask: bool) -> Outcome:
        while True:
            match self._standing(connection):
                case Talking():
                    return Outcome.TURN
                case TooLong() if may_ask:
                    return Outcome.PERSON
            await asyncio.sleep(LOOK_S)

    async def _announce(self, connection: Connection, may_ask: bool) -> None:
        again = False
        while True:
            standing = self._standing(connection)
            if isinstance(standing, Waiting | TooLong):
                press = self._words.press if may_ask else ""
                await self._speak(connection, self._words.place(standing.ahead, again=again) + press)
            again = True
            await asyncio.sleep(REPEAT_S)

    async def _turn_away(self, connection: Connection) -> Unserved:
        log.warning("line.full", call=connection.id)
        handed = await self._hand(connection)
        if handed is Handed.OVER:
            return Unserved.TRANSFERRED
        if handed is Handed.GONE:
            return Unserved.FULL
        await self._speak(connection, self._words.full)
        await connection.hang_up()
        return Unserved.FULL

    async def _hand(self, connection: Connection) -> Handed:
        if self._fetch is None:
            return Handed.NOBODY
        connection.flush()
        await self._speak(connection, self._words.person)
        coming = asyncio.create_task(_coming(self._fetch, connection))
        try:
            changed = await _until_changed(connection, coming)
        except asyncio.CancelledError:
            coming.cancel()
            raise
        if changed is not None:
            coming.cancel()
        try:
            person = await coming
        except asyncio.CancelledError:
            return changed or Handed.NOBODY
        except LineError as error:
            log.warning("line.nobody_there", call=connection.id, why=str(error))
            return Handed.NOBODY
        if changed is not None:
            if person is not None:  # who came in the moment in which the caller turned away
                await person.hang_up()
            return changed
        if person is not None:
            await bridge(connection, person, lambda _side, _event: None)
        return Handed.OVER

    async def _speak(self, connection: Connection, text: str) -> None:
        """Until it has been heard."""
        async for samples in self._say(text, connection.rate):
            connection.play(samples)
        while connection.pending_ms:  # noqa: ASYNC110 (a connection tells nobody when it has sent all)
            await asyncio.sleep(LOOK_S)

    def _standing(self, connection: Connection) -> Standing:
        return self._queue.standing(connection.id, time.monotonic())


async def _coming(fetch: Fetch, connection: Connection) -> Connection | None:
    return await fetch(connection)


async def _until_changed(connection: Connection, coming: asyncio.Task[Connection | None]) -> Handed | None:
    """Until the ringing has come to something: None; or the caller will have no more of it."""
    listening = asyncio.create_task(_turns_away(connection))
    try:
        await asyncio.wait({coming, listening}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        listening.cancel()
        raise
    if not coming.done() and (changed := listening.result()) is not None:
        return changed
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await asyncio.wait({coming})
    return None


async def _turns_away(connection: Connection) -> Handed | None:
    """None: the exchange has connected the caller with the person, so that this call is over for us."""
    async for event in connection.events():
        match event:
            case Key(key=key) if key == BACK_KEY:
                return Handed.BACK
            case Ended(reason=reason):
                return Handed.GONE if reason in (Hangup.CALLER, Hangup.LOST) else None
    return Handed.GONE


async def _listen(connection: Connection, may_ask: bool) -> Outcome:
    """What is said while waiting is nobody's business; the key for a person and the end count."""
    async for event in connection.events():
        if may_ask and isinstance(event, Key) and event.key == PERSON_KEY:
            return Outcome.PERSON
    return Outcome.GONE
