"""Who is served: relations, names, oneself; and who is only mentioned."""

import pytest

from config.lexicon import load
from nlu.slots.person import find_in_need, find_people, possible, relation_of_word
from nlu.understanding import Expecting, Person

CODES = [
    "mother",
    "father",
    "parents",
    "mother_in_law",
    "father_in_law",
    "grandmother",
    "grandfather",
    "wife",
    "husband",
    "spouse",
    "son",
    "daughter",
    "daughter_in_law",
    "son_in_law",
    "grandchild",
    "sibling",
    "aunt",
    "uncle",
    "nephew_niece",
    "neighbour",
    "friend",
    "child",
    "elder",
    "other",
]


def people(text: str, expecting: Expecting | None = None) -> list[Person]:
    return [span.person for span in find_people(text, expecting=expecting)]


@pytest.mark.parametrize(
    ("said", "word", "relation"),
    [
        ("给我妈订一份饭", "我妈", "mother"),
        ("给俺爹洗个澡", "俺爹", "father"),
        ("给我大剃个头", "我大", "father"),
        ("给老婆子换药", "老婆子", "wife"),
        ("陪我老伴去医院", "我老伴", "spouse"),
        ("给我丈母娘交电费", "我丈母娘", "mother_in_law"),
        ("给我外奶办津贴", "我外奶", "grandmother"),
        ("给我尕舅订饭", "我尕舅", "uncle"),
    ],
)
def test_relations_in_plain_and_in_dialect(said: str, word: str, relation: str) -> None:
    assert people(said) == [Person(word, relation)]


def test_the_one_who_is_only_mentioned_is_left_out() -> None:
    assert people("我儿子不在家，给我妈订一份饭") == [Person("我妈", "mother")]
    assert people("娃们都在外头") == []


def test_several_people_are_several() -> None:
    assert [person.relation for person in people("我妈和我姨", Expecting.BENEFICIARY)] == ["mother", "aunt"]
    both = people("给我妈订一份送到长城花园，给我姨订一份送到北塔村")
    assert [person.text for person in both] == ["我妈", "我姨"]


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("我爸我妈都要体检", ["我爸", "我妈"]),
        ("给爷爷奶奶理发", ["爷爷", "奶奶"]),
        ("给我孩子他爸理发", ["我孩子他爸"]),
    ],
)
def test_two_who_are_named_in_one_breath_are_two(text: str, both: list[str]) -> None:
    assert [person.text for person in people(text)] == both


def test_parents_are_one_answer() -> None:
    assert people("给我爸妈订饭") == [Person("我爸妈", "parents")]


@pytest.mark.parametrize(
    ("said", "text", "relation", "name"),
    [
        ("给隔壁李大爷订饭", "隔壁李大爷", "neighbour", "李大爷"),
        ("给王奶奶送饭", "王奶奶", "elder", "王奶奶"),
        ("给五保户老马申请低保", "五保户老马", "elder", "老马"),
    ],
)
def test_names_with_a_word_of_respect(said: str, text: str, relation: str, name: str) -> None:
    assert people(said) == [Person(text, relation, name)]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("我叫马建国", "马建国"),
        ("马建国，骏马的马", "马建国"),
        ("我叫张凤英，弓长张", "张凤英"),
        ("姓撒，撒种子的撒", "撒"),
        ("叫吴桂芝，口天吴", "吴桂芝"),
        ("大名虎维成，小名叫拴牢", "虎维成"),
        ("欧阳秀兰", "欧阳秀兰"),
        ("哈文海", "哈文海"),
    ],
)
def test_names_when_a_name_was_asked_for(said: str, name: str) -> None:
    assert [person.name for person in people(said, Expecting.NAME)] == [name]


@pytest.mark.parametrize("said", ["我自己", "给我", "本人", "就我", "给我自己", "我自己用", "就我一个人"])
def test_oneself(said: str) -> None:
    assert [person.relation for person in people(said, Expecting.BENEFICIARY)] == ["self"]


@pytest.mark.parametrize(
    "said",
    ["我自己去不了", "姑娘，给我订一份饭", "高血压的药没了", "马上来", "护工保险哪家公司的好", "马路边上"],
)
def test_nobody_is_named(said: str) -> None:
    assert people(said) == []


def test_every_relation_code_of_the_lexicon_is_known_and_complete() -> None:
    relations = load("relations")["relations"]
    assert sorted(relations) == sorted(CODES)
    for code, relation in relations.items():
        assert relation["words"], code
        assert isinstance(relation["same_home"], bool), code
        assert isinstance(relation["contact_is"], list), code


def test_no_relation_word_belongs_to_two_relations() -> None:
    words = [word for relation in load("relations")["relations"].values() for word in relation["words"]]
    assert len(words) == len(set(words))
    assert set(relation_of_word().values()) <= set(CODES)


@pytest.mark.parametrize(
    ("said", "name", "relation"),
    [
        ("我父亲叫王占山", "王占山", "father"),
        ("我那口子，周长顺", "周长顺", "spouse"),
        ("老人叫哈成林，哈密的哈", "哈成林", "elder"),
    ],
)
def test_a_name_after_a_relation_is_one_person_with_both(said: str, name: str, relation: str) -> None:
    assert people(said, Expecting.BENEFICIARY) == [Person(name, relation, name)]


def test_an_answer_that_mentions_somebody_else_names_only_the_one_served() -> None:
    assert people("我儿子不在家，给我妈订", Expecting.BENEFICIARY) == [Person("我妈", "mother")]


def test_the_one_who_is_said_not_to_be_meant_is_left_out() -> None:
    assert people("不是我妈，是我爸", Expecting.CONFIRM) == [Person("我爸", "father")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("上月给老田报的扶手", ["老田"]),
        ("帮老王头取药", ["老王头"]),
        ("老田说你们这儿能办", []),
        ("给老家寄个包裹", []),
    ],
)
def test_a_familiar_name_counts_alone_where_something_is_done_for_it(text: str, found: list[str]) -> None:
    assert [text[one.start : one.end] for one in possible(text)] == found


def test_a_case_and_a_villager_are_people_to_serve() -> None:
    for text, said in [("褥疮的病号要换药", "病号"), ("一名精神障碍群众需要评残", "一名精神障碍群众")]:
        assert said in [text[one.start : one.end] for one in possible(text)]


@pytest.mark.parametrize("text", ["给我们这儿送", "今儿个来", "等一会儿", "哪儿都行", "那点事儿"])
def test_the_ending_of_another_word_is_no_son(text: str) -> None:
    assert possible(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("帮老岳母把认证办了", "老岳母"),
        ("给我家老二申请个救助", "我家老二"),
        ("给对门那家孤寡老汉送碗饭", "对门那家孤寡老汉"),
        ("给我祖奶办个津贴", "我祖奶"),
    ],
)
def test_a_person_is_named_in_full(text: str, said: str) -> None:
    assert [text[span.start : span.end] for span in find_people(text)] == [said]


@pytest.mark.parametrize("text", ["给残疾人生活补贴报上名", "有没有给老年人的优惠"])
def test_people_in_general_are_nobody_to_serve(text: str) -> None:
    assert possible(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("孙子噎住了脸都紫了", "孙子"), ("村里有个小伙子掉河里了", "小伙子"), ("娃吞了个钮扣", "娃")],
)
def test_an_alarm_speaks_of_whoever_it_names(text: str, said: str) -> None:
    assert [text[span.start : span.end] for span in find_in_need(text)] == [said]


def test_an_alarm_does_not_speak_of_somebody_away() -> None:
    assert find_in_need("儿子在外地打工，我摔倒了") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("给隔壁老马家的老太太剪剪指甲", ["隔壁老马家的老太太"]),
        ("给我们庄上的老刘报护理补贴", ["我们庄上的老刘"]),
        ("打我老伴电话", []),
        ("有事联系我女儿", []),
        ("帮我联系我爸的家庭医生", ["我爸"]),
        ("他打我妈", ["我妈"]),
        ("我爸电话打不通，怕出事", ["我爸"]),
        ("给我妈的手机充五十块话费", ["我妈"]),
    ],
)
def test_whoever_is_only_to_be_rung_up_is_not_served(text: str, found: list[str]) -> None:
    assert [text[span.start : span.end] for span in find_people(text)] == found
