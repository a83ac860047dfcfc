"""Rendered pieces of fixed wording: those rendered here, on disk for all processes; those that came with the project; the last
used ones in memory.

Only wording that stands in `config/` is kept here: never a name, an address or a number of a person.
"""

from __future__ import annotations

import hashlib
import struct
import threading
import zlib
from collections import OrderedDict
from pathlib import Path

import numpy as np

from voice.line.line import Samples
from voice.speaking.figures import how_it_is_read
from voice.speaking.shipped import ShippedPrompts
from voice.whole_file import written_whole

RATE = 24_000  # samples a second of everything that is kept, whatever the voice
VERSION = 1  # of how pieces are rendered, cut and levelled; another one renders everything anew
_HEADER = struct.Struct("<4sI")  # magic, CRC-32 of the samples
_MAGIC = b"NXS1"
_SUFFIX = ".pcm"


def piece_name(voice: str, piece: str) -> str:
    """Of a piece in the cache and among the shipped ones: of all that decides how it sounds."""
    said = f"{VERSION}\n{voice}\n{piece}\n{how_it_is_read(piece)}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


class PromptCache:
    """Pieces of one voice by their texts. Thread-safe; a damaged file counts as missing and is rendered anew."""

    def __init__(
        self,
        folder: Path,
        voice: str,
        *,
        shipped: Path | None = None,
        most_bytes: int = 512 << 20,
        in_memory: int = 400,
    ) -> None:
        """`voice`: whose speech it is. `shipped`: prompts that came with the project (`shipped.py`).

        `most_bytes`: on disk, see `prune`. `in_memory`: pieces kept there.
        """
        self.folder = folder
        self.shipped = ShippedPrompts(shipped)
        self._voice = voice
        self._most_bytes = most_bytes
        self._in_memory = in_memory
        self._recent: OrderedDict[str, Samples] = OrderedDict()
        self._lock = threading.Lock()  # of `_recent`

    def name(self, piece: str) -> str:
        return piece_name(self._voice, piece)

    def has(self, piece: str) -> bool:
        return piece in self._recent or self.name(piece) in self.shipped or self._path(piece).is_file()

    def get(self, piece: str) -> Samples | None:
        """What was rendered here comes before what was shipped: it is as the voice made it. Takes some milliseconds."""
        samples = self._recent.get(piece)
        if samples is None:
            samples = self.rendered(piece)
        if samples is None:
            samples = self.shipped.get(self.name(piece), RATE)
        if samples is not None:
            self._remember(piece, samples)
        return samples

    def rendered(self, piece: str) -> Samples | None:
        """What was rendered on this machine."""
        return self._read(self._path(piece))

    def put(self, piece: str, samples: Samples) -> None:
        """Keep a piece; other processes see all of it or nothing. Raises OSError when the disk is full."""
        content = np.ascontiguousarray(samples, "<i2").tobytes()
        with written_whole(self._path(piece)) as file:
            file.write(_HEADER.pack(_MAGIC, zlib.crc32(content)) + content)
        self._remember(piece, samples)

    def prune(self) -> int:
        """Remove the files that were not used for longest until the rest fits; how many went."""
        files = sorted(
            ((file.stat(), file) for file in self.folder.glob(f"*{_SUFFIX}")),
            key=lambda row: max(row[0].st_atime, row[0].st_mtime),
        )
        total = sum(stat.st_size for stat, _ in files)
        removed = 0
        for stat, file in files:
            if total <= self._most_bytes:
                break
            file.unlink(missing_ok=True)
            total -= stat.st_size
            removed += 1
        return removed

    def _path(self, piece: str) -> Path:
        return self.folder / f"{self.name(piece)}{_SUFFIX}"

    def _read(self, path: Path) -> Samples | None:
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if len(content) <= _HEADER.size:
            path.unlink(missing_ok=True)
            return None
        magic, checksum = _HEADER.unpack_from(content)
        body = content[_HEADER.size :]
        if magic != _MAGIC or len(body) % 2 or zlib.crc32(body) != checksum:
            path.unlink(missing_ok=True)
            return None
        return np.frombuffer(body, "<i2").astype(np.int16)

    def _remember(self, piece: str, samples: Samples) -> None:
        with self._lock:
            self._recent[piece] = samples
            self._recent.move_to_end(piece)
            while len(self._recent) > self._in_memory:
                self._recent.popitem(last=False)
