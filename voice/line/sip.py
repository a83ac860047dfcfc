"""The SIP line on baresip: answers calls, calls out, registers at a trunk.

The stack lives once in a process; opening a second line before the first is closed raises LineError.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

import structlog
from baresip import (
    AudioNotActive,
    BaresipError,
    Call,
    CallState,
    Runtime,
    StackEvent,
    StaleHandleError,
    UserAgent,
)

from voice.line.certificate import TLS_PORT, certificate_problem, host_and_port
from voice.line.line import FRAME_MS, Connection, LineError, NotAnswered, NotAnsweredError, OnCall
from voice.line.numbers import masked, number_of, sender_of
from voice.line.rate_limit import Allowed, CallRate
from voice.line.sip_connection import SipConnection
from voice.line.sip_log import mask_stack_log
from voice.line.sip_outcome import outcome, why_not_answered
from voice.line.sip_registration import Registration
from voice.line.sip_settings import NOBODY, TO, VIA, SipSettings, stack_accounts, stack_config
from voice.line.stack_errors import StackErrors, listen_to_stack
from voice.line.taking import take_call

log = structlog.get_logger(__name__)

MEDIA_S = (
    3  # from the 200 OK to the first packet that could be sent; more means that the answer never arrived
)
MEDIA_LOOK_S = 0.01


class SipLine:
    """See `SipSettings` for everything that can be chosen."""

    name = "sip"

    def __init__(self, settings: SipSettings) -> None:
        self._settings = settings
        self._runtime: Runtime | None = None
        self._agent: UserAgent | None = None
        self._rate = CallRate(
            together=Allowed(60 * settings.calls_per_second, settings.call_burst),
            caller=Allowed(settings.caller_per_minute, settings.caller_burst),
            withheld=Allowed(settings.withheld_per_minute, settings.withheld_burst),
        )
        self._connections: dict[int, SipConnection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._registration: Registration | None = None
        self._dead = False  # the stack's thread died; only a new process helps
        self._calls_in_all = 0
        self._refused = 0
        self._last_error: str | None = None
        self._errors: StackErrors | None = None

    async def open(self, on_call: OnCall) -> None:
        mask_stack_log()
        self._errors = listen_to_stack()
        runtime = Runtime()
        runtime.on_dead = self._died
        try:
            await runtime.start(stack_config(self._settings))
        except BaresipError as error:
            raise LineError(
                f"SIP could not listen on {self._settings.address}:{self._settings.port}: {error}"
            ) from error
        self._runtime = runtime
        try:
            agents = [
                await UserAgent.create(runtime, account, transfer_policy="reject")
                for account in stack_accounts(self._settings)
            ]
            for agent in agents:
                agent.on_incoming(partial(self._on_incoming, on_call))
            self._agent = agents[0]
        except BaresipError as error:
            await self.close()
            raise LineError(f"the SIP account could not be used: {error}") from error
        self._spawn(self._tick())
        trunk = self._settings.trunk
        if trunk and trunk.register:
            self._registration = Registration(self._agent, self._why_not_registered)
            self._spawn(self._registration.run())
        log.info(
            "line.open", line=self.name, port=self._settings.port, trunk=self._settings.trunk is not None
        )

    async def dial(self, number: str, *, ring_s: float = 30) -> Connection:
        agent, runtime = self._opened()
        address = self._address_of(number)
        try:
            call = await _start_call(agent, runtime, address)
        except (BaresipError, ValueError) as error:
            raise self._not_answered(NotAnswered.UNREACHABLE, number, str(error)) from error
        try:
            await outcome(call.wait_established(timeout=ring_s))
        except BaresipError as error:
            raise self._not_answered(why_not_answered(error), number, str(error)) from error
        except asyncio.CancelledError:
            with contextlib.suppress(BaresipError):
                await call.hangup()
            raise
        connection = await self._connected(call, caller=number_of(address), called=self._own_number())
        if connection is None:
            raise self._not_answered(NotAnswered.UNREACHABLE, number, "answered, but no sound came up")
        return connection

    async def close(self) -> None:
        if self._runtime is None:
            return
        runtime, self._runtime, self._agent, self._registration = self._runtime, None, None, None
        for connection in list(self._connections.values()):
            await connection.hang_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(BaresipError):
            await runtime.close()
        log.info("line.closed", line=self.name, calls=self._calls_in_all)

    def health(self) -> dict[str, Any]:
        return {
            "open": self._runtime is not None and not self._dead,
            "registered": self._registration.registered if self._registration else None,
            "problem": self._problem(),
            "calls": len(self._connections),
            "calls_in_all": self._calls_in_all,
            "refused": self._refused,
            "malformed": sum(self._errors.counts.values()) if self._errors else 0,
            "last_error": self._last_error,
        }

    # Calls that come in.

    def _on_incoming(self, on_call: OnCall, call: Call) -> None:
        caller, called = number_of(call.peer or ""), number_of(call.headers.get(TO, ""))
        if not self._rate.allows(caller, sender_of(call.headers.get(VIA, "")), time.monotonic()):
            self._refused += 1
            self._spawn(self._refuse(call))
            if self._refused.bit_count() == 1:  # the 1st, 2nd, 4th, 8th …: a flood must not flood the log
                log.warning(
                    "line.calls_refused", why="too many at once", refused=self._refused, caller=masked(caller)
                )
            return
        self._spawn(self._serve(on_call, call, caller, called))

    async def _refuse(self, call: Call) -> None:
        with contextlib.suppress(BaresipError):
            await call.reject()

    async def _serve(self, on_call: OnCall, call: Call, caller: str, called: str) -> None:
        try:
            # With `video` the stack keeps to the offer; without, it sends a re-INVITE at once to take video away.
            await call.answer(video=True)
        except StaleHandleError:
            log.info("line.cancelled", caller=masked(caller))
            return
        except BaresipError as error:
            self._note_error(f"a call could not be answered: {error}")
            return
        connection = await self._connected(call, caller=caller, called=called)
        if connection:
            await take_call(on_call, connection)

    async def _connected(self, call: Call, *, caller: str, called: str) -> SipConnection | None:
        """Wait until sound can flow; None when the call ended before."""
        if not await _has_media(call):
            with contextlib.suppress(BaresipError):
                await call.hangup()
            log.info("line.no_media", caller=masked(caller), state=call.state.value)
            return None
        handle = call.handle
        connection = SipConnection(
            call,
            caller=caller,
            called=called,
            address_of=self._address_of,
            on_end=lambda: self._forget(handle),
        )
        self._connections[handle] = connection
        self._calls_in_all += 1
        log.info("line.connected", call=connection.id, caller=masked(caller), rate=connection.rate)
        return connection

    def _forget(self, handle: int) -> None:
        self._connections.pop(handle, None)

    async def _tick(self) -> None:
        """One clock for all connections: each looks at its own time, so a late tick makes up for itself."""
        while True:
            await asyncio.sleep(FRAME_MS / 1000)
            for connection in list(self._connections.values()):
                try:
                    connection.tick()
                except Exception:
                    log.exception("line.tick_failed", call=connection.id)

    # The trunk.

    async def _why_not_registered(self) -> str | None:
        """Over TLS the stack only says «Protocol error» where the certificate is wrong."""
        if not self._settings.checks_trunk or self._settings.trunk is None:
            return None
        host, port = host_and_port(self._settings.trunk.next_hop, TLS_PORT)
        return await asyncio.to_thread(certificate_problem, host, port, self._settings.authorities)

    def _problem(self) -> str | None:
        """What keeps calls from coming in, in plain words."""
        if self._dead:
            return "the SIP stack died: start this process again"
        if self._runtime is None:
            return "not open"
        if self._registration and not self._registration.registered:
            return f"not registered at the trunk: {self._registration.problem or 'no answer yet'}"
        return None

    def _died(self) -> None:
        self._dead = True
        self._note_error("the SIP stack died")

    def _address_of(self, number: str) -> str:
        """A number at the trunk; a SIP address stays as it is. Raises LineError for what can not be dialled."""
        if number.startswith(("sip:", "sips:")):
            return number
        if self._settings.trunk is None:
            raise LineError("without a trunk only SIP addresses (sip:…) can be called: set a trunk")
        if not number or not set(number) <= set("+*#0123456789"):
            raise LineError("a telephone number has digits, +, * and # only")
        return f"sip:{number}@{self._settings.trunk.registrar}"

    def _own_number(self) -> str:
        return self._settings.trunk.user if self._settings.trunk else NOBODY

    def _not_answered(self, why: NotAnswered, number: str, text: str) -> NotAnsweredError:
        log.info("line.not_answered", called=masked(number_of(number)), why=why.value, text=text)
        return NotAnsweredError(why, text)

    def _opened(self) -> tuple[UserAgent, Runtime]:
        if self._agent is None or self._runtime is None:
            raise LineError("the SIP line is not open")
        return self._agent, self._runtime

    def _note_error(self, text: str) -> None:
        self._last_error = text
        log.error("line.error", line=self.name, why=text)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _start_call(agent: UserAgent, runtime: Runtime, address: str) -> Call:
    """Dial, and make up for a race of the binding: a quick answer (486, 200) comes before its `Call` listens."""
    early: list[StackEvent] = []
    runtime.subscribe(early.append)
    try:
        call = await agent.dial(address)
    finally:
        runtime.unsubscribe(early.append)
    for event in early:
        call._on_stack_event(event)
    return call


async def _has_media(call: Call) -> bool:
    """Established, and the stack can take and give sound."""
    deadline = time.monotonic() + MEDIA_S
    while time.monotonic() < deadline and call.state is not CallState.CLOSED:
        if call.state is CallState.ESTABLISHED:
            with contextlib.suppress(AudioNotActive):
                info = call.audio.info()
                if info.tx_ready and info.rx_ready:
                    return True
        await asyncio.sleep(MEDIA_LOOK_S)
    return False
