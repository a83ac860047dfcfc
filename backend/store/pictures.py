"""Pictures that people sent: sealed files in one folder, by the conversation they belong to."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from backend.store.sealing import Cipher

_TYPES = {b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png", b"GIF8": "gif", b"RIFF": "webp"}
_CONTEXT = b"picture"


def picture_type(data: bytes) -> str | None:
    """jpeg, png, gif or webp, told by the first bytes; None for anything else."""
    found = next((name for mark, name in _TYPES.items() if data.startswith(mark)), None)
    return None if found == "webp" and data[8:12] != b"WEBP" else found


def of_work(number: str) -> str:
    """Where pictures of the work for this order are kept, as if it were a conversation."""
    return f"work:{number}"


class Pictures:
    """The folder. A file is named by a keyed hash, so that nobody can tell from outside whose it is."""

    def __init__(self, folder: Path, cipher: Cipher) -> None:
        self._folder, self._cipher = folder, cipher

    def keep(self, session: str, message_id: str | None, data: bytes) -> str:
        """Keep a picture and tell its name; the same message twice keeps it once."""
        folder = self._of(session)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / self._cipher.index("picture", message_id or secrets.token_hex(8)).hex()
        if path.exists():
            return path.name
        draft = path.with_name(f".{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(self._cipher.seal(data, _CONTEXT))
        draft.replace(path)
        return path.name

    def names(self, session: str) -> Sequence[str]:
        """The pictures of a conversation, oldest first."""
        folder = self._of(session)
        kept = [path for path in folder.iterdir() if path.name[0] != "."] if folder.is_dir() else []
        return [path.name for path in sorted(kept, key=lambda path: path.stat().st_mtime_ns)]

    def forget(self, session: str) -> int:
        """Delete the pictures of a conversation; how many there were."""
        folder, count = self._of(session), len(self.names(session))
        shutil.rmtree(folder, ignore_errors=True)
        return count

    def forget_before(self, at: datetime) -> int:
        """Delete what was kept before `at`; how many pictures were."""
        count = 0
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # another process forgets as well
                if path.stat().st_mtime < at.timestamp():
                    path.unlink()
                    count += 1
        return count

    def read(self, session: str, name: str) -> bytes | None:
        """One of `names`; None for anything else, so that no name leads out of the folder."""
        if name not in self.names(session):
            return None
        return self._cipher.open((self._of(session) / name).read_bytes(), _CONTEXT)

    def _of(self, session: str) -> Path:
        return self._folder / self._cipher.index("session", session).hex()
