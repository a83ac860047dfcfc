"""Everyday troubles, burst pipes and what lasts are no danger; those who beat, scald or throw out are one."""

import pytest

from nlu.danger import find_danger, speaks_against


@pytest.mark.parametrize(
    "text",
    [
        "水管爆了，水流得满地都是，快来人",
        "暖气管裂了，屋里都是水，赶紧来",
        "我妈家里停电了，一个人害怕",
        "我想拾掇一哈屋里",
        "敲不开门就打我电话",
        "要是她不开门就使劲敲",
        "她老摔跤",
        "她最近血糖高",
        "电快没了，给我充一百",
        "我妈的金戒指不见了",
        "他把我说得绕晕了",
    ],
)
def test_a_trouble_beside_a_call_for_help_is_no_danger(text: str) -> None:
    assert find_danger(text) is None


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("水管爆了，我滑倒了起不来，快来人", "fall", "120"),
        ("停电了，我妈的制氧机不转了，快来人", "breathing", "120"),
        ("女婿打我妈", "violence", "110"),
        ("儿媳妇把我撵出来了", "violence", "110"),
        ("有个人天天在我妈门口转，她害怕", "violence", "110"),
        ("我妈让开水烫了", "burn", "120"),
        ("我妈中暑了", "other", "120"),
        ("老汉尿不出来，憋了一天", "other", "120"),
        ("活着真没劲", "suicide", "120"),
        ("不想拖累你们了", "suicide", "120"),
        ("我等死算了", "suicide", "120"),
        ("叫车压了", "accident", "120"),
        ("我奶奶丢了", "lost", "110"),
    ],
)
def test_quiet_words_of_danger_are_heard(text: str, kind: str, number: str) -> None:
    danger = find_danger(text)
    assert danger is not None
    assert (danger.kind, danger.call) == (kind, number)


@pytest.mark.parametrize(
    ("text", "against"),
    [
        ("水管爆了，快来人", True),
        ("他下不了床", False),
        ("摔倒了起不来", False),
        ("她血压高", True),
        ("你好", False),
    ],
)
def test_what_speaks_against_a_guess(text: str, against: bool) -> None:
    assert speaks_against(text) is against
