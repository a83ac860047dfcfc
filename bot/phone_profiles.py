"""How callers speak, kept from call to call: one small sealed file a number, named by a keyed hash of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from backend.store.sealing import Cipher, SealError
from bot.phone import is_number
from voice.turns.profile import CallerProfile

log = structlog.get_logger()

CONTEXT = b"caller profile"


class SealedProfiles:
    """Implements `voice.turns.profile.Profiles` in a folder. A file that does not open counts as nobody known."""

    def __init__(self, folder: Path, cipher: Cipher) -> None:
        self._folder, self._cipher = folder, cipher

    def load(self, caller: str) -> CallerProfile:
        path = self._path(caller)
        if path is None or not path.is_file():
            return CallerProfile()
        try:
            return CallerProfile.from_json(json.loads(self._cipher.open(path.read_bytes(), CONTEXT)))
        except (SealError, ValueError, TypeError):
            log.warning("caller_profile_unreadable", file=path.name)
            return CallerProfile()

    def save(self, caller: str, profile: CallerProfile) -> None:
        path = self._path(caller)
        if path is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".new")
        draft.write_bytes(self._cipher.seal(json.dumps(profile.to_json()).encode(), CONTEXT))
        draft.replace(path)

    def forget(self, now: datetime, keep_days: int) -> int:
        """Delete what has not changed for longer than that. Returns how many."""
        oldest = (now - timedelta(days=keep_days)).timestamp()
        old = [path for path in self._folder.glob("*.profile") if path.stat().st_mtime < oldest]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _path(self, caller: str) -> Path | None:
        if not is_number(caller):
            return None
        return self._folder / f"{self._cipher.index('caller profile', caller).hex()}.profile"
