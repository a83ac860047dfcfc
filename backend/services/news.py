"""Turns stored events into letters: who is told what of an order, an emergency, a month. Words are put to it later.

An order that was reported up the chain becomes a task of that level, and a letter to its staff.

Each event is read once, in its order; the letters and the place in the outbox are stored together, and a letter's key keeps
it from being posted twice. So news survives every restart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from backend.domain.news import (
    Recipient,
    due_at,
    is_written_to,
    made_by_caller,
    month_before,
    photo_count,
    rating,
    recipients,
    summary,
)  # fmt: skip
from backend.domain.order import FINAL, Move, Order, OrderNotFoundError
from backend.domain.phone import normal_phone
from backend.domain.queue import Task, TaskKind
from backend.services.alerts import to_be_told
from backend.services.commands import OpenTask
from backend.services.events import (
    ALERT_ACKNOWLEDGED,
    NAMES,
    ORDER_CANCELLED,
    ORDER_PLACED,
    ORDER_RESCHEDULED,
    TASK_COMPLETED,
    TASK_OPENED,
)  # fmt: skip
from backend.services.levels import region_of_level
from backend.services.open_task import open_task
from backend.services.ports import Posted, UnitOfWork
from config.news import load_news

READER, SUMMARIES = "news", "news summaries"
BATCH = 100
PICTURE = "picture"  # the kind of a letter
NEWS_BOX, ALERT_BOX, WORK_BOX = "news", "alerts", "work"
OFFERED, ESCALATED = NAMES[Move.OFFER], NAMES[Move.ESCALATE]
UNANSWERED = "family_silent"
MOST_ORDERS = 1000  # of one elder in a month's summary
_CAUSES = {ORDER_PLACED: "place", ORDER_CANCELLED: Move.CANCEL, ORDER_RESCHEDULED: Move.RESCHEDULE}


def read_events(uow: UnitOfWork, now: datetime) -> int:
    """Post the letters of the next events; how many events were read. The caller commits."""
    position = uow.mail.position(READER)
    if position is None:  # the first time: what happened before is no news any more
        uow.mail.advance(READER, None, uow.outbox.last_id())
        return 0
    posted = uow.outbox.after(position, limit=BATCH)
    # Another process that reads the same events waits for this one here, and then finds its place taken.
    if not posted or not uow.mail.advance(READER, position, posted[-1].id):
        return 0
    followed = _followed({event.event.key for event in posted if event.event.name in load_news().events}, uow)
    for event in posted:
        _tell(event, followed, uow, now)
    return len(posted)


def _followed(numbers: Collection[str], uow: UnitOfWork) -> Collection[str]:
    """The orders that somebody may have to be told of: most callers are not written to, and most elders have nobody bound."""
    whose = uow.orders.whose(numbers)
    elders = uow.families.bound_among({elder_id for elder_id, _ in whose.values() if elder_id is not None})
    return {
        number for number, (elder_id, caller) in whose.items() if elder_id in elders or is_written_to(caller)
    }


def _tell(posted: Posted, followed: Collection[str], uow: UnitOfWork, now: datetime) -> None:
    name, key = posted.event.name, posted.event.key
    if key in followed and (kind := load_news().events.get(name)):
        _tell_of_order(kind, posted, uow, now)
    if name == OFFERED:
        _offer(posted, uow, now)
    if name == ESCALATED:
        _report(posted, uow, now)
    if name == TASK_OPENED and posted.event.data.get("kind") == TaskKind.LATE.value:
        uow.mail.post(WORK_BOX, f"task {key}", {"kind": "late", "task": int(key)}, key=f"task:{key}", at=now)
    if name in (TASK_OPENED, TASK_COMPLETED) and posted.event.data.get("kind") == TaskKind.EMERGENCY.value:
        task = uow.tasks.get(int(key))
        if task.acknowledged_at is None:
            _alert_family(task, uow, now)
            _alert_staff(task, posted, uow, now)
    if name == ALERT_ACKNOWLEDGED:
        _tell_others(int(key), posted, uow, now)


def _tell_of_order(kind: str, posted: Posted, uow: UnitOfWork, now: datetime) -> None:
    try:
        order = uow.orders.get(posted.event.key)
    except OrderNotFoundError:
        return
    rules = load_news()
    cause = _CAUSES.get(posted.event.name)
    bindings = uow.families.of_elder(order.elder_id) if order.elder_id is not None else ()
    for one in recipients(order, bindings):
        if not one.bound and uow.families.is_shut_out(one.person, order.elder_id):
            continue  # ordered while they were bound, and are a stranger now
        own = one.person == order.caller and kind in rules.known_to_caller
        if own and cause is not None and made_by_caller(order, cause):
            continue
        if kind == "rated" and rating(order) is None:
            continue
        uow.mail.post(
            NEWS_BOX,
            one.person,
            {"kind": kind, "to": one.person} | _facts(order, one, uow),
            key=f"{posted.id}:{one.person}",
            at=now,
            due=due_at(now, rules.quiet_from, rules.quiet_until),
        )


def _facts(order: Order, one: Recipient, uow: UnitOfWork) -> dict[str, Any]:
    """What is told of an order as it stands now. Whoever is not bound hears of the elder by their own words only."""
    name = order.beneficiary_name if one.bound and order.beneficiary_name else None
    phone = order.phone if one.person == order.caller else None
    return {
        "order": order.number,
        "item": order.item,
        "who": name or order.beneficiary,
        "wanted": asdict(order.wanted),
        "worker": worker_facts(order.assignee, uow),
        "rating": rating(order),
        "photos": photo_count(order),
        "may_see_pictures": _may_see_pictures(order, one),
        "phone": phone,  # another way to reach this very person
    }


def _may_see_pictures(order: Order, one: Recipient) -> bool:
    """They show somebody's home."""
    return one.bound or order.beneficiary == "self"


def tell_picture(order: Order, name: str, uow: UnitOfWork, now: datetime) -> None:
    """A picture that came after the news that the work is done."""
    rules = load_news()
    bindings = uow.families.of_elder(order.elder_id) if order.elder_id is not None else ()
    for one in recipients(order, bindings):
        if _may_see_pictures(order, one):
            due = due_at(now, rules.quiet_from, rules.quiet_until)
            post_picture(order.number, name, one.person, uow, now, due)


def post_picture(
    number: str, name: str, person: str, uow: UnitOfWork, now: datetime, due: datetime | None = None
) -> None:
    """One picture to one person, once."""
    body = {"kind": PICTURE, "to": person, "order": number, "name": name}
    uow.mail.post(NEWS_BOX, person, body, key=f"picture:{number}:{name}:{person}", at=now, due=due)


def worker_facts(assignee: str | None, uow: UnitOfWork) -> dict[str, str | None] | None:
    """Name and number of whoever does it; None for a login or a name that is no worker's code."""
    if assignee is None:
        return None
    found = uow.providers.worker(assignee)
    return {"name": found.name, "phone": found.phone} if found else None


def _offer(posted: Posted, uow: UnitOfWork, now: datetime) -> None:
    """A worker is asked: on enterprise WeChat, at once, whatever the hour: offers run out in minutes."""
    try:
        order = uow.orders.get(posted.event.key)
    except OrderNotFoundError:
        return
    if order.offered_to is None or uow.providers.worker(order.offered_to) is None:
        return  # a provider looks at its list
    body = {"kind": "offer", "order": order.number, "version": order.version, "worker": order.offered_to}
    uow.mail.post(WORK_BOX, order.offered_to, body, key=f"{posted.id}", at=now)


def _report(posted: Posted, uow: UnitOfWork, now: datetime) -> None:
    """An order went up a level: that becomes a task of the duty staff of the level's region, one for each report."""
    try:
        order = uow.orders.get(posted.event.key)
    except OrderNotFoundError:
        return
    version = int(posted.event.data.get("version", order.version))
    missed = order.version - version
    if order.state in FINAL or not 0 <= missed < len(order.history):
        return
    row = order.history[-1 - missed]
    step, elder = row.payload.get("step"), uow.people.find(order.elder_id)
    region = order.region or (elder.region if elder else None)
    why = f"{TaskKind.LATE}_{step}" if step else f"{TaskKind.LATE}_by_hand: {row.reason}"
    command = OpenTask(
        key=f"{TaskKind.LATE}:{order.number}:{version}", kind=TaskKind.LATE, session=order.session, sender=order.caller,
        at=now, text="", why=why, who=order.beneficiary_name, place=order.place, phone=order.phone, elder_id=order.elder_id,
        order_number=order.number, region=region_of_level(region, row.payload.get("level") or order.escalation),
    )  # fmt: skip
    open_task(command, uow)


def _alert_family(task: Task, uow: UnitOfWork, now: datetime) -> None:
    """Everybody who is called in an emergency, at once; then somebody looks whether they answered."""
    elder = uow.people.find(task.elder_id)
    if task.id is None or elder is None:
        return
    told = 0
    for person in to_be_told(elder, uow):
        if person in (task.sender, task.phone) or not uow.alerts.tell(task.id, person, now):
            continue
        told += 1
        body = {"kind": "alert", "to": person, "urgent": True, "who": elder.name, "why": task.why,
            "place": task.place, "task": task.id}  # fmt: skip
        uow.mail.post(NEWS_BOX, f"{person}!", body, key=f"alert:{task.id}:{person}", at=now)
    if told:
        due = now + load_news().alert_answer_within
        uow.mail.post(ALERT_BOX, str(task.id), {"task": task.id}, key=str(task.id), at=now, due=due)


def _alert_staff(task: Task, posted: Posted, uow: UnitOfWork, now: datetime) -> None:
    if posted.event.name == TASK_OPENED:
        uow.mail.post(
            WORK_BOX, f"task {task.id}", {"kind": "alert", "task": task.id}, key=f"task:{task.id}", at=now
        )


def _tell_others(alert_id: int, posted: Posted, uow: UnitOfWork, now: datetime) -> None:
    """One of the family is on the way: the others need not all start."""
    alert = uow.alerts.get(alert_id)
    task = uow.tasks.get(alert.task_id)
    bindings = uow.families.of_elder(task.elder_id) if task.elder_id is not None else ()
    relation = next((one.relation for one in bindings if one.sender == alert.person), None)
    for other in uow.alerts.of_task(alert.task_id):
        if other.person != alert.person:
            body = {
                "kind": "alert_answered",
                "to": other.person,
                "urgent": True,
                "who": task.who,
                "relation": relation,
                "by": alert.person,
            }
            uow.mail.post(NEWS_BOX, f"{other.person}!", body, key=f"{posted.id}:{other.person}", at=now)


def check_alert(
    body: Mapping[str, Any], uow: UnitOfWork, now: datetime, phone_of: Callable[[str], str | None]
) -> bool:
    """Three minutes later. True: nobody of the family answered and no staff took it; the duty staff are told so.

    Relatives with a number are called; `phone_of`: the number that a channel's person has shown.
    """
    task = uow.tasks.get(body["task"])
    alerts = uow.alerts.of_task(body["task"])
    if task.acknowledged_at is not None or any(alert.acknowledged_at for alert in alerts):
        return False
    command = OpenTask(
        key=f"{UNANSWERED}:{task.id}", kind=TaskKind.EMERGENCY, session=task.session, sender=task.sender, at=now,
        text=task.text, why=UNANSWERED, who=task.who, place=task.place, phone=task.phone, region=task.region, told=task.told,
    )  # fmt: skip
    # Without the elder: the family was told already.
    open_task(command, uow)
    for alert in alerts:
        if phone := normal_phone(alert.person) or phone_of(alert.person):
            uow.alerts.tell(
                body["task"], phone, now
            )  # so that a key pressed in the call answers the emergency
            text = load_news().texts["alert"]
            said = text.format(who=task.who or "", why=danger_words(task.why))
            uow.calls.want(phone, said, key=f"{UNANSWERED}:{alert.id}", reason="alert", urgent=True, at=now)
    return True


def danger_words(why: str) -> str:
    """«fall: 起不来» in the words for a relative."""
    dangers = load_news().dangers
    return dangers.get(why.partition(":")[0].strip(), dangers["other"])


def post_summaries(uow: UnitOfWork, now: datetime) -> int:
    """Once a month: a letter to every bound relative who may see. How many were posted; the caller commits."""
    rules = load_news()
    month = now.year * 100 + now.month
    position = uow.mail.position(SUMMARIES)
    due = now.day > rules.summary_day or (now.day == rules.summary_day and now.time() >= rules.summary_at)
    if not due or position == month or not uow.mail.advance(SUMMARIES, position, month):
        return 0
    if position is None:  # a new installation has no month behind it
        return 0
    first, end = month_before(now.date())
    count = 0
    for binding in uow.families.everybody():
        if not binding.rights.see:
            continue
        orders = uow.orders.of_people("", [binding.elder_id], limit=MOST_ORDERS)
        numbers = summary(orders, first, end)
        if numbers.done + numbers.open + numbers.cancelled:
            body = {"kind": "summary", "to": binding.sender, "who": binding.elder_name} | asdict(numbers)
            due_then = due_at(now, rules.quiet_from, rules.quiet_until)
            key = f"summary:{month}:{binding.id}"
            count += uow.mail.post(NEWS_BOX, binding.sender, body, key=key, at=now, due=due_then)
    return count


def forget_letters(uow: UnitOfWork, now: datetime, keep: timedelta) -> int:
    """Letters that were carried keep other deliveries of the same from being posted; after `keep` nobody sends them."""
    return uow.mail.forget_before(now - keep)
