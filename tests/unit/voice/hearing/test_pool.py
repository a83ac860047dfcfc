import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.unit.voice.hearing.engines import Echo, open_none
from voice.hearing.pool import HearingPool
from voice.hearing.recogniser import Heard, HearingError, Hint

SOUND = np.zeros(80, np.int16)


@asynccontextmanager
async def pool(*, workers: int = 1, queue: int = 8, timeout_s: float = 20) -> AsyncIterator[HearingPool]:
    opened = HearingPool(Echo, workers=workers, queue=queue, timeout_s=timeout_s)
    try:
        await opened.ready()
        yield opened
    finally:
        await opened.close()


async def ask(hearing: HearingPool, asks: str, call: str = "a") -> Heard:
    return await hearing.recognise(SOUND, 8000, Hint(asks), call_id=call)


async def test_an_utterance_is_recognised_in_another_process() -> None:
    async with pool() as hearing:
        assert (await ask(hearing, "time")).text == "time80"


async def test_a_worker_that_dies_is_replaced_and_the_utterance_is_tried_again(tmp_path: Path) -> None:
    async with pool() as hearing:
        heard = await ask(hearing, f"die_once {tmp_path / 'died'}")
        assert heard.text == "die_once80"


async def test_an_utterance_that_kills_twice_is_given_up_and_the_next_is_served() -> None:
    async with pool() as hearing:
        with pytest.raises(HearingError, match="twice"):
            await ask(hearing, "die")
        assert (await ask(hearing, "time")).text == "time80"


async def test_an_engine_that_raises_goes_on() -> None:
    async with pool() as hearing:
        with pytest.raises(HearingError, match="no such sound"):
            await ask(hearing, "refuse")
        assert (await ask(hearing, "time")).text == "time80"


async def test_an_answer_that_takes_too_long_is_given_up() -> None:
    async with pool(timeout_s=0.5) as hearing:
        with pytest.raises(HearingError, match=r"within 0\.5 s"):
            await ask(hearing, "hang")


async def test_a_full_queue_refuses() -> None:
    async with pool(queue=1, timeout_s=5) as hearing:
        first = asyncio.create_task(ask(hearing, "hang"))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(ask(hearing, "time"))
        await asyncio.sleep(0.1)
        with pytest.raises(HearingError, match="no more are taken"):
            await ask(hearing, "time")
        first.cancel()
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)


async def test_who_waits_while_it_closes_is_told() -> None:
    async with pool() as hearing:
        waiting = asyncio.create_task(ask(hearing, "hang"))
        await asyncio.sleep(0.1)
    with pytest.raises(HearingError, match="closed"):
        await waiting


async def test_an_engine_that_can_not_be_opened_is_told_with_what_to_do() -> None:
    hearing = HearingPool(open_none)
    try:
        with pytest.raises(HearingError, match="fetch it"):
            await ask(hearing, "time")
    finally:
        await hearing.close()


async def test_the_first_worker_serves_while_the_others_are_still_being_opened() -> None:
    async with pool(workers=3) as hearing:
        assert (await ask(hearing, "time")).text == "time80"
        async with asyncio.timeout(60):
            while len(hearing._workers) < 3:  # noqa: ASYNC110 (tasks of the pool open them)
                await asyncio.sleep(0.05)
