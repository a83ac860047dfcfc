"""Our account at the trunk: registered, and again whenever the registration is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from baresip import BaresipError, Event, StackEvent, UserAgent

from voice.line.pauses import growing
from voice.line.sip_outcome import outcome

log = structlog.get_logger(__name__)

# The stack repeats an unanswered REGISTER for 32 s. Beginning anew before that is worse than waiting: should the trunk
# answer the abandoned one after all, the stack takes it back, and our number with it.
OUTCOME_S = 40
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 25.0  # the stack's own next try comes after 30 s at the earliest
# A trunk that refuses us must not take our tries for an attack: those are left to the stack, which waits for half a
# minute, then longer and longer, up to half an hour.
REFUSALS = frozenset(map(str, range(400, 500))) - {"408"}

Explain = Callable[[], Awaitable[str | None]]


class Registration:
    """`run` it as long as the line is open. `explain`: what can be said about a failure beyond the stack's own words."""

    def __init__(self, agent: UserAgent, explain: Explain) -> None:
        self._agent, self._explain = agent, explain
        self.registered = False
        self.tries = 0  # in vain, since the trunk accepted us last
        self.problem: str | None = None
        self._outcome = asyncio.Event()  # the trunk, or its silence, has decided
        self._refused = False
        agent.on(self._on_stack_event)

    async def run(self) -> None:
        pauses = growing(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        await self._ask()
        while True:
            self._outcome.clear()
            if self.registered:
                pauses = growing(FIRST_PAUSE_S, LONGEST_PAUSE_S)
                await self._outcome.wait()  # the stack refreshes by itself
            elif self._refused:
                await self._tell(again_s=None)
                await self._outcome.wait()
            else:
                pause_s = next(pauses)
                await self._tell(again_s=pause_s)
                await asyncio.sleep(pause_s)
                if not self.registered:
                    await self._ask()

    async def _ask(self) -> None:
        try:
            await outcome(self._agent.register(timeout=OUTCOME_S))
        except BaresipError as error:
            self.problem = self.problem or str(error)

    async def _tell(self, *, again_s: float | None) -> None:
        self.problem = await self._explain() or self.problem
        log.error(
            "line.not_registered", kind="refused" if self._refused else "no_answer", tries=self.tries,
            why=self.problem, again_s=again_s,
        )  # fmt: skip

    def _on_stack_event(self, event: StackEvent) -> None:
        if event.event is Event.REGISTER_OK:
            if not self.registered:
                log.info("line.registered", tries=self.tries + 1)
            self.registered, self._refused = True, False
            self.tries, self.problem = 0, None
        elif event.event is Event.REGISTER_FAIL:
            self.problem = event.text or "no reason given"
            self.registered, self._refused = False, is_refusal(self.problem)
            self.tries += 1
        else:
            return
        self._outcome.set()


def is_refusal(text: str) -> bool:
    """The trunk is there and does not want us: a wrong password, an unknown user, a number that was given back.

    `text` is the stack's: «403 Forbidden», «Connection timed out [110]».
    """
    return text.split(" ", 1)[0] in REFUSALS
