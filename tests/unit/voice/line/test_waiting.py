"""The waiting room at work: real calls in memory, only the voice is a tone whose length stands for the text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np

from config.wording import sentences
from voice.line.line import Connection, Ended, Hangup, LineError, Samples
from voice.line.loopback import LoopbackConnection, pair
from voice.line.waiting import Fetch, Unserved, WaitingRoom, load_waiting_words, transfer_to
from voice.line.waiting_queue import Limits

WORDS = load_waiting_words()
MOST_CHARACTERS = 22


class Desk:
    """Serves calls until the test lets them go, and hears what was said to whom."""

    def __init__(self, limits: Limits, fetch: Fetch | None = None) -> None:
        self.said: list[str] = []
        self.served: list[str] = []
        self.done: dict[str, asyncio.Event] = {}
        self.unserved: list[tuple[str, str]] = []
        self.room = WaitingRoom(
            limits,
            self._serve,
            say=self._say,
            words=WORDS,
            fetch=fetch,
            on_unserved=self._note_unserved,
        )
        self._calls: list[asyncio.Task[None]] = []

    def call(self, caller: str) -> LoopbackConnection:
        """The caller's side."""
        ours, theirs = pair(8000, caller, "12345")
        self._calls.append(asyncio.create_task(self.room.take(ours)))
        return theirs

    async def _serve(self, connection: Connection) -> None:
        self.served.append(connection.caller)
        await self.done.setdefault(connection.caller, asyncio.Event()).wait()
        await connection.hang_up()

    async def _note_unserved(self, connection: Connection, why: Unserved, waited_s: float) -> None:
        assert waited_s >= 0
        self.unserved.append((connection.caller, why.value))

    async def _say(self, text: str, rate: int) -> AsyncIterator[Samples]:
        self.said.append(text)
        yield np.full(rate // 20, 1000, np.int16)

    async def settled(self, caller: str) -> None:
        """This caller was noted as not served."""
        while caller not in dict(self.unserved):  # noqa: ASYNC110 (several tasks change it)
            await asyncio.sleep(0.01)

    def free(self, caller: str) -> None:
        self.done.setdefault(caller, asyncio.Event()).set()

    async def until(self, served: list[str]) -> None:
        async with asyncio.timeout(3):
            while self.served != served:  # noqa: ASYNC110 (several tasks change it)
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)


async def test_callers_wait_hear_their_place_and_are_served_in_order() -> None:
    desk = Desk(Limits(talking=1, waiting=5, longest_s=60))
    phones = [desk.call(caller) for caller in "abc"]
    await desk.until(["a"])
    await asyncio.sleep(0.05)
    assert desk.said == [WORDS.place(0, again=False), WORDS.place(1, again=False)]
    assert desk.room.counts == (1, 2)
    desk.free("a")
    await desk.until(["a", "b"])
    desk.free("b")
    await desk.until(["a", "b", "c"])
    assert all(phone.caller == "12345" for phone in phones)
    await desk.close()


async def test_who_hangs_up_while_waiting_gives_the_place_away() -> None:
    desk = Desk(Limits(talking=1, waiting=5, longest_s=60))
    _, leaves, _ = [desk.call(caller) for caller in "abc"]
    await desk.until(["a"])
    await leaves.hang_up()
    desk.free("a")
    await desk.until(["a", "c"])
    assert desk.unserved == [("b", "waited")]
    await desk.close()


async def test_key_0_goes_to_a_person_while_waiting() -> None:
    desk = Desk(Limits(talking=1, waiting=5, longest_s=60), transfer_to("110"))
    desk.call("a")
    phone = desk.call("b")
    await desk.until(["a"])
    await phone.send_keys("70")
    events = [event async for event in phone.events()]
    assert phone.transferred_to == "110"
    assert isinstance(events[-1], Ended) and events[-1].reason is Hangup.CALLER
    await asyncio.wait_for(desk.settled("b"), 3)
    assert WORDS.person in desk.said and any(WORDS.press in text for text in desk.said)
    assert desk.room.counts == (1, 0)
    await desk.close()


async def test_who_waits_too_long_goes_to_a_person() -> None:
    desk = Desk(Limits(talking=1, waiting=5, longest_s=0.3), transfer_to("110"))
    desk.call("a")
    phone = desk.call("b")
    _ = [event async for event in phone.events()]
    assert phone.transferred_to == "110"
    await asyncio.wait_for(desk.settled("b"), 3)
    assert desk.unserved == [("b", "transferred")]
    await desk.close()


async def test_when_no_person_is_there_the_caller_keeps_the_place() -> None:
    async def nobody(connection: Connection) -> None:
        raise LineError("nobody answers")

    desk = Desk(Limits(talking=1, waiting=5, longest_s=0.2), nobody)
    desk.call("a")
    desk.call("b")
    await desk.until(["a"])
    await asyncio.sleep(0.6)
    assert desk.said.count(WORDS.person) == 1
    desk.free("a")
    await desk.until(["a", "b"])
    await desk.close()


class Ringing:
    """A person who is rung until the test lets them answer."""

    def __init__(self) -> None:
        self.answers, self.begun, self.given_up = asyncio.Event(), asyncio.Event(), False

    async def __call__(self, _caller: Connection) -> Connection:
        self.begun.set()
        try:
            await self.answers.wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise
        self.person, self.theirs = pair(8000, "110", "12345")
        return self.person


async def test_while_a_person_is_rung_the_star_key_leads_back_to_the_place() -> None:
    ringing = Ringing()
    desk = Desk(Limits(talking=1, waiting=5, longest_s=60), ringing)
    desk.call("a")
    phone = desk.call("b")
    await desk.until(["a"])
    await phone.send_keys("0")
    await asyncio.wait_for(ringing.begun.wait(), 3)
    await phone.send_keys("*")
    desk.free("a")
    await desk.until(["a", "b"])
    assert ringing.given_up and "星号键" in WORDS.person
    await desk.close()


async def test_nobody_is_rung_any_longer_for_a_caller_who_has_hung_up() -> None:
    ringing = Ringing()
    desk = Desk(Limits(talking=1, waiting=5, longest_s=60), ringing)
    desk.call("a")
    phone = desk.call("b")
    await desk.until(["a"])
    await phone.send_keys("0")
    await asyncio.wait_for(ringing.begun.wait(), 3)
    await phone.hang_up()
    await asyncio.wait_for(desk.settled("b"), 3)
    assert ringing.given_up and desk.unserved == [("b", "waited")]
    await desk.close()


async def test_a_person_who_comes_talks_with_the_caller_until_one_hangs_up() -> None:
    ringing = Ringing()
    desk = Desk(Limits(talking=1, waiting=5, longest_s=60), ringing)
    desk.call("a")
    phone = desk.call("b")
    await desk.until(["a"])
    await phone.send_keys("0")
    await asyncio.wait_for(ringing.begun.wait(), 3)
    ringing.answers.set()
    await asyncio.sleep(0.2)
    await ringing.theirs.hang_up()
    await asyncio.wait_for(desk.settled("b"), 3)
    assert desk.unserved == [("b", "transferred")]
    await desk.close()


async def test_one_too_many_is_told_so_and_hung_up_kindly() -> None:
    desk = Desk(Limits(talking=1, waiting=0, longest_s=60))
    desk.call("a")
    phone = desk.call("b")
    events = [event async for event in phone.events()]
    assert desk.said == [WORDS.full]
    assert isinstance(events[-1], Ended)
    await asyncio.wait_for(desk.settled("b"), 3)
    assert desk.unserved == [("b", "full")]
    await desk.close()


def test_what_is_said_is_short() -> None:
    texts = [WORDS.place(place, again=again) for place in (0, 88) for again in (True, False)]
    for text in [*texts, WORDS.press, WORDS.person, WORDS.full]:
        for sentence in sentences(text):
            assert len(sentence) <= MOST_CHARACTERS, sentence
