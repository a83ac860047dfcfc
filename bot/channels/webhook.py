"""The plain HTTP channel: any app sends signed JSON and gets the answer in the reply. Docs: `/channels/webhook/openapi.json`.

The signature is HMAC-SHA256 over `timestamp + "." + body` with the shared secret, in hex; the timestamp (seconds since 1970)
may be five minutes off, and a signed request is taken once. To send a message again, sign it anew: its `message_id` makes sure
that it is answered the same and orders nothing twice.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Annotated, Any

import orjson
import structlog
from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from backend.domain.local_time import local_now
from bot.channels.body import TooLargeError, read_body
from bot.channels.contract import BrokenError, ForgedError, Incoming, Text
from bot.channels.reception import Reception
from bot.conversations import Answer
from bot.dialogue.turn import Channel
from bot.order_json import order_json

log = structlog.get_logger()

PATH = "/channels/webhook"
CLOCKS_DIFFER_BY_S = 300
MOST_BYTES = 1024 * 1024
PROBLEM = "application/problem+json"
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Message(BaseModel):
    """One thing said by one person."""

    session: Name = Field(description="The conversation. One person in one chat window.")
    sender: Name = Field(
        description="The person: a phone number that your app has checked, or your own stable id."
    )
    message_id: Name = Field(
        description="Your id of this message; sent again, it is answered again and causes nothing."
    )
    text: str = Field(description="What was said. Empty: the person said nothing.")


class Button(BaseModel):
    label: str = Field(description="What to show.")
    text: str = Field(description="What to send as `text` when it is pressed.")


class Said(BaseModel):
    """The answer."""

    session: str
    reply: str = Field(description="What to show to the person, as plain text.")
    choices: list[Button] = Field(description="Quick answers to offer.")
    asks: str | None = Field(
        description="What the line asks for: time, place, phone, confirm ...; null: nothing."
    )
    ended: bool
    emergency: bool = Field(description="Somebody is in danger: show the reply at once and large.")
    handoff: bool = Field(description="A person of the staff goes on from here.")
    orders: list[dict[str, Any]] = Field(description="All orders of this conversation as they stand now.")


class Problem(BaseModel):
    """An error as RFC 9457 has it."""

    title: str
    status: int
    detail: str


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": why, "content": {PROBLEM: {"schema": Problem.model_json_schema()}}}
    for status, why in ((400, "no such message"), (401, "wrong signature"), (409, "sent before"), (413, "too long"),
        (503, "not now"))
}  # fmt: skip
HEADERS = {
    "X-Timestamp": "Seconds since 1970.",
    "X-Signature": "hex(HMAC-SHA256(secret, timestamp + '.' + body))",
}
REQUEST: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "header", "required": True, "description": what, "schema": {"type": "string"}}
        for name, what in HEADERS.items()
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": Message.model_json_schema()}},
    },
}


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a request: what clients do, too."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def webhook_router(reception: Reception, secret: str, clock: Callable[[], float] = time.time) -> APIRouter:
    """The routes of this channel. `clock` gives seconds since 1970."""
    router = APIRouter(prefix=PATH)

    def check(timestamp: str, signature: str, body: bytes) -> None:
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
            raise ForgedError("the timestamp is missing or no number")
        if not hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode()):
            raise ForgedError("the signature is wrong")
        if abs(clock() - int(timestamp)) > CLOCKS_DIFFER_BY_S:
            raise ForgedError("the timestamp is more than five minutes off")

    @router.post("", response_model=Said, responses=PROBLEMS, summary="Say something", openapi_extra=REQUEST)
    async def say(request: Request) -> Response:
        signature = request.headers.get("x-signature", "").lower()
        try:
            body = await read_body(request, MOST_BYTES)
            check(request.headers.get("x-timestamp", ""), signature, body)
            message = read(body)
        except TooLargeError:
            return problem(413, "too long", f"a message has at most {MOST_BYTES} bytes")
        except ForgedError as refused:
            return problem(401, "not signed", str(refused))
        except BrokenError as refused:
            return problem(400, "no message", str(refused))
        try:
            first = await run_in_threadpool(reception.keeper.claim, "webhook", signature)
        except SQLAlchemyError as gone:
            log.error("webhook_without_database", problem=type(gone).__name__)
            return problem(503, "not now", "the line can not take messages now; send it again in a minute")
        if not first:
            return problem(
                409, "sent before", "this signed request was taken already; sign anew to send again"
            )
        answer = await run_in_threadpool(reception.receive, message)
        return Response(orjson.dumps(said(message.session, answer)), media_type="application/json")

    @router.get("/openapi.json", include_in_schema=False)
    def description() -> JSONResponse:
        app = FastAPI(title="Nuanxian webhook channel", version="1", description=__doc__ or "")
        app.include_router(router)
        return JSONResponse(app.openapi())

    return router


def read(body: bytes) -> Incoming:
    """A message of the person. Raises BrokenError."""
    try:
        message = Message.model_validate_json(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        raise BrokenError(f"{'.'.join(map(str, wrong['loc'])) or 'body'}: {wrong['msg']}") from None
    return Incoming(
        session=f"webhook:{message.session}", sender=message.sender, message_id=message.message_id,
        at=local_now(), content=Text(message.text), channel=Channel.BUTTONS,
    )  # fmt: skip


def said(session: str, answer: Answer) -> dict[str, Any]:
    reply = answer.reply
    return Said(
        session=session.removeprefix("webhook:"), reply=reply.text, asks=reply.asks.value if reply.asks else None,
        choices=[Button(label=choice.label, text=choice.text) for choice in reply.choices],
        ended=reply.ended, emergency=reply.emergency, handoff=reply.handoff,
        orders=[order_json(order) for order in answer.orders],
    ).model_dump()  # fmt: skip


def problem(status: int, title: str, detail: str) -> Response:
    body = Problem(title=title, status=status, detail=detail).model_dump()
    return JSONResponse(body, status_code=status, media_type=PROBLEM)
