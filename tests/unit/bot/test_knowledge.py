"""Questions about rules: each finds its own answer, or none."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.dialogue.knowledge import LONGEST, Knowledge
from config.catalogue import load_catalogue
from config.knowledge import KnowledgeError, load_knowledge, read_knowledge
from config.wording import load_wording
from nlu.data_files import read_file

ROOT = Path(__file__).parents[3]
QUESTIONS = ROOT / "tests" / "language" / "knowledge"
KNOWLEDGE = Knowledge()

# Every figure that the public documents and the catalogue give, as it is spoken. An answer may hold no other.
PUBLISHED = {
    "一百到二百", "一百五到二百",  # the two subsidies, yuan a month (000, 001, 002)
    "七成", "三成",  # who pays them (000)
    "五等", "二十二支", "五个", "三个",  # ability assessment (000)
    "五件",  # 高效办成一件事 (000)
    "四大类", "二十项", "四千多", "三十万件", "四十五个", "三十一个", "十六份", "七份", "七趟", "两趟", "十七个",
    "五助", "一护",  # 002
    "一个月", "两次", "一次",  # visits (003)
    "八十岁", "两项",  # catalogue
    "一个", "一等",  # no figures: 在一个地方, 哪一等
}  # fmt: skip
FIGURE = re.compile(
    r"[一二两三四五六七八九十百千万]+(?:到[一二三四五六七八九十百]+|多)?(?:大类|个月|[成等支个件项份趟助护次岁])?"
)


def parts(name: str) -> list[Any]:
    """The parts of this name in all question files."""
    loaded = (yaml.safe_load(path.read_text("utf-8")) for path in sorted(QUESTIONS.glob("*.yml")))
    return [content[name] for content in loaded if name in content]


ANSWERED = [(text, entry) for part in parts("answered") for entry, texts in part.items() for text in texts]
UNANSWERED = [text for part in parts("unanswered") for text in part]
GAPS = [pair for part in parts("gaps") for pair in part.items()]
SPOKEN_OF = [row for part in parts("spoken_of") for row in part]
OF_THE_TRAINING_SET = {text: entry for part in parts("training_set") for text, entry in part.items()}


def found(text: str, *items: str) -> str | None:
    entry = KNOWLEDGE.answer(text, items)
    return entry.id if entry else None


@pytest.mark.parametrize(("text", "entry"), ANSWERED)
def test_a_question_finds_its_entry(text: str, entry: str) -> None:
    assert found(text) == entry


@pytest.mark.parametrize("text", UNANSWERED)
def test_a_question_that_nothing_answers_finds_nothing(text: str) -> None:
    assert found(text) is None


@pytest.mark.parametrize(("text", "entry"), GAPS)
def test_a_known_gap_that_closes_must_move_to_the_answered_questions(text: str, entry: str) -> None:
    assert entry in {each.id for each in load_knowledge().entries}
    assert found(text) is None


@pytest.mark.parametrize("row", SPOKEN_OF, ids=lambda row: f"{row['text']}/{row['item']}")
def test_a_question_that_names_nothing_goes_by_what_is_spoken_of(row: dict[str, Any]) -> None:
    assert found(row["text"]) is None
    assert found(row["text"], row["item"]) == row["finds"]


def test_of_the_training_questions_exactly_those_that_were_read_by_hand_are_answered() -> None:
    """A new answer here must be read by a person before it is entered in training_set.yml."""
    texts = [example.text for example in read_file(ROOT / "nlu" / "data" / "talk" / "policy_question.yml")]
    answers = {text: entry for text in texts if (entry := found(text))}
    assert answers == {text: entry for text, entry in OF_THE_TRAINING_SET.items() if text in texts}


def test_there_are_enough_questions_and_half_of_them_have_no_answer() -> None:
    assert len(ANSWERED) >= 120
    assert len(UNANSWERED) >= 120


def test_every_entry_answers_a_question_of_its_own_item() -> None:
    assert {entry for _, entry in ANSWERED} == {entry.id for entry in load_knowledge().entries}


@pytest.mark.parametrize("more", ["收费吗", "外地户口行不行", "去年是多少", "贵不贵", "几号发"])
@pytest.mark.parametrize(("text", "entry"), ANSWERED[::5])
def test_a_second_question_or_a_special_case_is_never_passed_over(text: str, entry: str, more: str) -> None:
    assert found(f"{text}，{more}") is None


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("我姓马，住在新华街，护理补贴一个月多少钱", "nursing_subsidy_amount"),
        ("护理补贴一个月给多少，顺便给我申请上", "nursing_subsidy_amount"),
        ("護理補貼一個月多少錢", "nursing_subsidy_amount"),
        ("护力补贴一个月多少前？？", "nursing_subsidy_amount"),
    ],
)
def test_what_is_told_besides_and_how_it_is_written_do_not_matter(text: str, entry: str) -> None:
    assert found(text) == entry


def test_an_item_that_is_spoken_of_does_not_change_an_answer_that_needs_none() -> None:
    assert found("护理补贴一个月多少钱", "meal", "bath") == "nursing_subsidy_amount"
    assert found("助餐多少钱一份", "two_subsidies") is None


@pytest.mark.parametrize(
    "text", ["", "   ", "？？？", "\x00\x07", "<script>alert(1)</script>", "a" * 100_000]
)
def test_bad_input_finds_nothing(text: str) -> None:
    assert found(text) is None
    assert found(text, "two_subsidies") is None


def test_a_tale_longer_than_the_limit_is_for_a_person() -> None:
    tale = "我说给你听，" * (LONGEST // 6 + 1)
    assert found(tale + "护理补贴一个月多少钱") is None


@pytest.mark.parametrize("entry", load_knowledge().entries, ids=lambda entry: entry.id)
def test_an_answer_names_its_source_in_a_sentence_that_can_be_said(entry: Any) -> None:
    for sentence in (
        *entry.sentences("spoken"),
        *load_wording().say("policy.source", source=entry.source_name),
    ):
        assert len(re.findall(r"[\u3400-\u9fff\d]", sentence)) <= 22
        assert not re.search(r"[a-zA-Z0-9]", sentence)
    assert entry.sentences("buttons") == entry.sentences("text")
    assert len(entry.sentences("text")) <= 2


@pytest.mark.parametrize("entry", load_knowledge().entries, ids=lambda entry: entry.id)
def test_an_answer_holds_no_figure_that_is_not_published(entry: Any) -> None:
    figures = {figure for figure in FIGURE.findall(entry.spoken) if not re.fullmatch("[一二三四五]", figure)}
    assert figures <= PUBLISHED
    digits = re.sub(r"GB/T 42195-2022", "", entry.text)
    assert not re.search(r"\d", digits)


def test_an_answer_takes_less_than_a_millisecond() -> None:
    texts = [text for text, _ in ANSWERED] + UNANSWERED
    best = min(_seconds(texts) for _ in range(3))
    assert best / len(texts) < 0.001


def _seconds(texts: list[str]) -> float:
    start = time.perf_counter()
    for text in texts:
        KNOWLEDGE.answer(text)
    return time.perf_counter() - start


def minimal(**changes: Any) -> dict[str, Any]:
    entry = {
        "id": "x",
        "item": "meal",
        "aspects": ["amount"],
        "words": ["饭"],
        "answer": "一份饭。",
        "source": "000",
    }
    return {
        "leftover": 1, "harmless": [], "exact": [], "sources": {"000": {"short": "答复", "title": "答复"}},
        "aspects": {"amount": "多少"}, "particular": "外地", "fillers": "的", "asking": "多少", "heard_as": {},
        "entries": [{key: value for key, value in (entry | changes).items() if value is not ...}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": ...}, "has no ['source']"),
        ({"source": "007"}, "not under `sources`"),
        ({"item": "dinner"}, "not in catalogue.yaml"),
        ({"aspects": ["price"]}, "not under `aspects`"),
        ({"without": ["贵"], "wihtout": []}, "which nothing reads"),
        ({"words": ["饭("]}, "no regular expression"),
        ({"words": ["饭?"]}, "matches an empty text"),
        ({"words": ["饭.{0,4}钱"]}, "has a gap"),
        ({"answer": "一。二。三。"}, "one to 2 sentences"),
        ({"answer": "饭" * 23 + "。"}, "23 characters"),
    ],
)
def test_a_wrong_entry_is_refused_with_the_place_and_the_remedy(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(KnowledgeError, match=re.escape(said)):
        read_knowledge(minimal(**changes), load_catalogue())


def test_a_right_entry_is_read_and_answers() -> None:
    known = read_knowledge(minimal(words=["饭(?=.{0,4}多少)"]), load_catalogue())
    entry = Knowledge(known).answer("饭的多少")
    assert entry is not None
    assert entry.sentences("spoken") == ("一份饭。",)
    assert Knowledge(known).answer("外地饭多少") is None


def test_two_entries_of_one_id_are_refused() -> None:
    raw = minimal()
    raw["entries"] *= 2
    with pytest.raises(KnowledgeError, match="same id"):
        read_knowledge(raw, load_catalogue())
