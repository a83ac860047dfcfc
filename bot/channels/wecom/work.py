"""Offers to workers and emergencies to the duty staff, what their buttons do, and the pictures that workers send.

A member's userid in the enterprise is the worker's code, or the login of the staff console.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from backend.domain.access import Reach
from backend.domain.local_time import local_now
from backend.domain.mail import Letter
from backend.domain.order import IllegalMoveError, Move, Order, OrderNotFoundError, State
from backend.domain.queue import AlreadyAcknowledgedError, Task
from backend.services.access import actor_of, load_matrix, thing_of_task
from backend.services.acknowledge_task import acknowledge_task
from backend.services.commands import AcknowledgeTask, MoveOrder
from backend.services.levels import ON_DUTY, on_duty_for
from backend.services.move_order import move_order
from backend.services.news import UNANSWERED, WORK_BOX, danger_words, tell_picture
from backend.services.order_filter import OrderFilter
from backend.services.ports import StaleError, Stores, TaskNotFoundError, UnitOfWork
from bot.channels.contract import MediaError
from bot.channels.keeper import Keeper
from bot.channels.wecom.api import Card, WeComApi, WeComError
from bot.channels.wecom.callback import Press, Shot
from bot.dialogue import phrasing
from bot.postman import NeverError, NotNowError, Postman
from config.catalogue import load_catalogue
from config.news import load_news
from config.wording import load_wording

log = structlog.get_logger()

OFFER, TASK = "offer", "task"
ACCEPT, REFUSE, TAKE = "accept", "refuse", "take"
UNDER_WAY = (State.ACCEPTED, State.ON_THE_WAY, State.STARTED)
JUST_DONE = (State.DONE, State.CONFIRMED)
PICTURES_MAY_COME_FOR = timedelta(hours=2)  # after the work
MOST_ORDERS = 50  # of one worker, the newest


@dataclass(frozen=True, slots=True)
class Work:
    """The desk of enterprise WeChat."""

    api: WeComApi
    store: Stores
    keeper: Keeper
    clock: Callable[[], datetime] = local_now

    def serve(self, postman: Postman) -> None:
        postman.serve(WORK_BOX, self.carry)

    def carry(self, letter: Letter) -> None:
        """Send one card, or keep one picture. Raises NotNowError or NeverError."""
        try:
            match letter.body["kind"]:
                case "offer":
                    self._send_offer(letter)
                case "shot":
                    self._keep_shot(letter)
                case "late":
                    self._send_late(letter)
                case _:
                    self._send_alert(letter)
        except WeComError as problem:
            raise (NotNowError if problem.passing else NeverError)(str(problem)) from None

    def _send_offer(self, letter: Letter) -> None:
        with self.store.reading() as uow:
            order = uow.orders.get(letter.body["order"])
        worker = letter.body["worker"]
        if order.state is not State.OFFERED or order.offered_to != worker:
            return  # answered, lapsed or withdrawn meanwhile
        words = load_news().work
        when = phrasing.when(order.wanted, self.clock(), load_wording().words)
        card = Card(
            # What this very offer is: an order may be offered to the same worker again later.
            task=f"{OFFER}:{order.number}:{order.version}",
            title=words["offer_title"],
            text=words["offer"].format(what=load_catalogue()[order.item].name, when=when),
            lines=_where(order),
            buttons=((words["accept"], ACCEPT), (words["refuse"], REFUSE)),
        )
        self.api.send_card([worker], card)

    def _send_alert(self, letter: Letter) -> None:
        words = load_news().work
        with self.store.reading() as uow:
            task = uow.tasks.get(letter.body["task"])
            duty = duty_staff(task, uow)
        if task.acknowledged_at is not None:
            return
        if not duty:
            raise NeverError("nobody is on duty")
        silent = task.why == UNANSWERED
        text = (
            words["unanswered"]
            if silent
            else words["alert"].format(who=task.who or words["somebody"], why=danger_words(task.why))
        )
        place = [(words["offer_place"], task.place)] if task.place else []
        card = Card(f"{TASK}:{task.id}", words["alert_title"], text, place, ((words["alert_take"], TAKE),))
        self.api.send_card(duty, card)

    def _send_late(self, letter: Letter) -> None:
        """An order that was reported: to the staff of that level. Names and addresses stay in the console."""
        words = load_news().work
        with self.store.reading() as uow:
            task = uow.tasks.get(letter.body["task"])
            order = uow.orders.get(task.order_number or "")
            staff = on_duty_for(task.region, uow)
        if task.acknowledged_at is not None:
            return
        if not staff:
            raise NeverError("nobody is on duty")
        text = words["late"].format(what=load_catalogue()[order.item].name, number=order.number)
        card = Card(f"{TASK}:{task.id}", words["late_title"], text, [], ((words["alert_take"], TAKE),))
        self.api.send_card(staff, card)

    def post_shot(self, shot: Shot) -> None:
        """A picture is fetched and kept by whoever takes the letter."""
        body = {"kind": "shot", "worker": shot.user, "media": shot.media_id, "message": shot.message_id}
        with self.store.unit_of_work() as uow:
            uow.mail.post(WORK_BOX, shot.user, body, key=f"shot:{shot.message_id}", at=self.clock())
            uow.commit()

    def _keep_shot(self, letter: Letter) -> None:
        """A worker's picture belongs to what they are doing just now; they are told which order that is."""
        worker, words = letter.body["worker"], load_news().work
        order = self._under_way(worker)
        if order is None:
            self.api.send_text([worker], words["picture_of_nothing"])
            return
        try:
            data = self.api.media(letter.body["media"])
            name = self.keeper.keep_picture_of_work(order.number, letter.body["message"], data)
        except MediaError as problem:
            log.warning("work_picture_refused", problem=str(problem))
            self.api.send_text([worker], words["picture_bad"])
            return
        if order.state not in UNDER_WAY:
            with self.store.unit_of_work() as uow:
                tell_picture(order, name, uow, self.clock())
                uow.commit()
        what = load_catalogue()[order.item].say
        self.api.send_text(
            [worker], words["picture_kept"].format(who=order.beneficiary_name or "", what=what)
        )

    def _under_way(self, worker: str) -> Order | None:
        """What this worker is doing: the visit that has begun, else what was touched last, else what was just done."""
        wanted = OrderFilter(Reach(), states=(*UNDER_WAY, *JUST_DONE), worker=worker)
        with self.store.reading() as uow:
            page = uow.order_lists.page(wanted, before=None, limit=MOST_ORDERS)
        since = self.clock() - PICTURES_MAY_COME_FOR

        def theirs(one: Order) -> bool:
            fresh = one.state in UNDER_WAY or (one.finished_at is not None and one.finished_at >= since)
            return one.assignee == worker and fresh

        def rank(one: Order) -> tuple[bool, bool, datetime]:
            touched = one.history[-1].at if one.history else one.placed_at
            return one.state is State.STARTED, one.state in UNDER_WAY, touched

        return max(filter(theirs, page), key=rank, default=None)

    def press(self, press: Press) -> None:
        """Do what a button says; the card then shows what became of it. Pressing again changes nothing."""
        kind, _, rest = press.task.partition(":")
        words = load_news().work
        if kind == OFFER and press.key in (ACCEPT, REFUSE):
            number, _, version = rest.partition(":")
            label = self._answer_offer(press, number, int(version) if version.isdigit() else 0)
        elif kind == TASK and press.key == TAKE and rest.isdigit():
            label = words["alert_taken"].format(name=self._take(press, int(rest)))
        else:
            log.warning("wecom_unknown_button")
            return
        try:
            self.api.close_card(press.response_code, label)
        except WeComError as problem:
            log.warning("wecom_card_not_closed", code=problem.code)

    def _answer_offer(self, press: Press, number: str, version: int) -> str:
        words = load_news().work
        move = Move.ACCEPT if press.key == ACCEPT else Move.REFUSE
        command = MoveOrder(
            number, move, self.clock(), press.user, reason=words["refuse_reason"] if move is Move.REFUSE else "",
            expected_version=version, origin="wecom", key=f"{press.task}:{press.user}:{press.key}",
        )  # fmt: skip
        try:
            with self.store.unit_of_work() as uow:
                order = uow.orders.get(number)
                if order.version == version and order.offered_to != press.user:
                    return words["too_late"]  # a card that was passed on is nobody else's to answer
                move_order(command, uow)
                uow.commit()
        except (IllegalMoveError, OrderNotFoundError, StaleError):
            return words["too_late"]
        return words["accepted"] if move is Move.ACCEPT else words["refused"]

    def _take(self, press: Press, task_id: int) -> str:
        """Who has the emergency now: whoever was first."""
        login = press.user
        try:
            with self.store.unit_of_work() as uow:
                user = uow.staff.get(login)
                if user is None or not user.active or user.role not in ON_DUTY:
                    return login
                acknowledge_task(AcknowledgeTask(task_id, self.clock(), login), uow)
                uow.commit()
        except (AlreadyAcknowledgedError, TaskNotFoundError):
            with self.store.reading() as uow:
                login = uow.tasks.get(task_id).acknowledged_by or login
        with self.store.reading() as uow:
            user = uow.staff.get(login)
        return user.name if user else login


def duty_staff(task: Task, uow: UnitOfWork) -> Sequence[str]:
    """Whom an emergency is sent to: the duty staff who work in its region; where there are none, all of them.

    Whoever was sent the card may take it, also when the region is only known afterwards.
    """
    duty = [user for user in uow.staff.all() if user.active and user.role in ON_DUTY]
    matrix, thing = load_matrix(), thing_of_task(task)
    near = [user for user in duty if matrix.allows(actor_of(user, uow), "task.take", thing)]
    return [user.login for user in near or duty]


def _where(order: Order) -> Sequence[tuple[str, str]]:
    """What a worker must know to say yes: whom for, and where."""
    words = load_news().work
    lines = ((words["offer_person"], order.beneficiary_name), (words["offer_place"], order.place))
    return [(name, value) for name, value in lines if value]
