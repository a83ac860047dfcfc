"""Reading what a browser sends: a form of bounded size, from a page of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl, urlsplit

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

MOST_BYTES = 64 * 1024
MOST_FIELDS = 30
MOST_FILES = 6
MOST_UPLOAD_BYTES = 24 * 1024 * 1024
_OWN = {"same-origin", "none"}  # "none": typed in the address bar or a bookmark


class FormTooLargeError(Exception):
    """The form is larger than this page can mean."""


class ForeignFormError(Exception):
    """The form was sent from another site's page."""


async def read_form(request: Request, most_bytes: int = MOST_BYTES) -> dict[str, str]:
    """The fields of an urlencoded form, the last one when a name comes twice.

    Raises FormTooLargeError above `most_bytes`, before the rest is read. Bytes that are no UTF-8 become U+FFFD.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise FormTooLargeError
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise FormTooLargeError from None
    return {name: _storable(value) for name, value in pairs}


def is_upload(request: Request) -> bool:
    """Whether this form may bring files."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def read_upload(request: Request) -> tuple[dict[str, str], tuple[bytes, ...]]:
    """The fields of a multipart form and the files that came with it. Raises FormTooLargeError, also for what is no such form."""

    async def bounded() -> AsyncGenerator[bytes, None]:
        total = 0
        async for chunk in request.stream():
            total += len(chunk)
            if total > MOST_UPLOAD_BYTES:
                raise FormTooLargeError
            yield chunk

    parser = MultiPartParser(
        request.headers, bounded(), max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError):
        raise FormTooLargeError from None
    fields: dict[str, str] = {}
    files: list[bytes] = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name] = _storable(value)
        elif data := await value.read():  # an input that was left empty comes as an empty file
            files.append(data)
    await form.close()
    return fields, tuple(files)


def _storable(text: str) -> str:
    """NUL would be refused by PostgreSQL, and lone surrogates can not be stored at all."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def refuse_foreign(request: Request) -> None:
    """Raise ForeignFormError when the browser says that another site's page sends this. Old browsers say nothing."""
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        if fetch_site not in _OWN:
            raise ForeignFormError
        return
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForeignFormError
