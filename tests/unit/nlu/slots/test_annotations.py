"""What the training sentences mark follows docs/understanding.md, «What to mark»: one unmarked here and marked there teaches nothing."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from nlu.data_files import Annotation, Example, mark_sentence
from nlu.slots.fit_tagger import sentences

OWNER_LEFT_OUT = re.compile("(?:^|[^\u4e00-\u9fff]|[给帮把叫看替陪接送])(?:我|俺|咱|我家|俺家|咱家)$")
KIN = re.compile(
    "^(?:妈|爸|爹|娘|老伴|老汉|奶奶|爷爷|婆婆|公公|媳妇|儿子|女儿|闺女|女子|哥|弟|姐|妹|舅|姨|姑|叔|嫂子)"
)
# The service's own name says nothing that its label does not.
OWN_NAMES = {
    "disability_certificate": {"残疾证", "残疾人证", "证"},
    "two_subsidies": {"补贴", "两补", "残补", "两项补贴"},
    "senior_allowance": {"高龄津贴", "高龄补贴", "津贴", "高龄钱"},
    "ability_assessment": {"评估", "能力评估", "评"},
    "pension_certification": {"认证", "资格认证", "养老金"},
    "social_security_card": {"社保卡", "卡"},
    "medical_insurance": {"医保"},
    "pension_insurance": {"养老保险", "养老"},
    "bath": {"洗澡", "助浴", "洗"},
    "cleaning": {"打扫", "保洁", "拾掇"},
    "medical_escort": {"陪诊"},
    "nursing": {"护理"},
}


@pytest.fixture(scope="module")
def learned() -> list[Example]:
    return sentences()


def _spans(examples: list[Example], slot: str) -> list[tuple[Example, Annotation]]:
    return [(example, span) for example in examples for span in example.spans if span.slot == slot]


def test_whose_relative_it_is_belongs_to_the_person(learned: list[Example]) -> None:
    wrong = [
        mark_sentence(example)
        for example, span in _spans(learned, "beneficiary")
        if KIN.match(span.text) and OWNER_LEFT_OUT.search(example.text[: span.start])
    ]
    assert wrong == []


def test_a_request_does_not_mark_the_name_of_its_own_service(learned: list[Example]) -> None:
    wrong = [
        mark_sentence(example)
        for example, span in _spans(learned, "detail")
        if len(example.labels) == 1 and span.text in OWN_NAMES.get(example.labels[0], ())
    ]
    assert wrong == []


def test_a_department_is_a_detail_and_no_place(learned: list[Example]) -> None:
    assert [span.text for _, span in _spans(learned, "place") if re.fullmatch(".{1,4}科", span.text)] == []


def test_no_two_spans_lie_on_each_other(learned: list[Example]) -> None:
    for example in learned:
        ordered = sorted(example.spans, key=lambda span: span.start)
        assert all(one.end <= other.start for one, other in pairwise(ordered)), example.text
