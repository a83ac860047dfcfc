import pytest

from voice.speaking import phonemes
from voice.speaking.segmentation import words_of
from voice.speaking.voice import SpeakingError


@pytest.mark.parametrize(
    ("pinyin", "read"),
    [("ni3", "ni↓"), ("zhong1", "ꭧʊ→ŋ"), ("shi4", "ʂɨ↘"), ("zi5", "ʦɨ"), ("xi1", "ɕi→"), ("yuan2", "ɥɛ↗n"), ("nv3", "ny↓"),
     ("lüe4", "lɥe↘"), ("er4", "ɚ↘"), ("wo3", "wo↓"), ("qu4", "ʨʰy↘"), ("jiu3", "ʨjou↓"), ("weng1", "wə→ŋ"), ("yi1", "i→")],
)  # fmt: skip
def test_a_syllable_is_read_as_the_voice_was_trained(pinyin: str, read: str) -> None:
    assert phonemes.syllable(pinyin) == read


def test_what_is_no_syllable_is_refused() -> None:
    with pytest.raises(SpeakingError, match="no syllable"):
        phonemes.syllable("xyz1")


def test_each_character_knows_where_it_ends() -> None:
    read = phonemes.read("您好，明天")
    assert len(read.ends) == 5
    assert list(read.ends) == sorted(set(read.ends))
    assert read.ends[-1] == len(read.ids)


@pytest.mark.parametrize("text", ["", "。", "，，"])
def test_nothing_to_speak_is_an_error(text: str) -> None:
    with pytest.raises(SpeakingError):
        phonemes.read(text)


def test_rare_characters_are_left_out_and_keep_their_place() -> None:
    assert len(phonemes.read("好\u4dbf吗").ends) == 3


@pytest.mark.parametrize(
    ("run", "words"),
    [("明天上午八点", ["明天", "上午", "八点"]), ("安排好了", ["安排", "好", "了"]), ("给您母亲安排送餐", ["给", "您", "母亲", "安排", "送餐"]),
     ("大夫来了", ["大夫", "来", "了"]), ("", [])],
)  # fmt: skip
def test_text_is_cut_into_words(run: str, words: list[str]) -> None:
    assert words_of(run) == words


def test_a_reading_of_the_region_goes_before_the_dictionary() -> None:
    assert phonemes.syllable("dai4") in _signs("大夫")


def _signs(text: str) -> str:
    table = {number: sign for sign, number in phonemes._table()["symbols"].items()}
    return "".join(table[ident] for ident in phonemes.read(text).ids)
