"""Who is asking: every staff page and form goes through here.

Errors, each answered in `errors.py`:
    NotSignedInError    no valid login: to the login page
    ForbiddenError      signed in, but not for this
    ExpiredFormError    the form's token is not the one of this login
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from backend.domain.access import Actor, Matrix, Thing
from backend.domain.audit import origin
from backend.domain.order import Move, Order
from backend.domain.people import Elder
from backend.domain.queue import Task
from backend.domain.staff import StaffUser
from backend.services.access import actor_of, is_in_reach, load_actions_of_moves, load_matrix, thing_of
from backend.services.ports import Stores
from backend.web.cookie import Cookie, mark_of
from backend.web.forms import is_upload, read_form, read_upload, refuse_foreign

REMEMBERED_S = 2.0


class NotSignedInError(Exception):
    """Nobody is signed in, or the login is over."""


class ForbiddenError(Exception):
    """This login may not do this."""


class ExpiredFormError(Exception):
    """The form comes from an older login, or from nowhere."""


# Why a task is opened that is about the line itself and about nobody.
OF_THE_LINE = frozenset({"telephone", "clock"})


def is_of_the_line(task: Task) -> bool:
    return task.why in OF_THE_LINE


# What somebody sees and may do depends on this alone: on a page of orders two people of equal sight see the same.
Sight = tuple[str | None, ...]


# What an open screen was signed in with: when either changed, it may show nothing more.
Standing = tuple[str, Sight]


def sight_of(user: StaffUser) -> Sight:
    return user.role.value, user.department, user.region, user.provider, user.worker


def standing_of(user: StaffUser) -> Standing:
    return mark_of(user), sight_of(user)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is signed in."""

    user: StaffUser
    csrf: str
    now: datetime  # naive local time (Asia/Shanghai)
    actor: Actor
    matrix: Matrix

    @property
    def department(self) -> str | None:
        """The department this person's view is limited to; None: all."""
        return self.user.department

    def may(self, action: str, thing: Thing | None = None) -> bool:
        """What `config/access.yaml` says; without a thing, whether there is anything at all they may do this to."""
        return self.matrix.allows(self.actor, action, thing)

    @property
    def sight(self) -> Sight:
        return sight_of(self.user)

    @property
    def sees_tasks(self) -> bool:
        """Emergencies, hand-offs and complaints belong to no department: whoever is bound to one does not see them."""
        return self.may("task.view", Thing())

    @property
    def takes_tasks(self) -> bool:
        return self.may("task.take", Thing())

    @property
    def task_regions(self) -> frozenset[str] | None:
        """The regions whose tasks this person sees; None: all. Raises AccessDeniedError when they see none."""
        return self.matrix.reach(self.actor, "task.view").regions

    def sees_task(self, task: Task) -> bool:
        return is_in_reach(task, self.actor, self.matrix)

    def reveals(self, order: Order) -> bool:
        """Whether names, numbers, addresses and what was said are shown in full; else they are masked."""
        return self.may("people.reveal", thing_of(order))

    def reveals_task(self, task: Task) -> bool:
        """Whoever may see people in full sees every task in full that is theirs to see, wherever in the city it may be. What
        is about the line itself holds nothing of anybody."""
        return (self.may("people.reveal") or is_of_the_line(task)) and self.sees_task(task)

    def sees_person(self, elder: Elder) -> bool:
        return self.may("people.view", self._thing_of(elder))

    def reveals_person(self, elder: Elder) -> bool:
        return self.may("people.reveal", self._thing_of(elder))

    def _thing_of(self, elder: Elder) -> Thing:
        """People belong to no department: whoever sees people of one department sees all of its region."""
        return Thing(region=elder.region, department=self.department)

    @property
    def hears_calls(self) -> bool:
        """Recorded calls belong to no department either."""
        return self.may("calls.listen", Thing())

    def sees(self, order: Order) -> bool:
        return self.may("order.view", thing_of(order))

    def moves(self, order: Order) -> frozenset[Move]:
        """What this person may do with this order now."""
        actions, thing = load_actions_of_moves(), thing_of(order)
        return frozenset(
            move for move in order.allowed(self.now) if move in actions and self.may(actions[move], thing)
        )


class Guard:
    """Reads the login of a request and checks its forms. Instances are made once per app."""

    def __init__(self, store: Stores, cookie: Cookie, clock: Callable[[], datetime], *, demo: bool) -> None:
        self._store, self.cookie, self.clock, self.demo = store, cookie, clock, demo
        self._matrix = load_matrix()
        self._seen: dict[str, tuple[float, StaffUser, Actor]] = {}

    def visit(self, request: Request) -> Visit:
        """Dependency of pages. Raises NotSignedInError."""
        badge = self.cookie.read(request)
        if badge is None or badge.login is None:
            raise NotSignedInError
        with self._store.reading() as uow:
            user = uow.staff.get(badge.login)
            if user is None or not self._may_come(user) or badge.mark != mark_of(user):
                self._seen.pop(badge.login, None)
                raise NotSignedInError
            actor = actor_of(user, uow)
        self._seen[user.login] = (time.monotonic(), user, actor)
        return Visit(user, badge.csrf, self.clock(), actor, self._matrix)

    def standing(self) -> dict[str, Standing]:
        """Every login that may come, as it stands."""
        with self._store.reading() as uow:
            return {user.login: standing_of(user) for user in uow.staff.all() if self._may_come(user)}

    def _may_come(self, user: StaffUser) -> bool:
        return user.active and (self.demo or not user.demo)

    async def screen(self, request: Request) -> Visit:
        """As `visit`, for what open screens fetch again and again: that a login was closed is noticed after REMEMBERED_S."""
        badge = self.cookie.read(request)
        seen = self._seen.get(badge.login) if badge is not None and badge.login is not None else None
        fresh = seen is not None and time.monotonic() - seen[0] <= REMEMBERED_S
        if badge is None or seen is None or not fresh or badge.mark != mark_of(seen[1]):
            return await run_in_threadpool(self.visit, request)
        return Visit(seen[1], badge.csrf, self.clock(), seen[2], self._matrix)

    async def form(self, request: Request) -> Form:
        """Dependency of forms: who sends it and what stands in it, after the token was checked."""
        refuse_foreign(request)
        pictures: tuple[bytes, ...] = ()
        if is_upload(request):
            visit = await run_in_threadpool(self.visit, request)  # first: so much is read of nobody else
            fields, pictures = await read_upload(request)
        else:
            fields = await read_form(request)
            visit = await run_in_threadpool(self.visit, request)
        if not secrets.compare_digest(fields.get("csrf", "").encode(), visit.csrf.encode()):
            raise ExpiredFormError
        address = request.client.host if request.client else None
        return Form(visit=visit, fields=fields, pictures=pictures, origin=origin("web", address))


@dataclass(frozen=True, slots=True)
class Form:
    """A form of somebody who is signed in."""

    visit: Visit
    fields: dict[str, str]
    pictures: tuple[bytes, ...] = ()
    origin: str = ""  # how the audit trail names the way it came in

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int | None:
        value = self.fields.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
