"""Calls that orders and the care for people set off: wanted by what happens, worded when they are made, acted on when answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

import structlog

from backend.domain.audit import origin
from backend.domain.order import Move, Order, OrderNotFoundError, State
from backend.domain.phone import normal_phone
from backend.domain.queue import TaskKind
from backend.services.care_ports import CareRecord
from backend.services.commands import MoveOrder, OpenTask
from backend.services.events import NAMES
from backend.services.family_ports import OutboundCall
from backend.services.move_order import move_order
from backend.services.news import worker_facts
from backend.services.open_task import open_task
from backend.services.ports import Posted, UnitOfWork
from bot.call_records import session_of
from bot.dialogue import phrasing
from bot.questionnaire import Given, Questionnaire
from config.catalogue import load_catalogue
from config.outbound import LifeRules, OutboundRules
from config.wording import load_wording

log = structlog.get_logger()

REMINDER, FOLLOW_UP, CARE_CALL = "reminder", "follow_up", "care_call"
READER, CARE_DAY = "order calls", "care calls"  # how far events were read; the day that was planned last
BATCH = 100
ACTOR = "line"
MORNING = time(8)  # when a visit begins of which only the day is known
CONTENT = 3  # stars; below, somebody calls about it
OBSOLETE = "obsolete"
ASKED_FIRST = frozenset({"came", "done"})  # without both, nobody has been asked how it was


def plan_calls(uow: UnitOfWork, now: datetime, rules: LifeRules) -> int:
    """Want the calls that the next events set off; how many events were read. The caller commits."""
    position = uow.mail.position(READER)
    if position is None:  # the first time: what happened before is over
        uow.mail.advance(READER, None, uow.outbox.last_id())
        return 0
    posted = uow.outbox.after(position, limit=BATCH)
    if not posted or not uow.mail.advance(READER, position, posted[-1].id):
        return 0
    for event in posted:
        _want(event, uow, now, rules)
    return len(posted)


def _want(posted: Posted, uow: UnitOfWork, now: datetime, rules: LifeRules) -> None:
    name = posted.event.name
    if name not in (NAMES[Move.ACCEPT], NAMES[Move.FINISH]):
        return
    try:
        order = uow.orders.get(posted.event.key)
    except OrderNotFoundError:
        return
    number = normal_phone(order.caller) or normal_phone(order.phone or "")
    if number is None:
        return
    if name == NAMES[Move.FINISH]:
        done = order.finished_at or now
        key = f"{FOLLOW_UP}:{order.number}:{done.isoformat()}"
        uow.calls.want(
            number, "", key=key, reason=FOLLOW_UP, urgent=False, at=done + rules.follow_up_after,
            order_number=order.number,
        )  # fmt: skip
    elif normal_phone(order.caller) and (at := remind_at(order, now, rules)) is not None:
        key = f"{REMINDER}:{order.number}:{order.wanted.iso}"
        uow.calls.want(number, "", key=key, reason=REMINDER, urgent=False, at=at, order_number=order.number)


def remind_at(order: Order, now: datetime, rules: LifeRules) -> datetime | None:
    """When to remind somebody of this visit; None: no day is fixed, or it begins too soon."""
    starts = starts_at(order)
    if starts is None or starts - now < rules.remind_before:
        return None
    return max(now, datetime.combine(starts.date() - timedelta(days=1), rules.remind_day_before_at))


def starts_at(order: Order) -> datetime | None:
    """When somebody is to come; the morning of a day without an hour."""
    start = order.wanted.begins
    if start is None:
        return None
    return (
        datetime.fromisoformat(start)
        if "T" in start
        else datetime.combine(datetime.fromisoformat(start).date(), MORNING)
    )


def plan_care(uow: UnitOfWork, now: datetime, rules: LifeRules) -> int:
    """Once a day: want calls to people with whom nobody has talked for long; how many. The caller commits."""
    today, planned = now.date().toordinal(), uow.mail.position(CARE_DAY)
    if not rules.care_a_day or now.time() < rules.care_at or planned == today:
        return 0
    if not uow.mail.advance(CARE_DAY, planned, today):
        return 0
    waiting = uow.care.waiting(rules.care_groups, since=now - rules.care_every, limit=rules.care_a_day)
    count = 0
    for elder in waiting:
        number = next((phone for phone in map(normal_phone, elder.phones) if phone), None)
        if number is not None:
            key = f"{CARE_CALL}:{elder.id}:{today}"
            count += uow.calls.want(
                number, "", key=key, reason=CARE_CALL, urgent=False, at=now, elder_id=elder.id
            )
    return count


def order_of(call: OutboundCall, uow: UnitOfWork) -> Order | None:
    """The order that a call is about, if there is one still."""
    if call.order_number is None:
        return None
    try:
        return uow.orders.get(call.order_number)
    except OrderNotFoundError:
        return None


def is_obsolete(call: OutboundCall, uow: UnitOfWork, now: datetime) -> bool:
    """What it was wanted for has passed, or has become another matter."""
    if call.reason not in (REMINDER, FOLLOW_UP):
        return False
    order = order_of(call, uow)
    if order is None:
        return True
    if call.reason == FOLLOW_UP:
        return order.state not in (State.DONE, State.CONFIRMED)
    starts = starts_at(order)
    return order.state is not State.ACCEPTED or starts is None or starts <= now


def values_of(call: OutboundCall, uow: UnitOfWork, now: datetime, rules: OutboundRules) -> Mapping[str, str]:
    """What is filled into the words of this call, as things stand now."""
    order = order_of(call, uow)
    if order is None:
        return {"text": call.text}
    worker = worker_facts(order.assignee, uow)
    name = worker["name"] if worker else None
    return {
        "who": rules.worker.format(surname=name[0]) if name else rules.no_worker,
        "when": phrasing.when(order.wanted, now, load_wording().words),
        "what": load_catalogue()[order.item].say,
    }


def keep_answers(
    call: OutboundCall, asked: Questionnaire, uow: UnitOfWork, now: datetime, rules: OutboundRules
) -> None:
    """Store what was answered where it belongs, and open a task where a person has to act."""
    if not asked.given:
        return
    kind, session = rules.kinds[call.reason], session_of(asked.call_id)
    names = {question.key: question.text for question in kind.questions}
    story = "".join(f"{names[key]}{given.text}；" for key, given in asked.given.items())
    if call.reason == FOLLOW_UP and call.order_number is not None:
        _follow_up(call, asked.given, story, uow, now)
    if call.reason == CARE_CALL and call.elder_id is not None:
        answers = {key: given.to_json() for key, given in asked.given.items()}
        uow.care.add(CareRecord(call.elder_id, now, "phone", answers), session)
    if wants_attention(call.reason, asked.given):
        order, elder = order_of(call, uow), uow.people.find(call.elder_id)
        command = OpenTask(
            key=f"{call.reason}:{call.id}",
            kind=TaskKind.COMPLAINT if call.reason == FOLLOW_UP else TaskKind.HANDOFF,
            session=session,
            sender=call.phone,
            at=now,
            text=story,
            why=call.reason,
            who=elder.name if elder else order.beneficiary_name if order else None,
            place=order.place if order else None,
            phone=call.phone,
            elder_id=call.elder_id or (order.elder_id if order else None),
            order_number=call.order_number,
        )
        open_task(command, uow)


def wants_attention(reason: str, given: Mapping[str, Given]) -> bool:
    """Whether somebody has to look at these answers."""
    unhappy = any(one.stars is not None and one.stars < CONTENT for one in given.values())
    denied = {key for key, one in given.items() if one.yes is False}
    match reason:
        case "reminder":
            return "suits" in denied
        case "follow_up":
            return unhappy or bool(denied & ASKED_FIRST)
        case _:  # a need that they named was heard by the conversation
            return unhappy or bool(denied & {"meals", "safety", "mobility", "mood", "hygiene"})


def _follow_up(
    call: OutboundCall, given: Mapping[str, Given], story: str, uow: UnitOfWork, now: datetime
) -> None:
    """The answers become a row of the order's history. Where somebody says that nobody came, staff decide first."""
    order = order_of(call, uow)
    if order is None or Move.FOLLOW_UP not in order.allowed(now) or not given.keys() >= ASKED_FIRST:
        return
    if any(given[key].yes is False for key in ASKED_FIRST):
        return
    stars = given["satisfied"].stars if "satisfied" in given else None
    move_order(
        MoveOrder(
            order.number,
            Move.FOLLOW_UP,
            now,
            ACTOR,
            reason=story[:500],
            payload={"satisfaction": stars} if stars else {},
            origin=origin("phone", call.phone),
            key=f"call:{call.id}",
        ),
        uow,
    )
