"""Before a sentence is kept: personal data masked, one line. After it was labelled: into a data file, once."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.data_files import Example, read_file, write_file
from nlu.parse import load_parser
from nlu.review import Reviewed, UnknownLabelError, export_reviewed, key_of, mask, read_labels

NOW = datetime(2026, 11, 24, 9, 30)


def masked(text: str, *names: str) -> str:
    return mask(text, load_parser().parse(text, now=NOW).slots, names)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("我电话13900123456", "我电话00000000000"),
        ("打139 0951 0001这个电话", "打000 0000 0000这个电话"),
        ("幺三九零零一二三四五六", "零" * 11),
        ("身份证640102195001011234", "身份证000000000000000000"),
        ("要3份", "要3份"),
        ("我叫王桂兰，那个啥弄一下", "我叫某某，那个啥弄一下"),
        ("我男人叫马金宝嘛，瘫了三年了", "我男人叫某某嘛，瘫了三年了"),
        ("我妈李秀英腿疼", "我妈某某腿疼"),
        ("送到金凤区长城花园三号楼二单元501", "送到某地"),
        ("还送到老地方", "还送到老地方"),
    ],
)
def test_numbers_names_and_addresses_are_masked(said: str, kept: str) -> None:
    assert masked(said) == kept


def test_names_of_the_records_are_masked_wherever_they_stand() -> None:
    assert masked("买买提江他那个证，就是買買提江的", "买买提江", "李") == "某某他那个证，就是某某的"


def test_a_sentence_becomes_one_line_that_a_data_file_can_hold(tmp_path: Path) -> None:
    text = mask('- 那个[啥](nonsense)\n弄\x07一\u2028下 {"a"\ud800')
    assert text == '- 那个(啥)(nonsense) 弄 一 下 {"a"'
    write_file(tmp_path / "one.yml", [Example(text, ("meal",))])
    assert [example.spans for example in read_file(tmp_path / "one.yml")] == [()]


@given(st.text(max_size=60))
def test_whatever_was_said_masks_to_something_printable_and_masks_no_further(said: str) -> None:
    once = mask(said)
    assert once.isprintable()
    assert mask(once) == once


def test_two_writings_of_one_sentence_have_one_key() -> None:
    assert key_of("那个，啥！") == key_of("那个 啥") == "那个啥"
    assert key_of("🍚……") == ""


def test_labels_are_read_and_unknown_ones_named() -> None:
    assert read_labels(" meal + bath+meal") == ("meal", "bath")
    with pytest.raises(UnknownLabelError, match="unknown: nonsense; known: ability_assessment"):
        read_labels("meal+nonsense")


def test_labelled_sentences_go_into_a_data_file_once(tmp_path: Path) -> None:
    sentences = [
        Reviewed("给我弄些吃的，电话13900123456", ("meal",)),
        Reviewed("给我弄些吃的 电话13900123456", ("meal",)),
        Reviewed("就头先说的那个", ("inform",), "detail"),
        Reviewed("……", ("meal",)),
    ]
    target = tmp_path / "data" / "reviewed.yml"
    assert export_reviewed(sentences, target, data=tmp_path / "data") == 2
    assert export_reviewed(sentences, target, data=tmp_path / "data") == 0
    assert [(one.labels, one.text, one.expecting, one.style) for one in read_file(target)] == [
        (("inform",), "就头先说的那个", "detail", "reviewed"),
        (("meal",), "给我弄些吃的，电话00000000000", None, "reviewed"),
    ]
