"""A call as a record: the sound of both sides, what was said and what happened, sealed at rest.

A recording is two files in the folder of its day: `<call>.sound`, sealed blocks of ten seconds each behind their length
(4 bytes, big-endian), and `<call>.json`, the sealed events. Sound is G.711 µ-law, caller and line in turn: what
a telephone carries, in half the space. Both are written as the call goes on: a call of two hours needs no memory, and one
that is cut off with its process can be read up to its last ten seconds.
"""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from voice.audio.g711 import decode_ulaw, encode_ulaw
from voice.call import Event
from voice.line.line import Samples

BLOCK_S = 10
_LENGTH = struct.Struct(">I")
# A damaged length must not make us read gigabytes: ten seconds of two sides at 16 kHz, and what sealing adds.
LARGEST_BLOCK = 2 * BLOCK_S * 16_000 + 1_024

Seal = Callable[[bytes], bytes]


class RecordingError(Exception):
    """A recording is missing or damaged; the text says which and where."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording read back. `sound` has the shape (samples, 2): the caller left, the line right."""

    rate: int
    sound: Samples
    events: list[Event]
    began: datetime

    @property
    def reason(self) -> str | None:
        """Why the call ended; None for one that was cut off with the recorder."""
        return next((event["reason"] for event in self.events if event["event"] == "ended"), None)

    def transcript(self) -> list[Event]:
        """What was said by whom and when, with how sure we were of it."""
        return [event for event in self.events if event["event"] in ("heard", "reply")]


@dataclass(slots=True)
class CallRecorder:
    """Writes one call. Implements `voice.call.Recorder`."""

    folder: Path
    call_id: str
    rate: int
    began: datetime
    seal: Seal
    _events: list[Event] = field(default_factory=list)
    _frames: list[tuple[Samples, Samples]] = field(default_factory=list)
    _waiting: int = 0  # samples of each side not written yet
    _file: BinaryIO | None = None

    def add(self, caller: Samples, line: Samples) -> None:
        """The next frame of both sides, of equal length."""
        self._frames.append((caller, line))
        self._waiting += len(caller)
        if self._waiting >= BLOCK_S * self.rate:
            self._write()

    def event(self, event: Event) -> None:
        self._events.append(event)

    def discard(self) -> None:
        """Nothing of this call is kept."""
        if self._file is not None:
            self._file.close()
        for path in _paths(self.folder, self.call_id):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write what is left."""
        self._write()
        if self._file is not None:
            self._file.close()
        self._write_about()

    def _write(self) -> None:
        if not self._frames:
            return
        if self._file is None:
            path = _paths(self.folder, self.call_id)[0]
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = path.open("wb")
        sides = np.stack([np.concatenate(side) for side in zip(*self._frames, strict=True)], axis=1)
        sealed = self.seal(encode_ulaw(sides.reshape(-1)))
        self._file.write(_LENGTH.pack(len(sealed)) + sealed)
        self._file.flush()
        self._frames, self._waiting = [], 0
        self._write_about()

    def _write_about(self) -> None:
        about = {"rate": self.rate, "began": self.began.isoformat(), "events": self._events}
        path = _paths(self.folder, self.call_id)[1]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".new")
        draft.write_bytes(self.seal(json.dumps(about, ensure_ascii=False).encode()))
        draft.replace(path)


def start_recording(root: Path, call_id: str, rate: int, began: datetime, seal: Seal) -> CallRecorder:
    """Record a call in the folder of its day under `root`. `call_id` must be safe in a file name."""
    return CallRecorder(root / began.date().isoformat(), call_id, rate, began, seal)


def read_recording(root: Path, call_id: str, day: date, unseal: Seal) -> Recorded:
    """Both files of a call. Raises RecordingError; what `unseal` raises for a wrong key goes through."""
    sound, _ = _paths(root / day.isoformat(), call_id)
    facts = _facts(root, call_id, day, unseal)
    blocks = [decode_ulaw(unseal(block)) for block in _blocks(sound)]
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.int16)
    return Recorded(
        rate=facts["rate"],
        sound=samples.reshape(-1, 2),
        events=facts["events"],
        began=datetime.fromisoformat(facts["began"]),
    )


def read_events(root: Path, call_id: str, day: date, unseal: Seal) -> list[Event]:
    """What was said and what happened, without the sound: quick for the longest call. Raises as `read_recording`."""
    events: list[Event] = _facts(root, call_id, day, unseal)["events"]
    return events


def has_recording(root: Path, call_id: str, day: date) -> bool:
    """Whether anything of this call is kept."""
    return _paths(root / day.isoformat(), call_id)[1].is_file()


def forget_recording(root: Path, call_id: str, day: date) -> None:
    """Delete one call; nothing to delete is no error."""
    for path in _paths(root / day.isoformat(), call_id):
        path.unlink(missing_ok=True)


def forget_recordings(root: Path, today: date, keep_days: int) -> int:
    """Delete the days that are older than the retention. Returns how many; folders that are no day stay."""
    oldest = today - timedelta(days=keep_days)
    gone = [folder for folder in _days(root) if date.fromisoformat(folder.name) < oldest]
    for folder in gone:
        shutil.rmtree(folder)
    return len(gone)


def _facts(root: Path, call_id: str, day: date, unseal: Seal) -> dict[str, Any]:
    if not has_recording(root, call_id, day):
        raise RecordingError(f"there is no recording of call {call_id} of {day}")
    facts: dict[str, Any] = json.loads(unseal(_paths(root / day.isoformat(), call_id)[1].read_bytes()))
    return facts


def _blocks(path: Path) -> Iterator[bytes]:
    if not path.is_file():  # the call had no sound
        return
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else 0
            block = file.read(size) if size <= LARGEST_BLOCK else b""
            if not size or len(block) < size:
                raise RecordingError(f"{path.name} is damaged at byte {file.tell()}")
            yield block


def _days(root: Path) -> Iterator[Path]:
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            date.fromisoformat(folder.name)
        except ValueError:
            continue
        yield folder


def _paths(folder: Path, call_id: str) -> tuple[Path, Path]:
    return folder / f"{call_id}.sound", folder / f"{call_id}.json"
