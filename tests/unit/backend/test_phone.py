"""Phone numbers in any writing."""

from __future__ import annotations

import pytest

from backend.domain.phone import normal_phone, sender_identity


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("13909510001", "13909510001"),
        (" 139 0951 0001 ", "13909510001"),
        ("139-0951-0001", "13909510001"),
        ("+8613909510001", "13909510001"),
        ("+86 139 0951 0001", "13909510001"),
        ("008613909510001", "13909510001"),
        ("8613909510001", "13909510001"),
        ("013909510001", "13909510001"),
        ("１３９０９５１０００１", "13909510001"),
        ("tel:+86-139-0951-0001", "13909510001"),
        ("sip:13909510001@10.0.0.1:5060", "13909510001"),
        ("SIPS:09516012345@line.example", "09516012345"),
        ("0951-6012345", "09516012345"),
        ("(0951)6012345", "09516012345"),
        ("（０９５１）６０１２３４５", "09516012345"),
        ("+86 951 6012345", "09516012345"),
        ("+86 0951 6012345", "09516012345"),
        ("010-12345678", "01012345678"),
        ("6012345", "6012345"),
        ("400-123-4567", "4001234567"),
        ("19812345678", "19812345678"),
    ],
)
def test_a_number_in_any_writing_is_the_same_digits(text: str, digits: str) -> None:
    assert normal_phone(text) == digits


@pytest.mark.parametrize(
    "text",
    ["", " ", "12", "120", "12345", "11909510001", "12909510001", "1390951000", "139095100011", "web-13909510001", "wx_o13909510001",
     "640106194103081234", "13909510001x", "马秀英", "5823942342", "+1 415 555 0100", "13909510001@example.org", "1" * 100, "\0", "\ud800"],
)  # fmt: skip
def test_what_is_no_number_is_none(text: str) -> None:
    assert normal_phone(text) is None


def test_a_sender_is_a_number_or_the_channel_id_as_it_came() -> None:
    assert sender_identity("+86 139 0951 0001") == "13909510001"
    assert sender_identity(" wx_Abc ") == "wx_Abc"
