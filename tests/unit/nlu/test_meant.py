"""What somebody has, asks about or says of something else is no request."""

from __future__ import annotations

from datetime import datetime

import pytest

from nlu.meant import asks_of_a_payment, beside_what_is_had, is_off_topic
from nlu.parse import load_parser

NOW = datetime(2026, 11, 24, 9, 30)


def left(text: str) -> str:
    return "".join(text[place] for place in beside_what_is_had(text))


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("评过中度失能，想洗澡", "想洗澡"),
        ("我有残疾证，想申请补贴", "想申请补贴"),
        ("我妈有残疾证，二级的，想洗个澡", "想洗个澡"),
        ("低保户，能不能免费送饭", "能不能免费送饭"),
        ("医保卡在我这，给我妈取个药", "给我妈取个药"),
        ("给我妈去医院开药，她医保卡在我这", "给我妈去医院开药，"),
        ("失能等级评下来了，三级，可以约助浴了吧", "可以约助浴了吧"),
        ("领着高龄津贴呢想订个午饭", "想订个午饭"),
        ("用护理补贴给我妈订饭", "给我妈订饭"),
        ("我爸八十五了，有老年证，能送饭不", "我爸八十五了，能送饭不"),
    ],
)
def test_what_is_had_is_set_aside(said: str, wish: str) -> None:
    assert left(said) == wish


@pytest.mark.parametrize(
    "said",
    [
        "想办残疾证", "我没有残疾证，想办一个", "给我妈评一下中度失能", "社保卡丢了", "申请高龄津贴", "想领养老金",
        "医保没交，帮我交一下", "把残疾证给我送来", "我要交医保",
    ],
)  # fmt: skip
def test_what_is_wanted_or_lacking_is_not(said: str) -> None:
    assert left(said) == said


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        ("评过中度失能，想洗澡", {"bath"}),
        ("医保卡给你，帮我买点降压药", {"errand"}),
        ("社保卡带着呢，陪我妈去挂个号", {"medical_escort"}),
        ("我妈有医保，陪她去看病", {"medical_escort"}),
        ("领着高龄津贴呢，想订个午饭", {"meal"}),
        ("家里是低保，想装个扶手", {"home_adaptation"}),
        ("我想登记失业，我有残疾证", {"employment_support"}),
        ("有残疾证，想上门评一下失能等级", {"ability_assessment"}),
        # What is had is what it is about: the whole counts.
        ("社保卡带着呢，激活一下", {"social_security_card"}),
        ("我有残疾证，想换个新的", {"disability_certificate"}),
    ],
)
def test_only_the_wish_is_a_request(said: str, labels: set[str]) -> None:
    assert set(load_parser().parse(said, now=NOW).names()) == labels


@pytest.mark.parametrize(
    "said",
    [
        "这个月高龄津贴咋没发",
        "低保咋停了",
        "凭啥把我的护理补贴断了",
        "养老金怎么少了",
        "津贴少发了一百，咋回事",
    ],
)
def test_a_question_about_a_payment_is_no_application(said: str) -> None:
    assert asks_of_a_payment(said)
    assert load_parser().parse(said, now=NOW).names() == ("policy_question",)


@pytest.mark.parametrize(
    "said", ["低保停了，帮我重新申请", "养老金咋没发，给我认证一下", "人没了养老金停掉", "我要申请低保"]
)
def test_what_is_to_be_done_about_a_payment_stays_a_request(said: str) -> None:
    assert not asks_of_a_payment(said)


@pytest.mark.parametrize(
    "said",
    ["今天星期几", "几号了", "后天下雨不", "明天天气咋样", "把灯关了", "打开卧室的灯", "我要办护照", "驾照换一下",
     "喂，银行吗，我的卡被吞了", "车没电了，找人来搭个电"],
)  # fmt: skip
def test_what_is_none_of_ours_is_no_request(said: str) -> None:
    assert load_parser().parse(said, now=NOW).names() == ("out_of_scope",)


@pytest.mark.parametrize(
    "said",
    ["灯打不开了", "电视坏了", "后天来打扫", "几点来", "师傅几号来", "我要办残疾证", "物业不管，水管漏了"],
)
def test_what_may_be_ours_is_read_on(said: str) -> None:
    assert not is_off_topic(said)


def test_a_fever_is_no_alarm_and_is_asked_about() -> None:
    heard = load_parser().parse("我妈发烧了", now=NOW)
    assert heard.danger is None
    assert heard.names() == ("medical_escort",)
    assert not heard.sure
