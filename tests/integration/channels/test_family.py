"""Relatives on WeChat and Telegram: bound by a code or by scanning, told of orders and emergencies, once and in order."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from backend.domain.family import ALL_RIGHTS, Binding, Rights
from backend.domain.local_time import local_now
from backend.domain.order import Move, Wanted
from backend.domain.people import Contact, Elder
from backend.domain.providers import Provider, Worker
from backend.domain.queue import Task, TaskKind
from backend.domain.staff import Role
from backend.services.bind_family import issue_magnet
from backend.services.commands import MoveOrder, PlaceOrder
from backend.services.family_ports import OutboundCall
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.services.staff import add_staff
from bot.channels.wecom.work import duty_staff
from bot.conversations import Conversations
from bot.dialogue.turn import Turn
from bot.news import News
from bot.outbound_book import CallBook
from bot.sandbox.wechat import NO_TLS
from bot.spoken_message import SpokenMessage
from config.outbound import load_outbound_rules
from tests.integration.channels.conftest import Line, Open, wait_until
from tests.integration.channels.drivers import AtTelegram, AtWeChat
from voice.outbound import Result

GUILAN_PHONE = "13909510001"
TEN = datetime(2026, 11, 23, 10, 0)


def tomorrow() -> date:
    """Of the person who asks when the meal comes."""
    return local_now().date() + timedelta(days=1)


def in_ten_years() -> datetime:
    """The postman's clock: whatever may ever be due is due."""
    return local_now() + timedelta(days=3650)


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """News is read at ten in the morning, whenever the tests run."""
    real = News.__init__

    def at_ten(self: News, *given: object, **named: object) -> None:
        real(self, *given, **named)  # type: ignore[arg-type]
        self._clock = lambda: TEN
        self._postman._clock = lambda: in_ten_years()

    monkeypatch.setattr(News, "__init__", at_ten)
    monkeypatch.setattr("backend.domain.mail.FIRST_PAUSE", timedelta(milliseconds=10))
    monkeypatch.setattr("bot.news.LOOK_EVERY_S", 0.05)


def add_elder(line: Line, *contacts: Contact) -> Elder:
    with line.house.store.unit_of_work() as uow:
        elder = uow.people.save(
            Elder(None, "key of guilan", "王桂兰", (GUILAN_PHONE,), "金凤区长城花园3号楼2单元501", gender="f",
                contacts=contacts)
        )  # fmt: skip
        uow.commit()
    return elder


def add_second(line: Line, key: str, name: str, gender: str) -> Elder:
    with line.house.store.unit_of_work() as uow:
        elder = uow.people.save(
            Elder(None, key, name, ("13909510002",), "兴庆区北塔村三组12号", gender=gender)
        )
        uow.commit()
    return elder


def bind(
    line: Line, elder: Elder, person: str, relation: str = "女儿", rights: Rights = ALL_RIGHTS
) -> Binding:
    with line.house.store.unit_of_work() as uow:
        binding = uow.families.bind(elder.id or 0, person, relation, rights, at=TEN, by="test")
        uow.commit()
    return binding


def sender(person: AtWeChat) -> str:
    return f"wechat:{person.line.wechat.app_id}:{person.openid}"


def follows(person: AtWeChat) -> None:
    person.line.wechat.followers.add(person.openid)
    person.line.wechat._spoke_at[person.openid] = 10**12


def place(
    line: Line, elder: Elder, key: str = "1", caller: str = GUILAN_PHONE, beneficiary: str = "self",
    name: str = "王桂兰",
) -> str:  # fmt: skip
    with line.house.store.unit_of_work() as uow:
        order = place_order(
            PlaceOrder(key, "meal", beneficiary, caller, "call", TEN, Wanted(f"{tomorrow()}T12:00"), name, elder.id,
                "金凤区长城花园3号楼2单元501", GUILAN_PHONE),
            uow,
        )  # fmt: skip
        uow.commit()
    return order.number


def move(line: Line, number: str, kind: Move, reason: str = "", **payload: object) -> None:
    with line.house.store.unit_of_work() as uow:
        move_order(MoveOrder(number, kind, TEN, "worker-7", reason, payload=payload), uow)
        uow.commit()


def add_worker(line: Line) -> None:
    with line.house.store.unit_of_work() as uow:
        uow.providers.save(
            [Provider("p1", "阳光助餐", "civil_affairs", "640106", ("meal",))],
            [Worker("worker-7", "李师傅", "p1", "640106", ("meal",), "13709510007")],
        )
        uow.commit()


def reads_the_first_event(line: Line) -> None:
    """News begins with what happens after its first look."""

    def begun() -> bool:
        with line.house.store.reading() as uow:
            return uow.mail.position("news") is not None

    wait_until(begun)


def elder_says(line: Line, text: str, number: int) -> str:
    conversations: Conversations = line.house.conversations
    return conversations.handle(
        Turn("phone:guilan", GUILAN_PHONE, local_now(), text, message_id=str(number))
    ).reply.text


def test_a_daughter_is_bound_by_the_code_that_her_mother_hears(line: Line) -> None:
    add_elder(line)
    person = AtWeChat(line)
    assert "没查到" in person.says("我妈订的饭怎么样了").text
    said = elder_says(line, "给我一个绑定码", 1)
    code = "".join(letter for letter in said.split("。")[0] if letter.isdigit())
    assert len(code) == 6
    assert "王桂兰" in person.says(f"绑定 {code}").text
    assert "绑上了" in person.says("我是她女儿").text
    person.says("给我妈订个明天中午的饭")
    assert "长城花园" in person.says("13709510008").text
    assert "安排好了" in person.says("对").text
    (order,) = person.orders()
    assert order.beneficiary_name == "王桂兰"
    assert "明天中午" in person.says("我妈订的饭怎么样了").text
    other = AtWeChat(line)
    assert "不对" in other.says(f"绑定 {code}").text  # used once
    assert "看不到" in elder_says(line, "别让我闺女看了", 2)
    assert "没查到" in person.says("我妈订的饭怎么样了").text  # though she ordered it
    assert "没查到" in person.says("取消我妈的饭").text
    person.says("给我妈订个明天下午的保洁")
    assert "长城花园" not in person.seen.text


def test_who_speaks_for_two_elders_hears_of_the_one_she_names(line: Line) -> None:
    mother = add_elder(line)
    father = add_second(line, "key of wenxiang", "马文祥", "m")
    person = AtWeChat(line)
    assert "没查到" in person.says("我爸订的饭到哪了").text
    assert "绑定" in person.seen.text
    bind(line, mother, sender(person), "女儿")
    assert "没查到" in person.says("我妈订的饭到哪了").text
    assert "绑定" not in person.seen.text
    bind(line, father, sender(person), "儿媳")
    told = line.wechat.texts(person.openid)
    place(line, mother, "1")
    wait_until(
        lambda: any("王桂兰的送餐已经下单" in text for text in told)
    )  # news must not mix with the answers
    assert "没查到" in person.says("我公公订的饭到哪了").text
    place(line, father, "2", caller="13909510002", name="马文祥")
    wait_until(lambda: any("马文祥的送餐已经下单" in text for text in told))
    assert "马文祥明天中午" in person.says("我公公订的饭到哪了").text
    assert "王桂兰" not in person.seen.text
    assert "王桂兰明天中午" in person.says("我妈订的饭到哪了").text
    assert "马文祥" not in person.seen.text


def test_two_orders_that_are_alike_can_be_told_apart_by_a_button(line: Line) -> None:
    elder = add_elder(line)
    person = AtWeChat(line)
    bind(line, elder, sender(person))
    numbers = {place(line, elder, key) for key in ("1", "2")}
    assert set(person.says("把明天的饭取消了").choices) == {"第一个", "第二个"}
    assert "取消了" in person.presses("第一个").text
    left = [order.number for order in line.orders() if order.state != "cancelled"]
    assert len(left) == 1
    assert set(left) < numbers


def test_guessing_ends_after_five_wrong_codes(line: Line) -> None:
    add_elder(line)
    said = elder_says(line, "给我一个绑定码", 1)
    code = "".join(letter for letter in said.split("。")[0] if letter.isdigit())
    person = AtWeChat(line)
    for number in range(5):
        person.says(f"绑定 {(int(code) + number + 1) % 1_000_000:06d}")
    assert "太多" in person.says(f"绑定 {code}").text
    with line.house.store.reading() as uow:
        assert uow.families.of_sender(sender(person)) == []


def test_the_magnet_on_the_fridge_binds_whoever_scans_it_once(line: Line) -> None:
    elder = add_elder(line)
    with line.house.store.unit_of_work() as uow:
        word = issue_magnet(elder.id or 0, Rights(order=False), uow, at=local_now(), by="test")
        other = issue_magnet(elder.id or 0, ALL_RIGHTS, uow, at=local_now(), by="test")
        uow.commit()
    person = AtWeChat(line)
    line.wechat.scans(person.openid, f"http://weixin.qq.com/q/{word}")
    assert "王桂兰的绑定码" in line.wechat.texts(person.openid)[-1]
    assert "能给王桂兰订" not in person.says("侄子").text
    again = AtWeChat(line)
    line.wechat.scans(again.openid, f"http://weixin.qq.com/q/{word}")
    assert "王桂兰" not in line.wechat.texts(again.openid)[-1]
    telegram = AtTelegram(line)
    assert "王桂兰的绑定码" in telegram.says(f"/start {other}").text
    assert "能给王桂兰订" in telegram.says("女儿").text


def test_a_stranger_who_names_the_elder_may_order_but_learns_nothing(line: Line) -> None:
    elder = add_elder(line)
    place(line, elder)
    person = AtWeChat(line)
    answers = [
        person.says(text).text
        for text in ("王桂兰订的饭啥时候送", "给王桂兰订个明天中午的饭", "金凤区新华街1号", "马建国", "13709510009", "对",
            "王桂兰住哪里", "取消王桂兰的饭")
    ]  # fmt: skip
    assert "安排好了" in "".join(answers)
    for secret in ("长城花园", "501", GUILAN_PHONE, "139 0951 0001"):
        assert secret not in "".join(answers)
    assert sum(order.state == "cancelled" for order in person.orders()) <= 1
    with line.house.store.reading() as uow:
        (hers,) = uow.orders.of_people(GUILAN_PHONE, [])
    assert hers.state != "cancelled"


def test_news_of_an_order_comes_once_and_in_its_order(open_line: Open) -> None:
    line = open_line(relay="09511234567")
    elder = add_elder(line)
    add_worker(line)
    daughter, son = AtWeChat(line), AtTelegram(line)
    follows(daughter)
    bind(line, elder, sender(daughter))
    bind(line, elder, f"telegram:{son.number}", "儿子")
    reads_the_first_event(line)
    line.wechat.faults += [("message/custom/send", 502)] * 2
    number = place(line, elder)
    move(line, number, Move.OFFER, worker="worker-7")
    move(line, number, Move.ACCEPT, assignee="worker-7")
    move(line, number, Move.SET_OUT)
    move(line, number, Move.START, place="门口")
    move(line, number, Move.FINISH, photos=["a", "b"])
    move(line, number, Move.CONFIRM, satisfaction=5)
    shown = line.wechat.texts(daughter.openid)
    wait_until(lambda: len(shown) >= 5 and len(son._mine()) >= 5)
    assert ["下单" in shown[0], "李师傅接单" in shown[1], "李师傅出发" in shown[2]] == [True] * 3
    assert "09511234567" in shown[2]
    assert "13709510007" not in "".join(shown)
    assert "办好了" in shown[3]
    assert "2张" in shown[3]
    assert "很满意" in shown[4]
    assert [message["text"] for message in son._mine()] == shown
    assert len(shown) == 5


def test_a_relative_who_showed_her_number_is_written_to_and_not_called(line: Line) -> None:
    elder = add_elder(line)
    daughter = AtTelegram(line)
    contact = {"phone_number": "+8613809510005", "first_name": "x", "user_id": daughter.number}
    line.telegram.deliver(line.telegram.sends(daughter.number, contact=contact))
    said = elder_says(line, "给我一个绑定码", 1)
    code = "".join(letter for letter in said.split("。")[0] if letter.isdigit())
    daughter.says(f"绑定 {code}")
    assert "绑上了" in daughter.says("女儿").text
    reads_the_first_event(line)
    number = place(line, elder)
    line.keeper.keep_picture_of_work(number, "1", b"\xff\xd8\xff\xe0" + bytes(100))
    move(line, number, Move.ACCEPT, assignee="worker-7")
    move(line, number, Move.FINISH, photos=["a"])
    wait_until(lambda: [message for message in daughter._mine() if "photo" in message])
    texts = [message.get("text", "") for message in daughter._mine()]
    assert ["下单" in texts[-4], "接单" in texts[-3], "办好了" in texts[-2]] == [True] * 3
    assert line.sms.sent == []


def test_news_goes_by_short_message_and_then_by_a_call_when_nothing_else_works(line: Line) -> None:
    elder = add_elder(line)
    bind(line, elder, "13809510005")
    bind(line, elder, "13809510006")
    line.sms.unknown.add("13809510006")
    reads_the_first_event(line)
    place(line, elder)
    wait_until(lambda: line.sms.sent)
    assert line.sms.sent[0][0] == "13809510005"
    assert "下单" in line.sms.sent[0][1]
    from sqlalchemy import select

    calls = line.house.store.tables.family.calls

    def called() -> list[str]:
        with line.house.store.engine.connect() as connection:
            return [row.phone for row in connection.execute(select(calls))]

    wait_until(called)
    assert called() == ["13809510006"]


def test_an_emergency_reaches_the_family_and_one_who_is_on_the_way_is_told_to_the_others(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.integration.channels.test_family.TEN", local_now())
    elder = add_elder(line, Contact("王强", "13809510009", "儿子"))
    daughter = AtWeChat(line)
    follows(daughter)
    bind(line, elder, sender(daughter))
    reads_the_first_event(line)
    elder_says(line, "我摔倒了起不来", 1)
    shown = line.wechat.texts(daughter.openid)
    wait_until(lambda: shown and line.sms.sent)
    assert "王桂兰可能有危险：摔倒了" in shown[0]
    assert "我知道了，马上去" in shown[0]
    assert line.sms.sent[0][0] == "13809510009"
    assert "路上小心" in daughter.says("我知道了，马上去").text
    wait_until(lambda: len(line.sms.sent) == 2)
    assert "女儿已经赶过去了" in line.sms.sent[1][1]


def test_an_emergency_that_nobody_answers_goes_back_to_the_staff(
    open_line: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.news import load_news

    soon = replace(load_news(), alert_answer_within=timedelta(seconds=0))
    monkeypatch.setattr("backend.services.news.load_news", lambda: soon)
    line = open_line()
    elder = add_elder(line)
    with line.house.store.unit_of_work() as uow:
        add_staff(uow, "duty1", "a long password", name="值班员", role=Role.DUTY, region="640106")
        add_staff(uow, "duty2", "a long password", name="固原值班员", role=Role.DUTY, region="640402")
        uow.commit()
    line.wecom.members |= {"duty1", "duty2"}
    daughter = AtWeChat(line)
    follows(daughter)
    bind(line, elder, sender(daughter))
    reads_the_first_event(line)
    elder_says(line, "我摔倒了起不来", 1)
    wait_until(lambda: len(line.wecom.cards.get("duty1", ())) == 2)
    first, second = sorted(line.wecom.cards["duty1"], key=lambda shown: shown.card["task_id"])
    assert "摔倒了" in first.card["main_title"]["desc"]
    assert "没有回应" in second.card["main_title"]["desc"]
    assert "duty2" not in line.wecom.cards, "the elder lives in another county"
    with line.house.store.reading() as uow:
        assert len(uow.tasks.open()) == 2
    assert line.wecom.press("duty1", first, "take") == 200
    assert first.pressed == "值班员在处理"
    with line.house.store.reading() as uow:
        assert len(uow.tasks.open()) == 1


def test_an_order_that_was_reported_goes_to_the_staff_of_that_level_and_one_of_them_takes_it(
    line: Line,
) -> None:
    with line.house.store.unit_of_work() as uow:
        for login, region in (("town", "64010601"), ("county", "640106"), ("other", "640402")):
            add_staff(uow, login, "a long password", name=login, role=Role.DUTY, region=region)
        uow.commit()
    line.wecom.members |= {"town", "county", "other"}
    reads_the_first_event(line)
    place = PlaceOrder(
        "late", "cleaning", "self", GUILAN_PHONE, "s", TEN, Wanted("2026-11-24"), region="64010601"
    )
    with line.house.store.unit_of_work() as uow:
        order = place_order(place, uow)
        escalate = MoveOrder(
            order.number, Move.ESCALATE, TEN, "system", payload={"level": 3, "step": "accept"}
        )
        move_order(escalate, uow)
        uow.commit()
    wait_until(lambda: line.wecom.cards.get("county"))
    (card,) = line.wecom.cards["county"]
    assert order.number in card.card["main_title"]["desc"]
    assert line.wecom.cards.keys() == {"county"}
    assert line.wecom.press("county", card, "take") == 200
    assert card.pressed == "county在处理"


def test_an_emergency_goes_to_the_duty_staff_of_its_region_and_never_to_nobody(line: Line) -> None:
    here = Task(1, TaskKind.EMERGENCY, "s", GUILAN_PHONE, TEN, "我摔倒了", "fall: 摔倒", region="640106")
    with line.house.store.unit_of_work() as uow:
        add_staff(uow, "duty2", "a long password", name="固原值班员", role=Role.DUTY, region="640402")
        assert duty_staff(here, uow) == ["duty2"], "better somebody else than nobody"
        add_staff(uow, "duty1", "a long password", name="值班员", role=Role.DUTY, region="640106")
        assert duty_staff(here, uow) == ["duty1"]
        assert sorted(duty_staff(replace(here, region=None), uow)) == ["duty1", "duty2"]


def test_quiet_hours_keep_news_until_the_morning_and_emergencies_not_a_moment(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = "tests.integration.channels.test_family"
    monkeypatch.setattr(f"{here}.TEN", datetime(2026, 11, 23, 22, 30))
    monkeypatch.setattr(f"{here}.in_ten_years", lambda: TEN)
    elder = add_elder(line)
    daughter = AtWeChat(line)
    follows(daughter)
    bind(line, elder, sender(daughter))
    reads_the_first_event(line)
    place(line, elder)
    elder_says(line, "我摔倒了起不来", 1)
    shown = line.wechat.texts(daughter.openid)
    wait_until(lambda: shown)
    assert "可能有危险" in shown[0]
    for minute in (31, 32, 59):
        monkeypatch.setattr(f"{here}.TEN", datetime(2026, 11, 23, 22, minute))
    assert len(shown) == 1
    monkeypatch.setattr(f"{here}.TEN", datetime(2026, 11, 24, 8, 0))
    wait_until(lambda: len(shown) == 2)
    assert "已经下单" in shown[1]


def test_after_48_hours_news_goes_by_template_and_promises_no_pictures(open_line: Open) -> None:
    line = open_line(template="template-1")
    line.wechat.templates["template-1"] = []
    elder = add_elder(line)
    daughter = AtWeChat(line)
    follows(daughter)
    line.wechat.close_window(daughter.openid)
    bind(line, elder, sender(daughter))
    reads_the_first_event(line)
    number = place(line, elder)
    line.keeper.keep_picture_of_work(number, "1", b"\xff\xd8\xff\xe0" + bytes(100))
    move(line, number, Move.ACCEPT, assignee="worker-7")
    move(line, number, Move.FINISH, photos=["a"])
    sent = line.wechat.templates["template-1"]
    wait_until(lambda: len(sent) == 3)
    texts = [one["data"]["content"]["value"] for one in sent]
    assert ["下单" in texts[0], "接单" in texts[1], "办好了" in texts[2]] == [True] * 3
    assert "发给您看看" not in texts[2]
    assert "照片有1张" in texts[2]
    assert line.wechat.calls.count("media/upload") == 0
    assert line.sms.sent == []


def test_who_subscribed_hears_by_subscription_as_often_as_they_asked_and_then_by_sms(open_line: Open) -> None:
    line = open_line(subscription="subscription-1")
    sent = line.wechat.subscriptions.setdefault("subscription-1", [])
    elder = add_elder(line)
    daughter = AtWeChat(line)
    follows(daughter)
    line.keeper.verify_phone(sender(daughter), "13809510005")
    line.wechat.close_window(daughter.openid)
    line.wechat.subscribed[daughter.openid] = 2
    bind(line, elder, sender(daughter))
    reads_the_first_event(line)
    number = place(line, elder)
    move(line, number, Move.ACCEPT, assignee="worker-7")
    move(line, number, Move.FINISH, photos=["a"])
    wait_until(lambda: line.sms.sent)
    shown = ["".join(value["value"] for value in one["data"].values()) for one in sent]
    assert ["下单" in shown[0], "接单" in shown[1], len(shown)] == [True, True, 2]
    assert "办好了" in line.sms.sent[0][1]


def test_each_right_gives_what_it_says_and_no_more(line: Line) -> None:
    elder = add_elder(line)
    sees, orders, is_called = AtWeChat(line), AtWeChat(line), AtWeChat(line)
    for person, relation, rights in (
        (sees, "女儿", Rights(order=False, see=True, emergency=False)),
        (orders, "儿子", Rights(order=True, see=False, emergency=False)),
        (is_called, "侄子", Rights(order=False, see=False, emergency=True)),
    ):
        follows(person)
        bind(line, elder, sender(person), relation, rights)
    reads_the_first_event(line)
    place(line, elder)
    elder_says(line, "我摔倒了起不来", 1)
    told = {person: line.wechat.texts(person.openid) for person in (sees, orders, is_called)}
    wait_until(lambda: told[sees] and told[is_called])
    assert [len(texts) for texts in told.values()] == [1, 0, 1]
    assert ["下单" in told[sees][0], "可能有危险" in told[is_called][0]] == [True, True]
    assert "明天中午" in sees.says("我妈订的饭怎么样了").text
    for person in (orders, is_called):
        assert "明天中午" not in person.says("我妈订的饭怎么样了").text
    for person in (sees, is_called):
        person.says("给我妈订个明天下午的保洁")
        assert "长城花园" not in person.seen.text + person.says("13709510008").text
    orders.says("给我妈订个明天下午的保洁")
    assert "长城花园" in orders.seen.text + orders.says("13709510008").text


def test_a_relative_of_two_elders_is_asked_whom_she_means(line: Line) -> None:
    first = add_elder(line)
    second = add_second(line, "key of xiuying", "马秀英", "f")
    daughter = AtWeChat(line)
    bind(line, first, sender(daughter), "女儿")
    bind(line, second, sender(daughter), "女儿")
    asked = daughter.says("给我妈订个明天中午的饭").text
    assert "王桂兰" in asked
    assert "马秀英" in asked
    answer = daughter.says("马秀英").text
    answer += daughter.says("13709510008").text if "电话" in answer else ""
    assert "北塔村" in answer
    assert "安排好了" in daughter.says("对").text
    (order,) = daughter.orders()
    assert order.beneficiary_name == "马秀英"


def test_a_worker_takes_an_offer_by_a_button_and_a_late_press_changes_nothing(line: Line) -> None:
    elder = add_elder(line)
    add_worker(line)
    line.wecom.members |= {"worker-7", "worker-8"}
    reads_the_first_event(line)
    number = place(line, elder)
    move(line, number, Move.OFFER, worker="worker-7")
    wait_until(lambda: line.wecom.cards.get("worker-7"))
    (card,) = line.wecom.cards["worker-7"]
    assert "长城花园" in str(card.card["horizontal_content_list"])
    line.wecom.press("worker-8", card, "accept")
    assert card.pressed == "这一单已经有人接了，或者时间过了"
    line.wecom.press("worker-7", card, "accept")
    assert card.pressed == "您已接单"
    with line.house.store.reading() as uow:
        order = uow.orders.get(number)
    assert (order.state, order.assignee) == ("accepted", "worker-7")
    line.wecom.press("worker-7", card, "refuse")
    with line.house.store.reading() as uow:
        assert uow.orders.get(number).state == "accepted"


def test_wecom_checks_our_address_and_forged_events_are_refused(line: Line) -> None:
    assert line.wecom.check_address() == (200, "5927349568")
    event = line.wecom.event("worker-7", "template_card_event", EventKey="accept", TaskId="offer:1:1")
    assert line.wecom.bring(event, msg_signature="0" * 40) == 403
    line.wecom.expire_token()


@pytest.mark.parametrize("name", ["entity_expansion", "external_entity", "no_xml", "cut_off", "empty"])
def test_wecom_takes_nothing_that_is_no_event_and_tells_nothing_of_it(name: str, shared_line: Line) -> None:
    body = (Path(__file__).parent / f"samples/wechat_bad/{name}.xml").read_bytes()
    query = {"timestamp": str(int(time.time())), "nonce": "1", "msg_signature": "0" * 40}
    answer = httpx.post(shared_line.wecom.url, params=query, content=body, verify=NO_TLS)
    assert answer.status_code < 500
    assert answer.text == ""
    huge = httpx.post(shared_line.wecom.url, params=query, content=b"x" * 300_000, verify=NO_TLS)
    assert huge.status_code == 413


def test_pictures_that_the_worker_sent_come_with_the_news(line: Line) -> None:
    elder = add_elder(line)
    add_worker(line)
    daughter, son = AtWeChat(line), AtTelegram(line)
    follows(daughter)
    bind(line, elder, sender(daughter))
    bind(line, elder, f"telegram:{son.number}", "儿子")
    bind(line, elder, "13809510005", "侄子")
    reads_the_first_event(line)
    line.wecom.members.add("worker-7")
    number = place(line, elder)
    move(line, number, Move.OFFER, worker="worker-7")
    move(line, number, Move.ACCEPT, assignee="worker-7")
    pictures = [b"\xff\xd8\xff\xe0" + bytes([n]) * 500 for n in range(2)]
    line.wechat.faults.append(("media/upload", 502))
    for picture in pictures:
        assert line.wecom.sends_picture("worker-7", picture) == 200
    assert line.wecom.sends_picture("worker-8", pictures[0]) == 200
    wait_until(lambda: len(line.wecom.texts.get("worker-7", ())) == 2)
    assert "王桂兰" in line.wecom.texts["worker-7"][0]
    move(line, number, Move.START, place="门口")
    move(line, number, Move.FINISH, photos=["a", "b"])
    wait_until(lambda: len(line.wechat.pictures.get(daughter.openid, ())) == 2)
    assert sorted(line.wechat.pictures[daughter.openid]) == pictures
    wait_until(lambda: len([message for message in son._mine() if "photo" in message]) == 2)
    shown = [
        line.telegram.files[message["photo"][0]["file_id"]] for message in son._mine() if "photo" in message
    ]
    assert sorted(shown) == pictures
    assert "拍了2张照片" in next(text for text in line.wechat.texts(daughter.openid) if "办好了" in text)
    wait_until(lambda: any("办好了" in text for _, text in line.sms.sent))
    assert "工作人员那里" in next(text for _, text in line.sms.sent if "办好了" in text)


def test_a_worker_without_work_is_told_that_the_picture_was_not_kept(line: Line) -> None:
    line.wecom.members.add("worker-7")
    assert line.wecom.sends_picture("worker-7", b"\xff\xd8\xff\xe0") == 200
    wait_until(lambda: line.wecom.texts.get("worker-7"))
    assert "没有正在办的单子" in line.wecom.texts["worker-7"][0]


def test_once_a_month_relatives_get_the_numbers_of_the_month_before(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    elder = add_elder(line)
    daughter, blind = AtWeChat(line), AtTelegram(line)
    follows(daughter)
    bind(line, elder, sender(daughter))
    bind(line, elder, f"telegram:{blind.number}", "邻居", Rights(order=True, see=False, emergency=True))
    reads_the_first_event(line)
    with line.house.store.unit_of_work() as uow:
        uow.mail.advance("news summaries", uow.mail.position("news summaries"), 202611)
        uow.commit()
    move(line, place(line, elder, "1"), Move.CANCEL, reason="不要了")
    place(line, elder, "2")
    monkeypatch.setattr("tests.integration.channels.test_family.TEN", datetime(2026, 12, 1, 9, 5))
    shown = line.wechat.texts(daughter.openid)
    wait_until(lambda: any("上个月" in text for text in shown))
    (told,) = [text for text in shown if "上个月" in text]
    assert "王桂兰上个月一共办了0件事。还有1件正在办。取消了1件。" in told
    assert blind._mine() == []


def test_a_relative_on_wechat_who_is_rung_answers_the_emergency_by_a_key(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.integration.channels.test_family.TEN", local_now())
    elder = add_elder(line, Contact("王强", "13809510009", "儿子"))
    daughter = AtWeChat(
        line
    )  # she does not follow the account any more, and her number takes no short messages
    bind(line, elder, sender(daughter))
    line.keeper.verify_phone(sender(daughter), "13809510005")
    line.sms.unknown.add("13809510005")
    reads_the_first_event(line)
    elder_says(line, "我摔倒了起不来", 1)
    rules = load_outbound_rules()
    book = CallBook(line.house.store, rules, local_now)
    claimed: list[OutboundCall] = []

    def rung() -> bool:
        claimed.extend(call for call in [book.claim_next()] if call)
        return bool(claimed)

    wait_until(rung)
    (call,) = claimed
    assert (call.phone, call.reason) == ("13809510005", "alert")
    said = SpokenMessage(book.kind_of(call), call.text, rules)
    said.acknowledged = True  # by key 1: tests/unit/bot/test_spoken_message.py
    book.note(call, Result.REACHED, said)
    wait_until(lambda: any("已经赶过去了" in text for _, text in line.sms.sent))
    with line.house.store.reading() as uow:
        told = [alert for task in uow.tasks.open() for alert in uow.alerts.of_task(task.id or 0)]
    assert [alert.person for alert in told if alert.acknowledged_at] == ["13809510005"]
    assert all(person == "13809510009" for person, text in line.sms.sent if "已经赶过去了" in text)


def test_whoever_ordered_for_somebody_without_a_binding_sees_no_pictures(line: Line) -> None:
    elder = add_elder(line)
    stranger = AtWeChat(line)
    follows(stranger)
    reads_the_first_event(line)
    number = place(line, elder, caller=sender(stranger), beneficiary="邻居")
    line.keeper.keep_picture_of_work(number, "1", b"\xff\xd8\xff\xe0" + bytes(100))
    move(line, number, Move.ACCEPT, assignee="worker-7")
    move(line, number, Move.FINISH, photos=["a"])
    shown = line.wechat.texts(stranger.openid)
    wait_until(lambda: any("办好了" in text for text in shown))
    assert "工作人员那里" in shown[-1]
    assert line.wechat.calls.count("media/upload") == 0


def test_a_picture_that_comes_after_the_work_is_sent_after_the_news(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.integration.channels.test_family.TEN", local_now())
    elder = add_elder(line)
    add_worker(line)
    daughter = AtWeChat(line)
    follows(daughter)
    bind(line, elder, sender(daughter))
    reads_the_first_event(line)
    line.wecom.members.add("worker-7")
    number = place(line, elder)
    move(line, number, Move.ACCEPT, assignee="worker-7")
    move(line, number, Move.FINISH)
    shown = line.wechat.texts(daughter.openid)
    wait_until(lambda: any("办好了" in text for text in shown))
    picture = b"\xff\xd8\xff\xe0" + bytes(100)
    line.wecom.sends_picture("worker-7", picture)
    wait_until(lambda: line.wechat.pictures.get(daughter.openid) == [picture])
    monkeypatch.setattr("bot.channels.wecom.work.PICTURES_MAY_COME_FOR", timedelta(0))
    line.wecom.sends_picture("worker-7", picture)
    wait_until(lambda: len(line.wecom.texts["worker-7"]) == 2)
    assert "没有正在办的单子" in line.wecom.texts["worker-7"][1]
