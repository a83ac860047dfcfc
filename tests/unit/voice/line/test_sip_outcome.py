"""Waiting for the stack: a cancellation is not lost, whatever arrives with it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from voice.line.sip_outcome import outcome


@pytest.mark.parametrize("problem", [None, ValueError("refused")], ids=["an answer", "a refusal"])
async def test_who_is_cancelled_in_the_moment_of_the_answer_ends(problem: Exception | None) -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    gone_on = False

    async def asks() -> None:
        nonlocal gone_on
        with contextlib.suppress(ValueError):
            await outcome(asyncio.wait_for(answer, 5))
        gone_on = True

    task = asyncio.create_task(asks())
    await asyncio.sleep(0)
    if problem:
        answer.set_exception(problem)
    else:
        answer.set_result("200 OK")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not gone_on


async def test_an_answer_is_handed_on() -> None:
    async def answers() -> str:
        return "200 OK"

    assert await outcome(answers()) == "200 OK"
