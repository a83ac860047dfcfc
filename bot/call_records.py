"""Calls as records: noted in the index as they begin and end, read back for the staff console, forgotten in time."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

import structlog

from backend.jobs.retention import EVERY_S, NIGHT
from backend.jobs.runner import Job
from backend.services.call_ports import (
    SESSION_PREFIX,
    CallRecord,
    CallStory,
    Happened,
    RecordingUnreadableError,
    Spoken,
)
from backend.services.ports import Stores
from backend.store.sealing import SealError
from bot.phone_profiles import SealedProfiles
from config.retention import Retention
from config.settings import project_folder
from voice.call import Call, Desk, Event
from voice.line.line import Connection, LineError
from voice.recording import (
    RecordingError,
    Seal,
    forget_recording,
    forget_recordings,
    has_recording,
    read_events,
    read_recording,
    start_recording,
)
from voice.sound_file import write_wav
from voice.turns.actions import Reason

log = structlog.get_logger()

FLAGS = ("emergency", "handoff")
# What was said stands in the transcript, the end above it; that something is asked or listened for says nothing more.
NOT_TOLD = frozenset({"heard", "reply", "asks", "listening", "ended"})
BEGAN = ("start_ms", "starts_ms", "at_ms")  # of what was heard, of what we said, of a key
DETAILS = {
    "order": "number",
    "key": "key",
    "said_while_fetching": "text",
}  # the fact of an event that staff see
BATCH = 500  # rows a transaction: nobody waits long for it


def recordings_folder() -> Path:
    return project_folder() / "var" / "calls"


def session_of(call_id: str) -> str:
    """The name of a call's conversation."""
    return f"{SESSION_PREFIX}{call_id}"


@dataclass(slots=True)
class CallNote:
    """The row of one call in the index. A store that is down costs the row, never the call."""

    store: Stores
    record_id: int | None = None
    _flags: dict[str, None] = field(default_factory=dict)
    _orders: dict[str, None] = field(default_factory=dict)
    _reason: str = "lost"
    _length_ms: int = 0

    def begin(self, call_id: str, caller: str, began: datetime, purpose: str | None = None) -> None:
        """Blocks. A process that is killed from now on leaves a row without an end. `purpose`: why we called."""
        try:
            with self.store.unit_of_work() as uow:
                self.record_id = uow.call_records.begin(session_of(call_id), caller, began, purpose=purpose)
                uow.commit()
        except Exception:
            log.exception("call_not_noted")

    def take(self, event: Event) -> None:
        """What the call tells of itself."""
        self._length_ms = max(self._length_ms, event["at_ms"])
        match event["event"]:
            case "order":
                self._orders[event["number"]] = None
            case "ended":
                self._reason = event["reason"]
            case flag if flag in FLAGS:
                self._flags[flag] = None

    def mark(self) -> None:
        """Blocks. What staff should see while the call goes on."""
        if self.record_id is None:
            return
        try:
            with self.store.unit_of_work() as uow:
                uow.call_records.mark(self.record_id, tuple(self._flags))
                uow.commit()
        except Exception:
            log.exception("call_not_marked")

    def end(self, ended: datetime) -> None:
        """Blocks."""
        if self.record_id is None:
            return
        try:
            with self.store.unit_of_work() as uow:
                uow.call_records.end(
                    self.record_id, ended=ended, length_s=round(self._length_ms / 1000), reason=self._reason,
                    flags=tuple(self._flags), orders=tuple(self._orders),
                )  # fmt: skip
                uow.commit()
        except Exception:
            log.exception("call_end_not_noted")


@dataclass(frozen=True, slots=True)
class CallKeeper:
    """Runs calls so that each leaves its row in the index, and its recording. `seal` None: no sound is kept."""

    store: Stores
    seal: Seal | None
    folder: Path
    clock: Callable[[], datetime]

    async def run(
        self, connection: Connection, desk: Desk, *, purpose: str | None = None, recorded: bool = True
    ) -> Reason:
        """To the end of the call. `purpose`: why we called; None: they did."""
        began, note = self.clock(), CallNote(self.store)
        recorder = None
        if recorded and self.seal is not None:
            recorder = start_recording(self.folder, connection.id, connection.rate, began, self.seal)
        begin = partial(note.begin, connection.id, connection.caller, began, purpose)
        noting = [asyncio.create_task(asyncio.to_thread(begin))]

        async def mark() -> None:
            await noting[0]
            await asyncio.to_thread(note.mark)

        def take(event: Event) -> None:
            note.take(event)
            if event["event"] in FLAGS and len(noting) <= len(FLAGS):
                noting.append(asyncio.create_task(mark()))

        async def end() -> None:
            with suppress(LineError):
                await connection.hang_up()
            await asyncio.gather(*noting)  # the greeting does not wait for the database, the end does
            await asyncio.to_thread(note.end, self.clock())

        try:
            return await Call(connection, desk, take, recorder=recorder).run()
        finally:
            ending = asyncio.create_task(end())
            try:
                await asyncio.shield(ending)
            except (
                asyncio.CancelledError
            ):  # the server is stopped at this very moment: the end is noted all the same
                await ending
                raise


@dataclass(frozen=True, slots=True)
class KeptRecordings:
    """`backend.services.call_ports.Recordings` on the sealed files of this installation."""

    folder: Path
    unseal: Seal

    def story(self, call: CallRecord) -> CallStory | None:
        if not has_recording(self.folder, call.call_id, call.began.date()):
            return None
        try:
            events = read_events(self.folder, call.call_id, call.began.date(), self.unseal)
        except (RecordingError, SealError, ValueError, KeyError, OSError) as problem:
            raise RecordingUnreadableError(str(problem)) from problem
        spoken = [_spoken(event) for event in events if event["event"] in ("heard", "reply")]
        happened = [_happened(event) for event in events if event["event"] not in NOT_TOLD]
        return CallStory(tuple(sorted(spoken, key=lambda one: one.at_s)), tuple(happened))

    def wav(self, call: CallRecord) -> bytes | None:
        if not has_recording(self.folder, call.call_id, call.began.date()):
            return None
        try:
            kept = read_recording(self.folder, call.call_id, call.began.date(), self.unseal)
        except (RecordingError, SealError, ValueError, KeyError, OSError) as problem:
            raise RecordingUnreadableError(str(problem)) from problem
        out = io.BytesIO()
        write_wav(out, kept.sound, kept.rate)
        return out.getvalue()


def forget_old_calls(
    store: Stores, folder: Path, profiles: SealedProfiles, rules: Retention, now: datetime
) -> bool:
    """Delete recordings, rows and habits that are too old, and the calls of forgotten people. True: there may be more."""
    days = forget_recordings(folder, now.date(), rules.calls)
    habits = profiles.forget(now, rules.habits)
    withdrawn = forget_withdrawn_calls(store, folder)
    with store.unit_of_work() as uow:
        # The same days as the folders: a row and its recording go together.
        oldest = datetime.combine(now.date() - timedelta(days=rules.calls), time.min)
        rows = uow.call_records.forget_before(oldest, limit=BATCH)
        care = uow.care.forget_before(now - timedelta(days=rules.tasks), limit=BATCH)
        uow.commit()
    if days or habits or withdrawn or rows or care:
        log.info("calls_forgotten", days=days, habits=habits, of_people=withdrawn, rows=rows, care=care)
    return max(withdrawn, rows, care) >= BATCH


def forget_withdrawn_calls(store: Stores, folder: Path) -> int:
    """Delete the recordings and rows of forgotten people; how many, BATCH at most."""
    with store.unit_of_work() as uow:
        withdrawn = uow.call_records.withdrawn(limit=BATCH)
        for call in withdrawn:
            forget_recording(folder, call.call_id, call.began.date())
            uow.call_records.remove(call.id)
        uow.commit()
    return len(withdrawn)


def calls_job(store: Stores, folder: Path, profiles: SealedProfiles, rules: Retention) -> Job:
    """The nightly job; in the daytime it does nothing."""

    def run(now: datetime) -> bool:
        return now.hour in NIGHT and forget_old_calls(store, folder, profiles, rules, now)

    return Job("calls", EVERY_S, run)


def _spoken(event: Event) -> Spoken:
    began_ms = next(event[name] for name in BEGAN if name in event)
    return Spoken(
        at_s=began_ms // 1000,
        by_caller=event["event"] == "heard",
        text=event["text"],
        confidence=event.get("confidence"),
        by_key=event.get("by_key", False),
    )


def _happened(event: Event) -> Happened:
    detail = str(event.get(DETAILS.get(event["event"], ""), ""))
    return Happened(event["at_ms"] // 1000, event["event"], detail)
