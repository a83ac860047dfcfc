"""The edge around the conversation core: one turn, one transaction.

Reads the memory and the records, lets the core answer, carries out its commands, and stores everything together. When
two messages of one conversation meet, the second is answered again from what the first left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from backend.domain.order import IllegalMoveError, Order
from backend.domain.people import Caller, Elder
from backend.domain.queue import TaskKind
from backend.services.alerts import acknowledge_alert
from backend.services.bind_family import bind_relative, issue_code, note_guess, revoke_binding, shut_out
from backend.services.cancel_order import cancel_order
from backend.services.commands import CancelOrder, OpenTask, PlaceOrder, RegisterCaller, RescheduleOrder
from backend.services.family_commands import (
    AcknowledgeAlert,
    BindRelative,
    IssueCode,
    NoteGuess,
    RevokeBinding,
    ShutOut,
)  # fmt: skip
from backend.services.open_task import open_task
from backend.services.place_order import place_order
from backend.services.ports import ContactRecord, Line, StaleError, UnitOfWork
from backend.services.register_caller import register_caller
from backend.services.reschedule_order import reschedule_order
from backend.services.review import note_sentence
from bot.dialogue.engine import Dialogue, Outcome
from bot.dialogue.memory import GOES_ON_FOR, Memory
from bot.dialogue.turn import Asks, Channel, Choice, Command, Reply, Turn, World
from bot.family_records import family_of
from bot.review_list import for_review
from nlu.danger import find_danger
from nlu.understanding import Danger, Understanding

log = structlog.get_logger()

TRIES = 5
NOT_STORED = "not_stored"  # the database is away: what was said is nowhere yet
# A pause this long within a conversation is worth a «we go on where we stopped».
PAUSE_WORTH_A_WORD = timedelta(minutes=2)


class Store(Protocol):
    def unit_of_work(self) -> UnitOfWork: ...
    def reading(self) -> UnitOfWork: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What the channel shows: the reply, and every order of this conversation as it stands now."""

    reply: Reply
    orders: tuple[Order, ...]


class Conversations:
    """All conversations on all channels. Safe to call from several threads and processes."""

    def __init__(self, store: Store, dialogue: Dialogue, *, rescue: bool = True) -> None:
        """With `rescue` a fault of ours ends with a person, not with silence; tests want to see the fault instead."""
        self._store, self._dialogue, self._rescues = store, dialogue, rescue

    def handle(self, turn: Turn) -> Answer:
        """Answer one turn. The same `message_id` twice gets the same answer and causes nothing new."""
        try:
            return self._answer(turn)
        except Exception:
            if not self._rescues:
                raise
            log.exception("turn_failed", channel=turn.channel.value)  # a session may hold a number
            return Answer(self._rescue(turn), ())

    def _answer(self, turn: Turn) -> Answer:
        for attempt in range(TRIES):
            try:
                return self._handle(turn)
            except (StaleError, IllegalMoveError):
                log.info("turn_met_another", attempt=attempt)
        raise StaleError("the conversation changed under every attempt")

    def _rescue(self, turn: Turn) -> Reply:
        """Something of ours is broken: whoever speaks still gets help, and staff are told if the store still works."""
        wording, variant = self._dialogue.rules.wording, turn.channel.value
        danger = _danger_in(turn.text or "")
        kind = TaskKind.EMERGENCY if danger else TaskKind.HANDOFF
        command = OpenTask(
            key=f"{turn.session}:fault:{turn.now.isoformat()}",
            kind=kind,
            session=turn.session,
            sender=turn.sender,
            at=turn.now,
            text=turn.text or "",
            why="fault",
        )
        try:
            with self._store.unit_of_work() as uow:
                open_task(command, uow)
                uow.commit()
            told = True
        except Exception:
            log.exception("rescue_not_stored", session=turn.session)
            told = False
        phrase = "fault.danger" if danger else "fault.person" if told else "fault.later"
        sentences = wording.say(phrase, variant)
        return Reply(
            sentences,
            urgent=danger is not None,
            emergency=danger is not None,
            handoff=told and not danger,
            ended=not danger,
            happened=() if told else (NOT_STORED,),
        )

    def understood(self, text: str, *, asks: Asks | None, now: datetime) -> Understanding:
        """What a sentence said in answer to `asks` means so far. Nothing is answered and nothing stored."""
        return self._dialogue.rules.parser.parse(text, expecting=asks, now=now)

    def warm_up(self, now: datetime) -> None:
        """The first turn of a process costs a second or two: this one is nobody's, and nothing of it stays."""
        said = next(iter(self._dialogue.rules.catalogue.values())).say
        try:
            self._handle(Turn("warm-up", "warm-up", now, said, message_id="1"), keep=False)
        except Exception:
            log.exception("not_warmed_up")  # the first caller will be told kindly

    def transcript(self, session: str) -> Sequence[Line]:
        with self._store.reading() as uow:
            return uow.contacts.lines(session)

    def orders_of(self, session: str) -> tuple[Order, ...]:
        """The orders placed in this session, as they stand now."""
        with self._store.reading() as uow:
            return tuple(uow.orders.of_session(session))

    def _handle(self, turn: Turn, *, keep: bool = True) -> Answer:
        # Understanding takes longest and needs no lock: it runs on what a reader sees. Whoever wrote in between makes
        # the versions differ, and the turn is answered again.
        with self._store.reading() as uow:
            if turn.message_id and (stored := uow.contacts.reply_to(turn.session, turn.message_id)):
                return Answer(_reply_from(stored), self._orders(uow, turn, stored["orders"]))
            record = uow.contacts.get(turn.session)
            memory, dropped, turn = self._memory(uow, record, turn)
            world = _world(uow, turn, memory)
            if record is None:
                _speak_as_before(memory, turn, world.caller.elder)
            outcome = self._dialogue.respond(memory, turn, world)
            notes = for_review(memory, turn, outcome, world.caller, uow, self._dialogue.rules.parser)
        with self._store.unit_of_work() as uow:
            if dropped is not None:
                uow.contacts.save(dropped, ())
            _carry_out(outcome, uow)
            self._remember(uow, record, turn, outcome)
            for note in notes:
                note_sentence(note, uow)
            orders = self._orders(uow, turn, outcome.memory.orders)
            if not keep:
                return Answer(outcome.reply, orders)
            uow.commit()
        log.info("turn", happened=outcome.reply.happened, asks=outcome.reply.asks, channel=turn.channel.value)
        return Answer(outcome.reply, orders)

    def _memory(
        self, uow: UnitOfWork, record: ContactRecord | None, turn: Turn
    ) -> tuple[Memory, ContactRecord | None, Turn]:
        """The memory to go on with: of this conversation, or of one that was broken off a moment ago.

        Then also the record of that one, to be stored without its requests: they can not be placed from both.
        """
        if record is not None:
            memory = Memory.from_json(record.memory)
            if not memory.goes_on_at(turn.now, written=turn.channel is not Channel.SPOKEN):
                return memory.begun_anew(), None, turn
            paused = turn.now - datetime.fromisoformat(memory.updated_at or turn.now.isoformat())
            if paused > GOES_ON_FOR and self._dialogue.asks_something_new(turn):
                return memory.begun_anew(), None, turn
            returning = paused >= PAUSE_WORTH_A_WORD and memory.current() is not None
            return memory, None, replace(turn, returning=returning)
        last = uow.contacts.latest_of(turn.sender, since=turn.now - GOES_ON_FOR)
        if last is None:
            return Memory(), None, turn
        memory = Memory.from_json(last.memory)
        unfinished = memory.current() is not None and not memory.ended and memory.goes_on_at(turn.now)
        if not unfinished or self._dialogue.asks_something_new(turn):
            return Memory(pace=memory.pace, loudness=memory.loudness), None, turn
        left = replace(last, memory=memory.begun_anew().to_json(), version=last.version + 1)
        return memory, left, replace(turn, returning=True)

    def _remember(self, uow: UnitOfWork, record: ContactRecord | None, turn: Turn, outcome: Outcome) -> None:
        lines = [Line(turn.now, "caller", turn.text)] if turn.text else []
        lines.append(Line(turn.now, "line", outcome.reply.text))
        saved = ContactRecord(
            session=turn.session,
            sender=turn.sender,
            channel=turn.channel.value,
            memory=outcome.memory.to_json(),
            updated_at=turn.now,
            version=record.version + 1 if record else 1,
        )
        uow.contacts.save(saved, lines)
        if turn.message_id:
            stored = _reply_to_json(outcome.reply) | {"orders": outcome.memory.orders}
            uow.contacts.remember_reply(turn.session, turn.message_id, stored)

    def _orders(self, uow: UnitOfWork, turn: Turn, numbers: Sequence[str]) -> tuple[Order, ...]:
        """Orders placed in this conversation, and those of before that were changed in it."""
        placed = list(uow.orders.of_session(turn.session))
        have = {order.number for order in placed}
        return tuple([uow.orders.get(number) for number in numbers if number not in have] + placed)


def _danger_in(text: str) -> Danger | None:
    """Danger as far as it can still be seen when something of ours is broken."""
    try:
        return find_danger(text)
    except Exception:
        log.exception("danger_not_read")
        return None


def _world(uow: UnitOfWork, turn: Turn, memory: Memory) -> World:
    caller: Caller = uow.people.find_caller(turn.sender)
    ids = [elder.id for elder in caller.sees if elder.id is not None]
    orders = tuple(
        order for order in uow.orders.of_people(turn.sender, ids) if _may_hear_of(order, turn, ids, uow)
    )
    return World(caller=caller, orders=orders, family=family_of(uow, turn, memory, caller))


def _speak_as_before(memory: Memory, turn: Turn, elder: Elder | None) -> None:
    """Whoever wanted it slower or louder once, or whose record says so, need not ask again."""
    memory.pace = max(memory.pace, turn.pace, elder.pace if elder else 0)
    memory.loudness = max(memory.loudness, turn.loudness, elder.loudness if elder else 0)


def _may_hear_of(order: Order, turn: Turn, sees: Sequence[int], uow: UnitOfWork) -> bool:
    """Whoever ordered for an elder while they were bound, and was unbound since, is a stranger to that order, too."""
    if order.elder_id is None or order.elder_id in sees:
        return True
    return not uow.families.is_shut_out(turn.sender, order.elder_id)


def _place(command: PlaceOrder, uow: UnitOfWork, memory: Memory) -> None:
    order = place_order(command, uow)
    if order.number not in memory.orders:
        memory.orders.append(order.number)


_SERVICES: dict[type, Callable[[Any, UnitOfWork], object]] = {
    CancelOrder: cancel_order,
    RescheduleOrder: reschedule_order,
    OpenTask: open_task,
    RegisterCaller: register_caller,
    IssueCode: issue_code,
    BindRelative: bind_relative,
    NoteGuess: note_guess,
    RevokeBinding: revoke_binding,
    ShutOut: shut_out,
    AcknowledgeAlert: acknowledge_alert,
}


def _carry_out(outcome: Outcome, uow: UnitOfWork) -> None:
    command: Command
    for command in outcome.commands:
        if isinstance(command, PlaceOrder):
            _place(command, uow, outcome.memory)
        else:
            _SERVICES[type(command)](command, uow)


def _reply_to_json(reply: Reply) -> dict[str, Any]:
    return asdict(reply)


def _reply_from(raw: dict[str, Any]) -> Reply:
    known = {key: value for key, value in raw.items() if key in Reply.__dataclass_fields__}
    known["asks"] = Asks(known["asks"]) if known.get("asks") else None
    known["choices"] = tuple(Choice(**choice) for choice in known.get("choices", ()))
    known["sentences"] = tuple(known["sentences"])
    known["happened"] = tuple(known.get("happened", ()))
    return Reply(**known)
