"""Signs of wishes, complaints, questions and courtesies, and what a service is called by what was asked for."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.dialogue import cues, phrasing
from bot.dialogue.memory import Form
from bot.dialogue.notes import note
from config.catalogue import load_catalogue
from config.dispatch import load_dispatch
from config.wording import load_wording

WORDS = load_wording().words


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("wish", "不要男的 要个女的"),
        ("wish", "女的就行"),
        ("wish", "多带个人来"),
        ("wish", "你们去的人耐心点"),
        ("wish", "盐少些"),
        ("wish", "不要打电话，发短信"),
        ("suspects", "你们不会是骗人的吧"),
        ("suspects", "你是哪里的 是不是骗子"),
        ("suspects", "你们是骗子吧"),
        ("asks_who_runs", "你们是政府的还是公司的"),
        ("asks_who_runs", "你们是哪个单位的"),
        ("asks_for_person", "我要跟人说话"),
        ("asks_for_person", "转人工"),
        ("asks_for_person", "换个人来"),
        ("too_dear", "太贵了吧"),
        ("too_dear", "能便宜点不"),
        ("how_to_order", "那个饭咋订呢"),
        ("man_or_woman", "来的是男的还是女的"),
        ("call_back", "你们啥时候给我回话"),
        ("call_back", "你们管不管"),
        ("tells_which", "就昨天打扫卫生的"),
        ("bad_service", "昨天送的饭是凉的"),
        ("praise", "昨天来的那个女娃好得很"),
        ("asks_to_wait", "等一下 我问一下我老伴"),
        ("asks_clock", "现在几点了"),
        ("fraud_call", "公安打电话说我犯法了"),
        ("come_and_do", "能不能叫人到家里帮他们弄"),
        ("come_and_do", "那你们来吧"),
        ("hurries", "急得很"),
        ("mourns", "我爷前天没了"),
        ("place_sign", "老电厂后头"),
    ],
)
def test_the_sentence_carries_the_sign(cue: str, text: str) -> None:
    assert cues.says(cue, text)


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("wish", "我要女儿的地址"),
        ("wish", "买双男鞋"),
        ("who_comes", "要女式的衣服"),
        ("suspects", "你们昨天骗我说人来，结果没来"),
        ("asks_for_person", "多带个人来"),
        ("asks_for_person", "你是机器人吧"),
        ("too_dear", "上次收了我两百，太黑了"),
        ("how_to_order", "咋订了两份"),
        ("tells_which", "昨天那个再给我来一次"),
        ("praise", "干得不好"),
        ("bad_service", "昨天水管坏了"),
        ("asks_to_wait", "等等 改成后天"),
        ("asks_to_wait", "我看看病"),
        ("hurries", "不着急"),
        ("fraud_call", "要我女儿的电话"),
        ("place_sign", "她一个人住"),
        ("small_talk", "家里太冷"),
    ],
)
def test_the_sentence_does_not_carry_the_sign(cue: str, text: str) -> None:
    assert not cues.says(cue, text)


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ("来个女的行不行", "来个女的"),
        ("能不能来两个人", "来两个人"),
        ("是是是 但是要男的来", "要男的来"),
        ("软和点", "软和点"),
    ],
)
def test_a_note_is_the_wish_without_its_politeness(said: str, noted: str) -> None:
    form = Form(id=1, item="bath")
    note(form, said)
    assert form.wishes == [noted]


def test_what_is_a_detail_already_is_noted_no_second_time() -> None:
    form = Form(id=1, item="meal", details=["清淡点"])
    note(form, "清淡点")
    assert form.wishes == []


@pytest.mark.parametrize(
    ("item", "details", "name"),
    [
        ("nursing", ["理个发"], "上门理发"),
        ("nursing", ["理发", "剪指甲"], "上门理发、剪指甲"),
        ("nursing", ["剃头"], "上门理发"),
        ("cleaning", ["擦玻璃"], "上门擦玻璃"),
        ("cleaning", ["打扫", "擦玻璃"], "上门打扫、擦玻璃"),
        ("cleaning", ["玻璃"], ""),
        ("cleaning", [], ""),
        ("meal", ["一份饺子"], ""),
        ("utility_payment", ["水费"], ""),
    ],
)
def test_a_service_is_called_by_what_was_asked_for(item: str, details: list[str], name: str) -> None:
    assert phrasing.called(item, details, WORDS) == name


def test_every_service_with_names_of_its_own_is_in_the_catalogue() -> None:
    assert set(WORDS["called"]) <= set(load_catalogue())


def test_details_are_read_back_once_and_only_what_names_something() -> None:
    assert phrasing.specific("medical_escort", ["骨科", "陪"], "陪诊取药", WORDS) == ["骨科"]
    assert phrasing.specific("nursing", ["理发"], "上门理发", WORDS) == []
    assert phrasing.specific("meal", ["饺子", "午饭"], "送餐", WORDS) == ["饺子"]


def test_the_service_as_a_whole_is_found_beside_a_part_of_it() -> None:
    say = load_catalogue()["cleaning"].say
    assert phrasing.whole_service("cleaning", say, "来打扫卫生，把玻璃也擦一下", WORDS) == "打扫"
    assert phrasing.whole_service("cleaning", say, "擦玻璃", WORDS) == ""
    assert phrasing.whole_service("meal", "送餐", "订饭", WORDS) == ""


def test_the_day_and_the_clock_are_told_in_words() -> None:
    assert phrasing.calendar(datetime(2026, 11, 24, 9, 30), WORDS) == ("十一月二十四号星期二", "上午九点半")


@pytest.mark.parametrize(
    ("wish", "gender"),
    [("要个女的", "f"), ("不要男的 要个女的", "f"), ("要个男的", "m"), ("找个女的", "f"), ("软和点", None)],
)
def test_the_gender_wished_for_is_found_in_the_note(wish: str, gender: str | None) -> None:
    assert load_dispatch().wished_gender([wish]) == gender
