"""The edge around the core: nothing is lost or doubled by repeats, restarts, dropped calls or two turns at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import func, select

from backend.domain.order import State
from backend.domain.queue import TaskKind
from backend.services.ports import UnitOfWork
from backend.store.open import Store
from bot.conversations import Answer, Conversations
from bot.dialogue.engine import Dialogue
from bot.dialogue.turn import Asks, Channel, Turn

MONDAY = datetime(2026, 11, 23, 9, 0)
REQUEST = "我想订个午饭，明天中午，送到金凤区长城花园三号楼二单元501"


def turn(
    text: str | None,
    *,
    minute: float = 0,
    session: str = "s",
    sender: str = "13909510001",
    message_id: str | None = None,
    channel: Channel = Channel.TEXT,
) -> Turn:
    return Turn(
        session=session,
        sender=sender,
        now=MONDAY + timedelta(minutes=minute),
        text=text,
        channel=channel,
        message_id=message_id,
    )


def order_lunch(conversations: Conversations, *, session: str = "s") -> Answer:
    conversations.handle(turn(REQUEST, session=session))
    conversations.handle(turn("马建国", session=session))
    return conversations.handle(turn("对着呢", session=session))


def test_a_request_in_own_words_becomes_an_order_in_the_queue(
    conversations: Conversations, store: Store
) -> None:
    assert conversations.handle(turn(REQUEST)).reply.asks == Asks.NAME
    assert conversations.handle(turn("马建国")).reply.asks == Asks.CONFIRM
    answer = conversations.handle(turn("对着呢"))
    (order,) = answer.orders
    assert (order.item, order.beneficiary, order.wanted.iso) == ("meal", "self", "2026-11-24T12:00")
    assert (order.state, order.phone, order.beneficiary_name) == (State.ROUTED, "13909510001", "马建国")
    with store.unit_of_work() as uow:
        assert [queued.number for queued in uow.orders.queue()] == [order.number]


def test_an_unknown_caller_is_known_the_next_time(conversations: Conversations) -> None:
    order_lunch(conversations)
    answer = conversations.handle(turn("再给我找个人打扫卫生，后天上午", session="later", minute=60))
    assert answer.reply.asks == Asks.CONFIRM
    assert "长城花园" in answer.reply.text


def test_the_same_message_twice_gets_the_same_answer_and_one_order(conversations: Conversations) -> None:
    conversations.handle(turn(REQUEST, message_id="1"))
    conversations.handle(turn("马建国", message_id="2"))
    first = conversations.handle(turn("对", message_id="3"))
    again = conversations.handle(turn("对", message_id="3"))
    assert again.reply.text == first.reply.text
    assert [order.number for order in again.orders] == [order.number for order in first.orders]
    assert len(again.orders) == 1


def test_a_conversation_survives_a_restart(
    conversations: Conversations, store: Store, dialogue: Dialogue
) -> None:
    conversations.handle(turn("我想订个午饭"))
    after = Conversations(store, dialogue).handle(turn("明天中午", minute=10))
    assert after.reply.asks == Asks.PLACE
    assert "接着刚才" in after.reply.text


def test_a_dropped_call_goes_on_in_the_next_call_and_says_so(conversations: Conversations) -> None:
    conversations.handle(turn("我想订个午饭，明天中午", session="call-1"))
    answer = conversations.handle(turn("喂，刚才断了", session="call-2", minute=3))
    assert answer.reply.asks == Asks.PLACE
    assert "接着刚才" in answer.reply.text


def test_a_dropped_request_can_not_be_ordered_from_both_calls(conversations: Conversations) -> None:
    conversations.handle(turn(REQUEST, session="call-1"))
    conversations.handle(turn("马建国", session="call-1"))
    conversations.handle(turn("喂", session="call-2", minute=1))
    conversations.handle(turn("对", session="call-2", minute=2))
    late = conversations.handle(turn("对", session="call-1", minute=2))
    assert late.orders == ()


def test_after_half_an_hour_a_new_conversation_begins(conversations: Conversations) -> None:
    spoken = Channel.SPOKEN
    conversations.handle(turn("我想订个午饭", channel=spoken))
    answer = conversations.handle(turn("你好", minute=31, channel=spoken))
    assert answer.reply.asks is None


def test_who_writes_goes_on_with_a_request_after_an_hour_and_begins_anew_with_another_one(
    conversations: Conversations,
) -> None:
    conversations.handle(turn("我想订个午饭"))
    assert conversations.handle(turn("明天中午", minute=61)).reply.asks == Asks.PLACE
    answer = conversations.handle(turn("我想打扫一下卫生，后天上午", minute=122))
    assert "送餐" not in answer.reply.text


def test_an_emergency_is_in_the_queue_until_somebody_takes_it(
    conversations: Conversations, store: Store
) -> None:
    conversations.handle(turn("我想订个午饭"))
    answer = conversations.handle(turn("哎呀我摔倒了，起不来"))
    assert answer.reply.emergency
    assert "120" in answer.reply.text
    with store.unit_of_work() as uow:
        (task,) = uow.tasks.open()
    assert task.kind is TaskKind.EMERGENCY
    assert "摔" in task.why


def test_two_turns_at_the_same_instant_lose_nothing(conversations: Conversations) -> None:
    conversations.handle(turn(REQUEST))
    conversations.handle(turn("马建国"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: conversations.handle(turn("对")), range(4)))
    assert len(conversations.handle(turn("谢谢")).orders) == 1


def test_a_clock_that_jumps_back_does_not_end_a_conversation(conversations: Conversations) -> None:
    conversations.handle(turn("我想订个午饭"))
    assert conversations.handle(turn("明天中午", minute=-60)).reply.asks == Asks.PLACE


def test_what_was_said_is_kept_with_the_conversation(conversations: Conversations) -> None:
    order_lunch(conversations)
    said = conversations.transcript("s")
    assert [line.who for line in said] == ["caller", "line"] * 3
    assert said[0].text == REQUEST


def test_the_first_turn_of_a_process_is_nobodys_and_leaves_nothing(
    store: Store, conversations: Conversations
) -> None:
    def rows() -> dict[str, int]:
        with store.engine.connect() as connection:
            tables = store.tables.metadata.sorted_tables
            return {
                one.name: connection.execute(select(func.count()).select_from(one)).scalar_one()
                for one in tables
            }

    before = rows()
    conversations.warm_up(MONDAY)
    assert rows() == before


def test_a_first_turn_that_fails_does_not_stop_the_start(dialogue: Dialogue) -> None:
    class Gone:
        def reading(self) -> UnitOfWork:
            raise ConnectionError("the database is gone")

        unit_of_work = reading

    Conversations(Gone(), dialogue).warm_up(MONDAY)
