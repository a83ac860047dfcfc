"""Who is to be watched over needs care at home; who is to be talked to, a visit."""

from __future__ import annotations

from datetime import datetime

import pytest

from nlu.meant import no_mere_visit
from nlu.parse import load_parser
from nlu.understanding import ScoredLabel

NOW = datetime(2026, 11, 24, 9, 30)
VISIT = (ScoredLabel("care_visit", 0.9),)


@pytest.mark.parametrize(
    "text",
    [
        "想请个人陪夜",
        "晚上八点到早上七点，陪着我爸",
        "找个人白天看着我奶奶",
        "夜里守着老爷子，他要起夜",
        "请个人来家里看护老人",
    ],
)
def test_watching_over_is_care(text: str) -> None:
    assert no_mere_visit(text, VISIT)[0].label == "nursing"


@pytest.mark.parametrize(
    "text", ["白天来人陪我聊聊", "来个人陪我坐坐", "晚上害怕，想有人陪着说说话", "派人去看看他"]
)
def test_company_stays_a_visit(text: str) -> None:
    assert no_mere_visit(text, VISIT) == VISIT


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("老人有轻度痴呆，一个人在家不放心，想找个人白天陪着", "nursing"),
        ("我胃疼，能陪我去查查不", "medical_escort"),
        ("我老是头疼，想让你们陪我去看看", "medical_escort"),
        ("高龄的", "senior_allowance"),
        ("洗澡，明天能来不", "bath"),
    ],
)
def test_what_was_once_taken_for_something_else(text: str, label: str) -> None:
    assert load_parser().parse(text, now=NOW).labels[0].label == label


@pytest.mark.parametrize(
    "text",
    [
        "我腿不好出不了门",
        "我腿脚不行，出不去门",
        "腰不行，下不了楼",
        "家里老鼠把电线咬断了，厨房没电",
        "耗子把水管咬破了",
        "我妈手镯不见了",
        "我爸的存折找不到了",
    ],
)
def test_no_alarm(text: str) -> None:
    assert load_parser().parse(text, now=NOW).danger is None


@pytest.mark.parametrize(
    "text",
    [
        "老头子拉肚子拉了一天，人都没劲了",
        "我妈把手镯摘了，人不见了",
        "电线让老鼠咬断了，冒火花",
        "楼上漏水滴到电表箱里了",
        "我妈腿不好，摔了，出不了门",
        "我妈不见了",
    ],
)
def test_still_an_alarm(text: str) -> None:
    assert load_parser().parse(text, now=NOW).danger is not None
