"""Carries news: reads stored events into letters, and takes each letter along the ways to its person until one works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from backend.domain.local_time import local_now
from backend.domain.mail import Letter
from backend.domain.phone import normal_phone
from backend.services.news import (
    ALERT_BOX,
    NEWS_BOX,
    PICTURE,
    check_alert,
    forget_letters,
    post_picture,
    post_summaries,
    read_events,
)  # fmt: skip
from backend.services.ports import Stores
from backend.store.pictures import Pictures, of_work
from bot.channels.contract import Outgoing
from bot.news_words import words_of
from bot.outlets import Outlet, UnreachableError
from bot.postman import NeverError, NotNowError, Postman

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
MOST_TRIES = 6  # of one way, before the next one is tried: about a minute
MOST_TRIES_URGENT = 2
PLATFORMS = ("wechat:", "telegram:")  # addresses that can be shown a picture
MOST_PICTURES = 3  # of one piece of work
KEEP_LETTERS = timedelta(days=30)
TIDY_EVERY = timedelta(hours=1)


# How somebody on a platform is written to, best first; the last two are WeChat's ways after 48 hours.
WRITTEN = ("{}", "template:{}", "subscription:{}")


class Numbers(Protocol):
    """Telephone numbers that people of the channels have shown as their own."""

    def phone_of(self, sender: str) -> str | None: ...
    def writes_from(self, phone: str) -> str | None: ...


class News:
    """One desk for all channels.

    `numbers`: which people of the channels have shown which number. `pictures`: of work that was done.
    """

    def __init__(
        self, store: Stores, postman: Postman, outlets: Mapping[str, Outlet], numbers: Numbers,
        pictures: Pictures, *, relay: str | None = None, clock: Callable[[], datetime] = local_now,
    ) -> None:  # fmt: skip
        self._store, self._postman, self._outlets, self._numbers = store, postman, outlets, numbers
        self._phone_of = numbers.phone_of
        self._pictures, self._relay, self._clock = pictures, relay, clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._tidied: datetime | None = None
        postman.serve(NEWS_BOX, self._carry)
        postman.serve(ALERT_BOX, self._check_alert, at_once=1)

    def start(self) -> None:
        """The first look is over when this returns: what happens from now on is news."""
        self._try_to_look()
        self._thread = threading.Thread(target=self._run, name="news", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            self._try_to_look()

    def _try_to_look(self) -> None:
        try:
            self.look()
        except Exception as problem:
            log.warning("news_not_read", problem=type(problem).__name__)

    def look(self) -> int:
        """Post the letters of everything that happened since; how many events there were."""
        count = 0
        while read := self._in_transaction(read_events):
            count += read
        self._in_transaction(post_summaries)
        if self._tidied is None or self._clock() - self._tidied > TIDY_EVERY:
            self._tidied = self._clock()
            with self._store.unit_of_work() as uow:
                forget_letters(uow, self._clock(), KEEP_LETTERS)
                uow.commit()
        if count:
            self._postman.ring_all()
        return count

    def _in_transaction(self, service: Callable[..., int]) -> int:
        with self._store.unit_of_work() as uow:
            done = service(uow, self._clock())
            uow.commit()
        return done

    def ways(self, person: str, phone: str | None) -> Sequence[str]:
        """How to reach somebody, best first: where they write from, then a short message, then a call."""
        number = normal_phone(person) or normal_phone(phone or "") or self._phone_of(person)
        by_phone = [f"sms:{number}", f"call:{number}"] if number else []
        writes_from = self._numbers.writes_from(person) if normal_phone(person) else person
        ways = [*(form.format(writes_from) for form in WRITTEN if writes_from), *by_phone]
        return [way for way in ways if self._outlet(way) is not None]

    def _outlet(self, way: str) -> Outlet | None:
        """By the longest beginning of the address that somebody serves."""
        parts = way.split(":")[:-1]
        return next(
            (out for n in range(len(parts), 0, -1) if (out := self._outlets.get(":".join(parts[:n])))), None
        )

    def _carry(self, letter: Letter) -> None:
        body = letter.body
        if body["kind"] == PICTURE:
            self._carry_picture(letter)
            return
        if (by := body.get("by")) and self._phone_of(body["to"]) == by:
            return  # it was this very person, on the telephone
        ways, tried = self.ways(body["to"], body.get("phone")), body.get("tried", 0)
        if tried >= len(ways):
            raise NeverError("no way leads to this person")
        way = ways[tried]
        outlet = self._outlet(way)
        if outlet is None:
            raise NeverError("nobody serves this way")
        on_platform = way.startswith(PLATFORMS)
        address = way if on_platform else way.split(":", 1)[1]
        pictures = self._pictures_of(body) if on_platform else ()
        words = words_of(body, self._clock(), relay=self._relay, pictures=len(pictures))
        if body["kind"] == "alert" and way.startswith("call:"):
            self._will_be_rung(body["task"], address)
        try:
            outlet.send(address, words, key=f"{letter.id}:{tried}")
        except UnreachableError as problem:
            raise self._next_way(body, tried, str(problem)) from None
        except NotNowError as problem:
            most = MOST_TRIES_URGENT if body.get("urgent") else MOST_TRIES
            if letter.attempts + 1 >= most and tried + 1 < len(ways):
                raise self._next_way(body, tried, str(problem)) from None
            raise
        if pictures:  # each is a letter, so that one that fails is sent again alone
            with self._store.unit_of_work() as uow:
                for name in pictures:
                    post_picture(body["order"], name, way, uow, self._clock())
                uow.commit()

    def _will_be_rung(self, task: int, phone: str) -> None:
        """From now on a key pressed in a call to this number answers the emergency, whoever was told of it first."""
        with self._store.unit_of_work() as uow:
            uow.alerts.tell(task, phone, self._clock())
            uow.commit()

    def _pictures_of(self, body: Mapping[str, Any]) -> Sequence[str]:
        """Names of the newest pictures of the work that this letter tells to be done."""
        if body["kind"] != "done" or not body.get("may_see_pictures"):
            return ()
        return self._pictures.names(of_work(body["order"]))[-MOST_PICTURES:]

    def _carry_picture(self, letter: Letter) -> None:
        to = next((way for way in self.ways(letter.body["to"], None) if way.startswith(PLATFORMS)), "")
        outlet = self._outlet(to)
        data = self._pictures.read(of_work(letter.body["order"]), letter.body["name"])
        if outlet is None or data is None:
            raise NeverError("the picture, or the way to this person, is gone")
        try:
            outlet.send(to, Outgoing("", picture=data), key=str(letter.id))
        except UnreachableError as problem:
            raise NeverError(str(problem)) from None
        except NotNowError:
            if letter.attempts + 1 >= MOST_TRIES:
                raise NeverError("the picture could not be sent") from None
            raise

    @staticmethod
    def _next_way(body: Mapping[str, Any], tried: int, why: str) -> NotNowError:
        log.info("news_other_way", kind=body["kind"], tried=tried + 1, problem=why)
        return NotNowError(why, after=timedelta(0), body={**body, "tried": tried + 1})

    def _check_alert(self, letter: Letter) -> None:
        with self._store.unit_of_work() as uow:
            escalated = check_alert(letter.body, uow, self._clock(), self._phone_of)
            uow.commit()
        if escalated:
            log.warning("alert_unanswered", task=letter.body["task"])
