"""Calls that the life of orders and the care for people set off, on both databases, over a line in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.domain.news import rating
from backend.domain.order import Move, State
from backend.domain.queue import TaskKind
from backend.services.accept_order import accept_order
from backend.services.cancel_order import cancel_order
from backend.services.commands import AcceptOrder, CancelOrder, MoveOrder
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.store.open import Store
from bot.questionnaire import Questionnaire
from tests.integration.store.examples import elder, place
from tests.integration.store.test_outbound_calls import HELLO, MORNING, MemoryLine, Office, Script
from tests.unit.voice.fakes import speech
from voice.conversation import Said
from voice.outbound import Result

CALLER = "13809510001"
EVENING = datetime(2026, 11, 23, 17, 30)


def an_order(store: Store, office: Office, *, done: bool = False, **changes: Any) -> str:
    """An accepted order of tomorrow at noon, or one that was done; what it sets off is planned."""
    office.calls.book.plan()
    with store.unit_of_work() as uow:
        number = place_order(place(f"k {changes}", **changes), uow).number
        accept_order(AcceptOrder(number, MORNING, "jujia"), uow)
        if done:
            move_order(MoveOrder(number, Move.FINISH, MORNING, "jujia"), uow)
        uow.commit()
    office.calls.book.plan()
    return number


def tasks(store: Store) -> list[Any]:
    with store.reading() as uow:
        return list(uow.tasks.open())


async def test_who_ordered_by_telephone_is_reminded_on_the_evening_before(store: Store) -> None:
    office = Office(store, MemoryLine([[HELLO, (16_000, "1")]]))
    an_order(store, office)
    office.now = EVENING - timedelta(minutes=1)
    assert await office.works() == 0
    office.now = EVENING
    assert await office.works() == 1
    assert "服务人员明天中午十二点到，" in "".join(office.voice.said)
    assert office.line.dialled == [CALLER] and office.states() == [("done", ["reached"])]
    assert not tasks(store)


async def test_whoever_can_not_at_that_time_is_called_by_a_person(store: Store) -> None:
    office = Office(store, MemoryLine([[HELLO, (16_000, "2")]]))
    number = an_order(store, office)
    office.now = EVENING
    await office.works()
    (task,) = tasks(store)
    assert (task.kind, task.why, task.order_number) == (TaskKind.HANDOFF, "reminder", number)


async def test_a_visit_that_was_cancelled_or_ordered_in_a_chat_is_not_reminded_of(store: Store) -> None:
    office = Office(store, MemoryLine([[HELLO]]))
    number = an_order(store, office)
    with store.unit_of_work() as uow:
        cancel_order(CancelOrder(number, MORNING, "duty", "不要了"), uow)
        uow.commit()
    office.now = EVENING
    assert await office.works() == 0
    assert office.states() == [("obsolete", [])]
    an_order(store, office, caller="wechat:someone", session="s2")
    assert len(office.states()) == 1


async def test_after_the_work_the_elder_is_asked_and_the_answers_stand_with_the_order(store: Store) -> None:
    script: Script = [HELLO, (14_000, "1"), (20_000, "1"), (26_000, "2"), (32_000, speech(1_200))]
    office = Office(store, MemoryLine([script]), {1_000: "没有"})
    number = an_order(store, office, done=True)
    office.now = MORNING + timedelta(minutes=59)
    assert await office.works() == 0
    office.now = MORNING + timedelta(minutes=60)
    assert await office.works() == 1
    with store.reading() as uow:
        order = uow.orders.get(number)
        (call,) = uow.call_records.page(limit=10)
    assert order.state is State.FOLLOWED_UP and rating(order) == 4
    assert "您满意吗？满意" in order.history[-1].reason
    assert (call.purpose, call.caller, call.reason) == ("follow_up", CALLER, "done")
    assert not tasks(store)


@pytest.mark.parametrize(
    ("answers", "state", "has_task"),
    [
        (("来过了", "办好了", "满意得很", "没有"), State.FOLLOWED_UP, False),
        (("来过了", "办好了", "不太满意", "来晚了"), State.FOLLOWED_UP, True),
        (("没来",), State.DONE, True),
        (("啥？", "今天天气好", "今天天气好", "对", "一般"), State.FOLLOWED_UP, False),
    ],
)
async def test_what_the_answers_mean_for_the_order(
    store: Store, answers: tuple[str, ...], state: State, has_task: bool
) -> None:
    office = Office(store, MemoryLine([[HELLO]]))
    number = an_order(store, office, done=True)
    office.now = MORNING + timedelta(hours=2)
    call = office.calls.book.claim_next()
    assert call is not None
    asked = await _answered(office, call, answers)
    office.calls.book.note(call, Result.REACHED, asked)
    with store.reading() as uow:
        assert uow.orders.get(number).state is state
    assert [task.kind for task in tasks(store)] == [TaskKind.COMPLAINT] * has_task


async def test_people_who_live_alone_are_asked_how_they_are_once_a_week(store: Store) -> None:
    office = Office(store, MemoryLine([[HELLO]]))
    with store.unit_of_work() as uow:
        alone = uow.people.save(elder("a", categories=("living_alone",)))
        uow.people.save(elder("b", name="张三", phones=("13909510009",), categories=()))
        uow.commit()
    book = office.calls.book
    book._rules = replace(office.rules, life=replace(office.rules.life, care_a_day=5))
    book.plan()
    book.plan()
    call = book.claim_next()
    assert call is not None and (call.reason, call.elder_id) == ("care_call", alone.id)
    assert book.claim_next() is None
    asked = await _answered(
        office, call, ("都好", "方便", "还行", "对", "不好", "行", "没有", "满意", "没有")
    )
    assert asked.complete
    book.note(call, Result.REACHED, asked)
    with store.reading() as uow:
        kept = uow.care.of_session(f"call-{asked.call_id}")
    assert kept is not None and kept.elder_id == alone.id
    assert kept.answers["safety"] == {"text": "不好", "yes": False}
    (task,) = tasks(store)
    assert (task.why, task.who) == ("care_call", "马秀英") and "水电燃气" in task.text
    with store.unit_of_work() as uow:
        assert uow.care.forget_before(kept.at, limit=9) == 0
        assert uow.care.forget_before(kept.at + timedelta(seconds=1), limit=9) == 1
    for days, wanted in ((1, False), (6, False), (8, True)):
        office.now = MORNING + timedelta(days=days)
        book.plan()
        assert (book.claim_next() is not None) is wanted


async def test_danger_and_a_wish_of_their_own_are_heard_by_the_conversation(store: Store) -> None:
    office = Office(store, MemoryLine([[HELLO]]))
    for said, before in (("我刚才摔倒了起不来", 0), ("帮我订个午饭", 8)):
        asked = Questionnaire(
            office.rules.kinds["care_call"], {}, office.rules,
            lambda: office.answers.begin(caller=CALLER, call_id="c"), call_id="c",
        )  # fmt: skip
        for text in (None, *["好"] * before, said):
            answer = await asked.answer(Said(text, MORNING))
        assert office.answers.said[-1].text == said
        assert answer.sentences == office.answers.answers[0].sentences


async def _answered(office: Office, call: Any, answers: tuple[str, ...]) -> Questionnaire:
    kind = office.calls.book.kind_of(call)
    asked = Questionnaire(
        kind, office.calls.book.values_of(call), office.rules, lambda: office.answers, call_id="c1"
    )
    for text in (None, *answers):
        await asked.answer(Said(text, office.now))
    return asked
