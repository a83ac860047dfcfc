"""The forms of an order's moves: what somebody filled in becomes the command of the move, and what was given is told again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from backend.domain.order import HistoryRow, Move, Order
from backend.domain.payload import PayloadError
from backend.domain.staff import Role
from backend.services.commands import MoveOrder, OfferOrder
from backend.services.move_order import UnknownWorkerError, move_order
from backend.services.offer_order import NobodyLeftError, UnfitWorkerError, offer_order
from backend.services.ports import UnitOfWork
from backend.services.take_offer import assignee_of
from backend.store.pictures import of_work, picture_type
from backend.web.candidates import against, in_favour
from backend.web.desk import Desk
from backend.web.guard import Form
from backend.web.present import wanted_time
from backend.web.words import Words

MOST_REASON = 500  # characters
MOST_NAME = 40
MOST_EVIDENCE = 50  # pictures of one order
MOST_PICTURE_BYTES = 10 * 1024 * 1024
NEEDS_REASON = frozenset({Move.REFUSE, Move.RETURN, Move.REOPEN, Move.CANCEL, Move.ESCALATE})
_BETWEEN = re.compile(r"[\n、,，;；]+")
_READING = re.compile(r"\s*([^\s:：=0-9]+?)(?:\s*[:：=]\s*|\s+|(?=[0-9]))(\S.*?)\s*$")


class RefusedError(Exception):
    """The form can not be carried out as it is; the text is for the person who sent it."""


def carry_out(move: Move, order: Order, form: Form, desk: Desk, uow: UnitOfWork) -> Order:
    """Make the move that the form describes. Raises RefusedError in words, and what the services raise."""
    reason = form.text("reason")
    if len(reason) > MOST_REASON:
        raise RefusedError(desk.words("problems.too_long", most=MOST_REASON))
    if move in NEEDS_REASON and not reason:
        raise RefusedError(desk.words("problems.needs_reason"))
    at, actor, version = form.visit.now, form.visit.user.login, form.number("version")
    order.check(move, at)  # before anything is kept for it
    if move is Move.OFFER:
        return _offer(_chosen(order, form, desk.words, reason), desk.words, uow)
    payload = _READERS.get(move, _nothing)(order, form, desk)
    if move is Move.ACCEPT:
        _check_named(order, payload["assignee"], form, desk.words, uow)
    try:
        return move_order(
            MoveOrder(
                order.number,
                move,
                at,
                actor,
                reason,
                expected_version=version,
                payload=payload,
                origin=form.origin,
            ),
            uow,
        )
    except PayloadError as problem:
        raise RefusedError(_in_words(problem, desk.words)) from None


def _chosen(order: Order, form: Form, words: Words, reason: str) -> OfferOrder:
    """Whom the form asks. With `override` also somebody who is ruled out, and then it must be said why."""
    worker, override = form.text("worker")[:MOST_NAME] or None, bool(form.text("override"))
    if override and worker is None:
        raise RefusedError(words("problems.needs_worker"))
    if override and not reason:
        raise RefusedError(words("problems.needs_override_reason"))
    return OfferOrder(
        order.number, form.visit.now, form.visit.user.login, worker, override=override, reason=reason,
        expected_version=form.number("version"), origin=form.origin,
    )  # fmt: skip


def _offer(command: OfferOrder, words: Words, uow: UnitOfWork) -> Order:
    try:
        return offer_order(command, uow)
    except NobodyLeftError:
        raise RefusedError(words("problems.nobody_left")) from None
    except UnknownWorkerError:
        raise RefusedError(words("problems.unknown_worker")) from None
    except UnfitWorkerError as unfit:
        raise RefusedError(
            words("problems.unfit_worker", why="，".join(against(unfit.reasons, words)))
        ) from None


def _check_named(order: Order, named: str, form: Form, words: Words, uow: UnitOfWork) -> None:
    """Somebody who is ruled out is not put down as taking it on; the form «一定要派» asks them, with a reason."""
    try:
        assignee_of(form.visit.actor, order, named, form.visit.now, uow)
    except UnfitWorkerError as unfit:
        why = "，".join(against(unfit.reasons, words))
        raise RefusedError(words("problems.unfit_to_accept", why=why)) from None


def _in_words(problem: PayloadError, words: Words) -> str:
    """What is missing or wrong, for the person at the desk. Every field that a form has stands in the words."""
    told = [words.get(f"problems.fields.{field}", "") for field in problem.problems]
    return " ".join(dict.fromkeys(text for text in told if text)) or words("problems.makes_no_sense")


def _nothing(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    return {}


def _accept(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    """Workers take on for themselves, a provider for its own people; the desk may write any name."""
    user, said = form.visit.user, form.text("assignee")[:MOST_NAME]
    if user.role is Role.WORKER:
        return {"assignee": user.worker}
    if user.role is Role.PROVIDER:
        chosen = said or order.offered_to
        if chosen not in form.visit.actor.crew - {user.provider}:
            raise RefusedError(desk.words("problems.needs_own_worker"))
        return {"assignee": chosen}
    return {"assignee": said or user.login}


def _route(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    department = form.text("department")
    if department not in desk.pages.departments:
        raise RefusedError(desk.words("problems.needs_department"))
    if department == order.department:
        name = desk.pages.department(department)
        raise RefusedError(desk.words("problems.same_department", department=name))
    return {"department": department}


def _pause(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    papers = [paper.strip() for paper in _BETWEEN.split(form.text("waiting_for")) if paper.strip()]
    return {"waiting_for": papers} if papers else {}


def _reschedule(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    if form.text("asap"):
        return {"asap": True}
    day, begins, ends = (form.text(name) for name in ("day", "begins", "ends"))
    if not day:
        raise RefusedError(desk.words("problems.needs_day"))
    if ends and not begins:
        raise RefusedError(desk.words("problems.needs_beginning"))
    iso = day
    if begins:
        iso = f"{day}T{begins}" + (f"/{day}T{ends}" if ends else "")
    # What comes again and again goes on doing so, from the new day on.
    return {"iso": iso} | ({"recurrence": order.wanted.recurrence} if order.wanted.recurrence else {})


def _set_out(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    minutes = form.number("minutes")
    return {} if minutes is None else {"minutes": minutes}


def _start(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    return {"place": form.text("place")} if form.text("place") else {}


def _finish(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    """The evidence: what is written, what the elder said, pictures of now, and those that the worker sent before."""
    given: dict[str, Any] = {}
    if form.text("spoken_yes"):
        given["spoken_yes"] = True
    if signature := form.text("signature")[:MOST_NAME]:
        given["signature"] = signature
    if readings := _readings(form.text("readings"), desk):
        given["readings"] = readings
    if photos := _keep(order, form, desk):
        given["photos"] = photos
    return given


def _readings(text: str, desk: Desk) -> dict[str, str]:
    """«血压 130/85» a line. Raises RefusedError for a line without a name or a value."""
    readings = {}
    for line in filter(str.strip, re.split(r"[\n;；]+", text)):
        found = _READING.match(line)
        if found is None:
            raise RefusedError(desk.words("problems.fields.readings"))
        readings[found[1]] = found[2]
    return readings


def _keep(order: Order, form: Form, desk: Desk) -> list[str]:
    """Keep the pictures of the form with the work; the names of all that are there."""
    if any(len(data) > MOST_PICTURE_BYTES for data in form.pictures):
        raise RefusedError(desk.words("problems.picture_too_large"))
    if any(picture_type(data) is None for data in form.pictures):
        raise RefusedError(desk.words("problems.no_picture"))
    if desk.pictures is None:
        return []
    place = of_work(order.number)
    for data in form.pictures:
        desk.pictures.keep(place, None, data)
    return list(desk.pictures.names(place))[-MOST_EVIDENCE:]


def _confirm(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    return _rated(form) | ({"spoken_yes": True} if form.text("spoken_yes") else {})


def _follow_up(order: Order, form: Form, desk: Desk) -> dict[str, Any]:
    return _rated(form)


def _rated(form: Form) -> dict[str, Any]:
    stars = form.number("satisfaction")
    return {} if stars is None else {"satisfaction": stars}


def _why_this_one(given: Mapping[str, Any], words: Words, names: Mapping[str, str]) -> list[str]:
    """What was stored with the offer when it was made: what spoke for the worker, what against, and whether a person chose."""
    why, code = given.get("why") or {}, str(given.get("worker", ""))
    name, chosen = names.get(code, code), why.get("chosen") or {}
    if "plan" in why:
        return [words("given.by_plan", name=name, day=str(why.get("begins", ""))[:10])]
    for_them = "，".join(in_favour(chosen.get("minutes"), chosen.get("worth") or {}, words))
    told = [words("given.offered" if for_them else "given.offered_to", name=name, why=for_them)]
    if against_them := chosen.get("ruled_out"):
        told = [
            words("given.offered_to", name=name),
            words("given.unfit", why="，".join(against(against_them, words))),
        ]
    return told + ([words("given.overridden")] if given.get("overridden") else [])


_READERS: Mapping[Move, Callable[[Order, Form, Desk], dict[str, Any]]] = {
    Move.ACCEPT: _accept, Move.ROUTE: _route, Move.PAUSE: _pause, Move.RESCHEDULE: _reschedule, Move.SET_OUT: _set_out,
    Move.START: _start, Move.FINISH: _finish, Move.CONFIRM: _confirm, Move.FOLLOW_UP: _follow_up,
}  # fmt: skip


def given_with(row: HistoryRow, now: datetime, words: Words, names: Mapping[str, str]) -> list[str]:
    """What a move came with, a short line each: why this worker, evidence, papers, the new time, stars.

    `names`: of workers and providers, by code.
    """
    given, told = row.payload, []
    if row.move == Move.OFFER:
        told += _why_this_one(given, words, names)
    if papers := given.get("waiting_for"):
        told.append(words("given.waiting_for", papers="、".join(papers)))
    if row.move == Move.RESCHEDULE:
        when = wanted_time(given.get("iso"), bool(given.get("asap")), given.get("recurrence"), now, words)
        told.append(words("given.wanted", when=when))
    if photos := given.get("photos"):
        told.append(words("given.photos", n=len(photos)))
    if signature := given.get("signature"):
        told.append(words("given.signature", name=signature))
    if given.get("spoken_yes"):
        told.append(words("given.spoken_yes"))
    told += [f"{name} {value}" for name, value in (given.get("readings") or {}).items()]
    if stars := given.get("satisfaction"):
        told.append(words("given.satisfaction", stars=stars))
    return told
