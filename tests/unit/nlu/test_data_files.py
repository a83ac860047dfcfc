"""Data files are read as they are written, and what is wrong in them is named."""

from pathlib import Path

import pytest

from nlu.data_files import (
    Annotation,
    DataFileError,
    Example,
    fingerprint,
    mark_sentence,
    read_file,
    read_folder,
    read_sentence,
    write_file,
)


def test_marked_spans_get_offsets_in_the_plain_text() -> None:
    text, spans = read_sentence("给[我妈](beneficiary)送[三份](detail)饭")
    assert text == "给我妈送三份饭"
    assert [(text[span.start : span.end], span.slot) for span in spans] == [
        ("我妈", "beneficiary"),
        ("三份", "detail"),
    ]


def test_the_long_form_of_a_span_is_read() -> None:
    text, spans = read_sentence('[明儿]{"entity": "time", "value": "2026-11-25"}来')
    assert text == "明儿来"
    assert spans == (Annotation("time", 0, 2, "明儿", "2026-11-25"),)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    text, spans = read_sentence("[明天](time)送饭，再来人打扫")
    examples = [
        Example(text, ("meal", "cleaning"), spans, "elder", None, "a.yml"),
        Example("成", ("affirm",), (), "short", "confirm", "a.yml"),
    ]
    write_file(tmp_path / "a.yml", examples)
    assert read_file(tmp_path / "a.yml") == examples
    assert mark_sentence(examples[0]) == "[明天](time)送饭，再来人打扫"


def test_several_labels_styles_and_questions_are_read(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: meal+bath\n  metadata: {style: elder, expecting: which_item}\n'
        "  examples: |\n    - 送饭洗澡\n",
        encoding="utf-8",
    )
    (example,) = read_folder(tmp_path)
    assert (example.labels, example.style, example.expecting) == (("meal", "bath"), "elder", "which_item")


@pytest.mark.parametrize("content", ["- a\n", "nlu: [\n", "nlu:\n- intent: meal\n  examples: |\n    送饭\n"])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "broken.yml").write_text(content, encoding="utf-8")
    with pytest.raises(DataFileError, match=r"broken\.yml"):
        read_folder(tmp_path)


def test_the_fingerprint_follows_names_and_contents(tmp_path: Path) -> None:
    write_file(tmp_path / "a.yml", [Example("送饭", ("meal",))])
    first = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == first
    write_file(tmp_path / "a.yml", [Example("送面", ("meal",))])
    assert fingerprint(tmp_path) != first
