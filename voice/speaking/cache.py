"""Rendered pieces of fixed wording on disk, shared by all processes, with the last used ones in memory.

Only wording that stands in `config/` is kept here: never a name, an address or a number of a person.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import OrderedDict
from pathlib import Path

import numpy as np

from voice.line.line import Samples
from voice.whole_file import written_whole

VERSION = 1  # of how pieces are rendered, cut and levelled; another one renders everything anew
_HEADER = struct.Struct("<4sI")  # magic, CRC-32 of the samples
_MAGIC = b"NXS1"
_SUFFIX = ".pcm"


class PromptCache:
    """Pieces of one voice by their names. Thread-safe; a damaged file counts as missing and is rendered anew."""

    def __init__(
        self, folder: Path, voice: str, *, most_bytes: int = 512 << 20, in_memory: int = 400
    ) -> None:
        """`voice`: whose speech it is. `most_bytes`: on disk, see `prune`. `in_memory`: pieces kept there."""
        self.folder = folder
        self._voice = voice
        self._most_bytes = most_bytes
        self._in_memory = in_memory
        self._recent: OrderedDict[str, Samples] = OrderedDict()

    def has(self, piece: str) -> bool:
        return piece in self._recent or self._path(piece).is_file()

    def get(self, piece: str) -> Samples | None:
        samples = self._recent.get(piece)
        if samples is None:
            samples = self._read(self._path(piece))
        if samples is not None:
            self._remember(piece, samples)
        return samples

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
        name = hashlib.sha256(f"{VERSION}\n{self._voice}\n{piece}".encode()).hexdigest()[:32]
        return self.folder / f"{name}{_SUFFIX}"

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
        self._recent[piece] = samples
        self._recent.move_to_end(piece)
        while len(self._recent) > self._in_memory:
            self._recent.popitem(last=False)
