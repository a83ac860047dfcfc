"""The prompts that come with the project, so that a new installation speaks at once: a ZIP of Ogg Opus files.

An entry has the name that its piece has in the cache (`cache.piece_name`), so what was rendered for other wording or another
voice is simply not found. Its comment is the text of the piece, for people who look into the file.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import structlog

from voice.line.line import Samples
from voice.speaking import opus
from voice.speaking.voice import SpeakingError
from voice.whole_file import written_whole

log = structlog.get_logger()

_SUFFIX = ".opus"
_ZIP_BYTES = 30 + 46  # the headers of an entry in front of its content and in the directory
_END_BYTES = 22
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same pieces make the same file, whenever it is written


class ShippedPrompts:
    """What of one voice came with the project; empty when the file is missing or damaged. Thread-safe."""

    def __init__(self, file: Path | None) -> None:
        self._zip = _opened(file) if file is not None else None
        names = self._zip.namelist() if self._zip else []
        self._names = frozenset(name.removesuffix(_SUFFIX) for name in names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._names)

    def get(self, name: str, rate: int) -> Samples | None:
        """The samples at `rate` a second; None for what is not there or damaged."""
        content = self.content(name)
        if content is None:
            return None
        try:
            return opus.unpacked(content, rate)
        except SpeakingError as problem:
            self._forget(name, problem)
            return None

    def content(self, name: str) -> bytes | None:
        """A piece as it lies in the file (Ogg Opus)."""
        if self._zip is None or name not in self._names:
            return None
        try:
            return self._zip.read(name + _SUFFIX)
        except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as problem:
            self._forget(name, problem)
            return None

    def _forget(self, name: str, problem: Exception) -> None:
        """So that it is rendered anew."""
        log.warning("speech.shipped_prompt_damaged", name=name, problem=str(problem))
        self._names -= {name}


def write_shipped(target: Path, pieces: Iterable[tuple[str, str, bytes]], *, most_bytes: int) -> list[str]:
    """Write pieces (name, text, Ogg Opus) while they fit into a file of `most_bytes`; the texts that did not fit.

    Raises OSError.
    """
    left_out = []
    with written_whole(target, mode=0o644) as file, zipfile.ZipFile(file, "w") as archive:
        size = _END_BYTES
        for name, text, content in pieces:
            entry = zipfile.ZipInfo(name + _SUFFIX, _EPOCH)
            entry.comment = text.encode()
            entry.external_attr = 0o644 << 16
            wanted = len(content) + len(entry.comment) + 2 * len(entry.filename) + _ZIP_BYTES
            if size + wanted > most_bytes:
                left_out.append(text)
            else:
                archive.writestr(entry, content)
                size += wanted
    return left_out


def _opened(file: Path) -> zipfile.ZipFile | None:
    try:
        return zipfile.ZipFile(file)
    except FileNotFoundError:
        return None
    except (OSError, zipfile.BadZipFile) as problem:
        log.warning("speech.shipped_prompts_damaged", file=str(file), problem=str(problem))
        return None
