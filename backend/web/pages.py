"""Turning values into staff pages: templates, and the filters they use for items, departments, times and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
from starlette.responses import HTMLResponse

from backend.domain.order import Order
from backend.domain.queue import Task
from backend.services.ports import Stores
from backend.web.api.show import mask_name, mask_place
from backend.web.assets import Assets
from backend.web.guard import Visit
from backend.web.present import ago, day_named, is_phone, lasting, mask_phone, moment, wanted_time
from backend.web.words import Words

TEMPLATES = Path(__file__).parent / "templates"
NAMES_LAST = timedelta(minutes=1)
MOST_NAMES = 10_000
_PHONE = re.compile(r"\+?\d[\d -]{5,}\d")


class Names:
    """The names of staff logins, and of the workers and providers that lists show, asked for once a minute."""

    def __init__(self, store: Stores, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._names: Mapping[str, str] = {}
        self._crew: dict[str, str | None] = {}  # of those that were asked for since
        self._read_at: datetime | None = None

    def of(self, code: str) -> str | None:
        """Of a login, else of a worker or a provider; None for what is neither, such as a name that was written."""
        now = self._clock()
        if self._read_at is None or not timedelta(0) <= now - self._read_at < NAMES_LAST:
            with self._store.reading() as uow:
                self._names = {user.login: user.name for user in uow.staff.all()}
            self._crew, self._read_at = {}, now
        return self._names.get(code) or self._of_crew(code)

    def _of_crew(self, code: str) -> str | None:
        if code not in self._crew:
            with self._store.reading() as uow:
                found = uow.providers.worker(code) or uow.providers.provider(code)
            if len(self._crew) >= MOST_NAMES:
                self._crew.clear()
            self._crew[code] = found.name if found else None
        return self._crew.get(code)


class Pages:
    """Renders templates. `items` and `departments` map codes to names."""

    def __init__(
        self, words: Words, assets: Assets, names: Names, *, items: Mapping[str, str], departments: Mapping[str, str],
        groups: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.words, self.departments, self._names = words, departments, names
        self._items, self._groups = items, groups
        self._env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
            trim_blocks=True, lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip
        self._env.globals.update(asset=assets.url, words=words, departments=departments)
        self._env.filters.update(
            item=self.item, department=self.department, person=self.person, group=self.group, mask=mask_phone,
            mask_name=mask_name, mask_place=mask_place, is_phone=is_phone, told=told_parts,
            wanted=lambda order, now: wanted_time(
                order.wanted.iso, order.wanted.asap, order.wanted.recurrence, now, words
            ),
            ago=lambda at, now: ago(at, now, words),
            day=lambda day, now: day_named(day, now.date(), words), moment=lambda at, now: moment(at, now, words), lasting=lambda seconds: lasting(seconds, words),
            delay=lambda at, now: delay(at, now, words), until=lambda at, now: delay(now, at, words),
            waits=self.waits, waited=self.waited, whom=self.whom, whom_masked=self.whom_masked, why=self.why, kind_of_why=self.kind_of_why, missing=lambda code: words.get(f"missing.{code}", code),
        )  # fmt: skip

    def render(self, template: str, **values: Any) -> str:
        return self._env.get_template(template).render(**values)

    def page(self, template: str, visit: Visit, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page or a part of one for somebody who is signed in."""
        return HTMLResponse(self.part(template, visit, **values), status_code=status)

    def part(self, template: str, visit: Visit, **values: Any) -> str:
        """The same, before it becomes an answer."""
        return self.render(template, visit=visit, user=visit.user, csrf=visit.csrf, now=visit.now, **values)

    def item(self, code: str) -> str:
        return self._items.get(code, self.words("unknown_item"))

    def department(self, code: str | None) -> str:
        return self.words("no_department") if code is None else self.departments.get(code, code)

    def group(self, code: str) -> str:
        return self._groups.get(code, code)

    def person(self, actor: str) -> str:
        """The name of a login, a worker or a provider; «来电人» and «系统» for the others."""
        return self.words.get(f"actors.{actor}", "") or self._names.of(actor) or actor

    def why(self, text: str) -> str:
        """«fall: 起不来» → the words for the code, then what was heard. An unknown code stands as it came."""
        code, _, heard = text.partition(":")
        known = self.words.get(f"whys.{code.strip()}", code.strip())
        return f"{known}（{heard.strip()}）" if heard.strip() not in ("", known) else known

    def kind_of_why(self, text: str) -> str:
        """The same without what was heard."""
        return self.why(text.partition(":")[0])

    def waits(self, task: Task) -> str:
        """Who waits, masked; of a task about the line itself, which part of it."""
        number = mask_phone(task.phone or (task.sender if is_phone(task.sender) else ""))
        return self.waited(task) or number or self.words("web_visitor")

    def waited(self, task: Task) -> str:
        """The same as a list of what was done names it: nothing where no name is known."""
        own = self.words.get(f"of_the_line.{task.why}", "")
        return own or mask_name(task.who) or ""

    def whom_masked(self, order: Order) -> str:
        """As `whom`, with the family name alone."""
        return mask_name(order.beneficiary_name) or self._said(order)

    def whom(self, order: Order) -> str:
        """For whom: the name when known, else the word the caller used."""
        return order.beneficiary_name or self._said(order)

    def _said(self, order: Order) -> str:
        return self.words("beneficiary_self") if order.beneficiary == "self" else order.beneficiary


def delay(since: datetime, now: datetime, words: Words) -> str:
    """How long it is past: «12 分钟», «3 小时», «2 天»."""
    minutes = max(1, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return words("late.minutes", n=minutes)
    return (
        words("late.hours", n=minutes // 60)
        if minutes < 24 * 60
        else words("late.days", n=minutes // (24 * 60))
    )


def told_parts(text: str) -> tuple[str, str]:
    """«王芳 女儿 13800001234» → («王芳 女儿», «13800001234»); no number: an empty one."""
    found = _PHONE.search(text)
    if found is None:
        return text, ""
    number = "".join(letter for letter in found.group() if letter.isdigit() or letter == "+")
    return (text[: found.start()] + text[found.end() :]).strip(), number
