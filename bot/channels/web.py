"""The page for elders at `/`: the same conversation as on the telephone, with large buttons. Works without scripts."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import jinja2
import yaml
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.local_time import local_now
from backend.domain.order import Order
from backend.services.ports import Line
from backend.web.assets import Assets
from backend.web.forms import ForeignFormError, FormTooLargeError, read_form, refuse_foreign
from bot.dialogue.phrasing import when
from bot.dialogue.turn import Channel, Choice, Reply, Turn
from config.catalogue import Catalogue, Item
from config.wording import load_wording

HERE = Path(__file__).parent
log = logging.getLogger(__name__)

VISITOR_COOKIE = "nx_visitor"  # who: kept a year, so that an order can be asked about tomorrow
TALK_COOKIE = "nx_talk"  # which conversation
SIZE_COOKIE = "nx_size"  # size of the letters, 1..3
_YEAR_S, _TALK_S = 365 * 24 * 3600, 12 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
SIZES = range(1, 4)
FIRST_SIZE = 1
MOST_LINES = 40  # of the conversation shown when the page is opened again
MOST_FORM_BYTES = 1024 * 1024  # a hundred thousand characters still get a kind answer


class Answer(Protocol):
    """What the conversation gives back for one turn."""

    @property
    def reply(self) -> Reply: ...
    @property
    def orders(self) -> tuple[Order, ...]: ...


class Conversations(Protocol):
    """What this page needs of the conversation."""

    def handle(self, turn: Turn) -> Answer: ...
    def transcript(self, session: str) -> Sequence[Line]:
        """What was said in this session, oldest first; empty for a session we do not know."""
        ...

    def orders_of(self, session: str) -> tuple[Order, ...]:
        """The orders placed in this session, in their current state."""
        ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at the page, told by random cookies only."""

    sender: str
    talk: str
    size: int

    @property
    def session(self) -> str:
        return f"web-{self.talk}"


@dataclass(frozen=True, slots=True)
class Button:
    """One large button: what it shows, and what is said for the person who presses it."""

    code: str
    label: str
    says: str


@cache
def load_page_words() -> Mapping[str, Any]:
    """`config/wording/elder_page.yaml`."""
    words: Mapping[str, Any] = yaml.safe_load(
        files("config.wording").joinpath("elder_page.yaml").read_text("utf-8")
    )
    return words


def menu(catalogue: Catalogue, words: Mapping[str, Any]) -> list[tuple[str, list[Button]]]:
    """The items as buttons, by category, in the order of the catalogue."""

    def button(item: Item) -> Button:
        says = words["press"].get(item.code) or words["press"]["default"].format(button=item.button)
        return Button(code=item.code, label=item.button, says=says)

    groups: dict[str, list[Button]] = {}
    for item in catalogue.values():
        groups.setdefault(item.category, []).append(button(item))
    return [
        (words["categories"].get(code, catalogue.categories[code]), rows) for code, rows in groups.items()
    ]


def read_visitor(request: Request) -> Visitor:
    """The visitor of the cookies; new random ones where a cookie is missing or was tampered with."""

    def token(name: str) -> str:
        value = request.cookies.get(name, "")
        return value if _TOKEN.fullmatch(value) else secrets.token_urlsafe(18)

    size = request.cookies.get(SIZE_COOKIE, "")
    return Visitor(
        sender=f"web:{token(VISITOR_COOKIE)}",
        talk=token(TALK_COOKIE),
        size=int(size) if size in {str(step) for step in SIZES} else FIRST_SIZE,
    )


def message_id(form: Mapping[str, str], text: str) -> str:
    """The same button pressed twice on one page is one message; other words from the same page are another."""
    page = form.get("page", "")
    page = page if _TOKEN.fullmatch(page) else secrets.token_urlsafe(18)
    return f"{page}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


class ElderPage:
    """Renders the page and the fragments that the page's script puts in."""

    def __init__(self, catalogue: Catalogue, assets: Assets) -> None:
        self._words = load_page_words()
        self._catalogue = catalogue
        self._menu = menu(catalogue, self._words)
        self._env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._env.globals.update(asset=assets.url, words=self._words)

    def whole(
        self,
        visitor: Visitor,
        now: datetime,
        lines: Sequence[Line],
        orders: Sequence[Order],
        reply: Reply | None = None,
    ) -> str:
        """The whole page, with what was said before."""
        return self._env.get_template("elder.html").render(
            menu=self._menu, size=visitor.size, sizes=SIZES, lines=lines[-MOST_LINES:],
            reply=reply, problem=None, **self._common(orders, now),
        )  # fmt: skip

    def turn(self, now: datetime, reply: Reply, orders: Sequence[Order]) -> str:
        """What one turn changes on the page: new bubbles, quick answers, the orders."""
        return self._env.get_template("elder_turn.html").render(
            reply=reply, problem=None, **self._common(orders, now)
        )

    def trouble(self, problem: str, now: datetime, orders: Sequence[Order] = ()) -> str:
        """The same fragment with a kind word about what went wrong."""
        text = self._words["problems"][problem]
        return self._env.get_template("elder_turn.html").render(
            reply=None, problem=text, **self._common(orders, now)
        )

    def _common(self, orders: Sequence[Order], now: datetime) -> dict[str, Any]:
        return {
            "page": secrets.token_urlsafe(18),
            "cards": [self._card(order, now) for order in reversed(orders)],
            "placed": [order.number for order in orders if order.placed_at == now],
        }

    def _card(self, order: Order, now: datetime) -> dict[str, Any]:
        item = self._catalogue.get(order.item)
        return {
            "number": order.number,
            "item": order.item,
            "name": item.name if item else order.item,
            "who": order.beneficiary_name or ("" if order.beneficiary == "self" else order.beneficiary),
            "when": when(order.wanted, now, load_wording().words),
            "place": order.place,
            "phone": order.phone,
            "details": order.details,
            "state": order.stage.value,
            "state_words": self._words["states"][order.stage.value],
        }


def elder_router(
    conversations: Conversations, catalogue: Catalogue, clock: Callable[[], datetime] = local_now
) -> APIRouter:
    """The routes of the elder's page: `/`, `/say`, `/text-size` and its static files under `/elder/`."""
    router = APIRouter(include_in_schema=False)
    assets = Assets(HERE / "static", "/elder")
    page = ElderPage(catalogue, assets)

    @router.get("/elder/{name:path}")
    def static(name: str) -> Response:
        return assets.response(name)

    @router.get("/")
    async def show(request: Request) -> Response:
        visitor = read_visitor(request)
        lines, orders = await run_in_threadpool(_before, conversations, visitor.session)
        return _with_cookies(HTMLResponse(page.whole(visitor, clock(), lines, orders)), request, visitor)

    @router.post("/say")
    async def say(request: Request) -> Response:
        visitor, wants_part = read_visitor(request), request.headers.get("x-part") == "turn"
        now = clock()
        try:
            refuse_foreign(request)
            form = await read_form(request, MOST_FORM_BYTES)
        except (ForeignFormError, FormTooLargeError) as refused:
            problem = "too_long" if isinstance(refused, FormTooLargeError) else "wrong_page"
            return HTMLResponse(page.trouble(problem, now), status_code=413 if problem == "too_long" else 403)
        text = form.get("text", "").strip()
        turn = Turn(
            session=visitor.session, sender=visitor.sender, now=now, text=text or None,
            channel=Channel.BUTTONS, message_id=message_id(form, text),
        )  # fmt: skip
        try:
            answer = await run_in_threadpool(conversations.handle, turn)
        except Exception:
            # The words and the sender are personal: only the session, which is random, goes to the log.
            log.exception("a turn of the web page failed, session %s", visitor.session)
            return HTMLResponse(page.trouble("broken", now), status_code=503)
        if wants_part:
            return _with_cookies(HTMLResponse(page.turn(now, answer.reply, answer.orders)), request, visitor)
        lines, _ = await run_in_threadpool(_before, conversations, visitor.session)
        # Not a redirect: the quick answers belong to this reply and are kept nowhere else.
        whole = page.whole(visitor, now, _without_last(lines, answer.reply), answer.orders, answer.reply)
        return _with_cookies(HTMLResponse(whole), request, visitor)

    @router.post("/text-size")
    async def text_size(request: Request) -> Response:
        refuse_foreign(request)
        form = await read_form(request)
        response = RedirectResponse("/", status_code=303)
        if form.get("size") in {str(step) for step in SIZES}:
            response.set_cookie(SIZE_COOKIE, form["size"], max_age=_YEAR_S, samesite="lax", path="/")
        return response

    return router


def _before(conversations: Conversations, session: str) -> tuple[Sequence[Line], Sequence[Order]]:
    return conversations.transcript(session), conversations.orders_of(session)


def _without_last(lines: Sequence[Line], reply: Reply) -> Sequence[Line]:
    """The lines before this reply: the page shows the newest reply by itself, with its answers."""
    return lines[:-1] if lines and lines[-1].who == "line" and lines[-1].text == reply.text else lines


def _with_cookies(response: Response, request: Request, visitor: Visitor) -> Response:
    secure = request.url.scheme == "https"
    for name, value, seconds in (
        (VISITOR_COOKIE, visitor.sender.removeprefix("web:"), _YEAR_S),
        (TALK_COOKIE, visitor.talk, _TALK_S),
    ):
        response.set_cookie(
            name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/"
        )
    return response


__all__ = ["Answer", "Choice", "Conversations", "ElderPage", "elder_router", "load_page_words", "menu"]
