"""Danger and what is none, as people tell it on the telephone: asked for a call, beside a request, by swindlers."""

import pytest

from nlu.danger import find_danger

LITTLE_LIKELY = 0.12  # what the classifier makes of a chore with a danger beside it
HARDLY_LIKELY = 0.005  # what a classifier thinks of a sentence that is mostly a request


@pytest.mark.parametrize(
    "text",
    [
        "打我爸电话 138",
        "你们打我妈的电话",
        "到了打我老伴手机",
        "有人打电话找我",
        "打我爸家里的座机",
        "有人打电话说我儿子出事了，让我汇五万块钱",
        "昨天就晕了，今天好些了",
        "帮我买瓶农药，地里有虫",
        "没流血",
        "给我爸妈打扫卫生",
        "给爸妈打个饭",
        "煤气味倒没有，就是怕以后有，给装个报警的",
        "上周胸口疼得厉害，现在好了，想约陪诊",
    ],
)
def test_a_call_a_swindler_and_what_is_over_are_no_danger(text: str) -> None:
    assert find_danger(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("我妈最近老说活着没意思，你们能不能派个人去陪陪她", "suicide"),
        ("我爸老念叨活着没啥意思，想请人来陪他说说话", "suicide"),
        ("买瓶农药，我不想给娃添麻烦了", "suicide"),
        ("我想订个饭，儿子不给我吃，还打我", "violence"),
        ("儿媳妇打我", "violence"),
        ("楼上打架呢，女的哭得厉害", "violence"),
        ("给我妈打扫，我胸口疼得厉害", "chest"),
        ("明天中午送饭，我胸口疼得厉害", "chest"),
        ("订饭，我喘不上气了", "breathing"),
    ],
)
def test_a_request_beside_it_does_not_hide_it(text: str, kind: str) -> None:
    danger = find_danger(text, emergency_confidence=HARDLY_LIKELY)
    assert danger is not None
    assert danger.kind == kind


@pytest.mark.parametrize("text", ["明天来打扫卫生，屋里一股煤气味", "给我妈打扫，我爸嘴歪了说不出话"])
def test_a_chore_beside_it_does_not_hide_it(text: str) -> None:
    assert find_danger(text, emergency_confidence=LITTLE_LIKELY) is not None


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("打我爸电话没人接，他一个人在家", "no_answer", "110"),
        ("我把钥匙锁屋里了，两岁的孙子一个人在屋里头", "trapped", "119"),
        ("我出去倒垃圾，门锁上了，锅还在火上呢", "fire", "119"),
        ("孙子发烧三十九度，抽了一下", "unconscious", "120"),
        ("他打我，我打电话也没人管", "violence", "110"),
    ],
)
def test_danger_that_was_missed_or_named_wrongly(text: str, kind: str, number: str) -> None:
    danger = find_danger(text)
    assert danger is not None
    assert (danger.kind, danger.call) == (kind, number)
