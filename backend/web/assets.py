"""Static files with an address that changes when they change, so that browsers may keep them for a year."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.responses import PlainTextResponse, Response

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}
_KEEP_FOR_S = 365 * 24 * 3600


class Assets:
    """The files of one folder, read once: only names found at start-up can be asked for, so no path can lead out."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._prefix = prefix.rstrip("/")
        self._files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }
        self._marks = {name: hashlib.sha256(body).hexdigest()[:10] for name, body in self._files.items()}

    def url(self, name: str) -> str:
        """The address of a file; KeyError when there is no such file."""
        return f"{self._prefix}/{name}?v={self._marks[name]}"

    def response(self, name: str) -> Response:
        """The file, or 404."""
        body = self._files.get(name)
        if body is None:
            return PlainTextResponse("not found", status_code=404)
        headers = {"Cache-Control": f"public, max-age={_KEEP_FOR_S}, immutable"}
        return Response(body, media_type=_TYPES[Path(name).suffix], headers=headers)
