"""Which of the possible answers was meant."""

import pytest

from config.hearing import load_hearing_words
from voice.hearing.recogniser import Hint, Reading
from voice.hearing.weighing import (
    DISAGREED,
    MOST,
    Candidate,
    by_share,
    candidates,
    readings,
    unsure,
    weighed,
    written_otherwise,
)

WORDS = load_hearing_words()
CONFIRM, TIME, PHONE, DETAIL = Hint("confirm"), Hint("time"), Hint("phone"), Hint("detail")


def texts(read: list[str], grammar: str, hint: Hint) -> dict[str, Candidate]:
    return {one.text: one for one in candidates(dict.fromkeys(read, 1.0), grammar, hint, WORDS)}


def test_answers_near_what_was_read_and_near_what_the_grammar_heard_are_candidates() -> None:
    found = texts(["晨期六下午"], "星期六下午四", TIME)
    assert next(iter(found)) == "星期六下午"
    assert found["星期六下午"].read > 0 and found["星期六下午"].grammar > 0
    assert len(found) <= MOST


def test_yes_and_no_are_always_weighed_against_each_other() -> None:
    assert {"对", "不对", "不是"} <= set(texts(["行"], "", CONFIRM))


def test_the_grammar_is_not_asked_about_what_it_does_not_know() -> None:
    assert texts(["不对是后天"], "不对", CONFIRM)["不对是后天"].grammar == 0


def test_a_digit_that_was_swallowed_is_put_back_and_noise_around_a_number_taken_off() -> None:
    assert "一三九九五一一零零二二" in texts(["139 951 0022"], "", PHONE)
    assert "一五二零九五六七八八九" in texts([], "八幺五二零九五六七八八九二", PHONE)


def test_what_is_likely_and_near_both_opinions_weighs_most() -> None:
    found = {Candidate("对", read=1.0): (-6.0, 2), Candidate("不对", grammar=1.0): (-12.0, 2)}
    assert [one.text for one in weighed(found, CONFIRM, WORDS)] == ["对", "不对"]


def test_what_most_of_the_readings_say_weighs_more() -> None:
    read = by_share([("对", -0.3), ("对", -0.9), ("不对", -1.1)])
    assert sum(read.values()) == pytest.approx(1.0)
    found = {one.text: one for one in candidates(read, "", CONFIRM, WORDS)}
    assert found["对"].read == found["不对"].read == 1.0
    assert found["对"].believed > 2 * found["不对"].believed
    alike = {found["对"]: (-6.0, 2), found["不对"]: (-6.0, 2)}
    assert weighed(alike, CONFIRM, WORDS)[0].text == "对"


def test_whole_numbers_weigh_more() -> None:
    found = {Candidate("一三九九五一零零二二"): (-8.0, 13), Candidate("一三九九五一一零零二二"): (-8.5, 14)}
    assert weighed(found, PHONE, WORDS)[0].text == "一三九九五一一零零二二"


def test_one_reading_for_each_meaning_and_less_sure_the_nearer_the_next_meaning_is() -> None:
    clear = {Candidate("对"): (-2.0, 2), Candidate("是的"): (-2.1, 2), Candidate("不对"): (-20.0, 2)}
    open_ = clear | {Candidate("不是"): (-2.2, 2)}
    sure, unsure = (readings(weighed(found, CONFIRM, WORDS), CONFIRM, WORDS) for found in (clear, open_))
    assert [one.text for one in sure] == ["对", "不对"]
    assert sure[0].confidence > 0.9 > 0.6 > unsure[0].confidence
    assert 0.99 < sum(one.confidence for one in unsure) < 1.01


def test_two_words_for_one_day_are_one_meaning() -> None:
    found = {Candidate("后儿"): (-2.0, 2), Candidate("后天"): (-2.1, 2), Candidate("明天"): (-9.0, 2)}
    assert [one.text for one in readings(weighed(found, TIME, WORDS), TIME, WORDS)] == ["后儿", "明天"]


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("量紧肉", "两斤肉"),
        ("一同油", "一桶油"),
        ("自带面粉", "四袋面粉"),
        ("一项牛买", "一箱牛奶"),
        ("6个饭头", "六个馒头"),
    ],
)
def test_how_much_of_what_is_found_by_its_sound(read: str, meant: str) -> None:
    assert meant in texts([read], "", DETAIL)


@pytest.mark.parametrize("read", ["水龙头漏水了", "交电费", "去人民医院看病", "我家下水道堵了", "残疾证丢了"])
def test_other_things_that_are_told_are_no_shopping(read: str) -> None:
    assert max((one.read for one in texts([read], "", DETAIL).values()), default=0.0) < 0.3


def test_an_answer_that_sounds_just_like_what_was_read_is_meant() -> None:
    found = candidates({"6个蛮头": 1.0}, "", DETAIL, WORDS)
    assert written_otherwise("6个蛮头", found, DETAIL, WORDS) == "六个馒头"
    assert written_otherwise("六个买头", found, DETAIL, WORDS) is None
    assert written_otherwise("对", candidates({"对": 1.0}, "", CONFIRM, WORDS), CONFIRM, WORDS) is None


def test_what_is_doubted_is_asked_for_again() -> None:
    assert [one.confidence for one in unsure((Reading("嗯", 0.99), Reading("不", 0.01)))] == [DISAGREED, 0.01]
