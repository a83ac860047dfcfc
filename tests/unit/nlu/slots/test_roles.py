"""In which role somebody is spoken of: served, dead, looking after another, opening the door, …"""

import pytest

from config.lexicon import load
from nlu.slots.person import find_people
from nlu.slots.roles import is_plain, role_of


@pytest.mark.parametrize(
    ("text", "word", "role"),
    [
        ("父母都不在了，给我哥办残疾证", "父母", "dead"),
        ("我公公前年走的，给婆婆订饭", "我公公", "dead"),
        ("我爷爷奶奶都过世了", "我爷爷", "dead"),
        ("舅妈照顾不过来", "舅妈", "carer"),
        ("我妈照顾我爸累坏了", "我妈", "carer"),
        ("周末我姐去做", "我姐", "does_it"),
        ("邻居王婶介绍的", "邻居王婶", "told_it"),
        ("我弟给你们开门", "我弟", "lets_in"),
        ("钥匙在我姐那", "我姐", "lets_in"),
        ("那个钱是我儿子出", "我儿子", "pays"),
        ("户名是我老伴", "我老伴", "account"),
        ("监护人是我妈", "我妈", "stands_for"),
        ("我妈是监护人", "我妈", "stands_for"),
        ("我跟我儿子一块儿过", "我儿子", "lives_with"),
        ("送到我女儿家", "我女儿", "lives_with"),
        ("给我儿子寄点东西", "我儿子", "receives"),
        ("我爸留下的轮椅", "我爸", "gave_it"),
        ("我伺候我妈走不开", "我妈", "looked_after"),
    ],
)
def test_who_is_only_spoken_of(text: str, word: str, role: str) -> None:
    start = text.index(word)
    assert role_of(text, start, start + len(word)) == role


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("我妈走不了路，想洗澡", "我妈"),
        ("我爸的药没了", "我爸"),
        ("想找人照顾我妈", "我妈"),
        ("给我妈打个电话问问", "我妈"),
        ("到我妈家打扫", "我妈"),
        ("我妈说她不舒服", "我妈"),
    ],
)
def test_who_may_be_served(text: str, word: str) -> None:
    start = text.index(word)
    assert role_of(text, start, start + len(word)) is None


@pytest.mark.parametrize(
    ("text", "word"), [("孙子要理发", "孙子"), ("打扫卫生，我爸家太脏了", "我爸"), ("给我妈送饭", "我妈")]
)
def test_who_plainly_wants_something(text: str, word: str) -> None:
    start = text.index(word)
    assert is_plain(text, start, start + len(word))


@pytest.mark.parametrize(
    ("text", "word"),
    [("我儿子要上班", "我儿子"), ("我妈想我爸", "我妈"), ("在我妈家，太脏了", "我妈"), ("我妈腿疼", "我妈")],
)
def test_who_does_not(text: str, word: str) -> None:
    start = text.index(word)
    assert not is_plain(text, start, start + len(word))


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("我爷爷耳朵背，奶奶做不动饭了，给爷爷订午饭", ["爷爷"]),
        ("我爸住院了，我妈在家没人做饭，给我妈送饭", ["我妈"]),
        ("我妈要洗澡，我婆婆也要", ["我妈", "我婆婆"]),
        ("给我爸和我妈理发", ["我爸", "我妈"]),
        ("给老人订饭，我妈牙不好", ["我妈"]),
    ],
)
def test_whom_it_is_plainly_for(text: str, whom: list[str]) -> None:
    assert [span.person.text for span in find_people(text)] == whom


@pytest.mark.parametrize(
    ("text", "word", "relation"),
    [
        ("给我爸的妈妈打扫", "我爸的妈妈", "grandmother"),
        ("我对象他妈想洗澡", "我对象他妈", "mother_in_law"),
        ("我孩子姥爷想理发", "我孩子姥爷", "other"),
        ("娃他爸要理发", "娃他爸", "husband"),
        ("给我老公爷爷理发", "我老公爷爷", "grandfather"),
    ],
)
def test_who_is_called_by_way_of_a_relative(text: str, word: str, relation: str) -> None:
    (span,) = find_people(text)
    assert (span.person.text, span.person.relation) == (word, relation)


def test_every_role_that_counts_only_beside_others_is_one() -> None:
    lexicon = load("relations")
    assert set(lexicon["only_beside"]) <= set(lexicon["roles"])
