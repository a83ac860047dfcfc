"""Identity numbers: check digit, birth date, gender."""

from __future__ import annotations

from datetime import date

import pytest

from backend.domain.id_number import read_id_number

# The example of GB 11643-1999 itself.
STANDARD = "11010519491231002X"


def test_the_example_of_the_standard_is_read() -> None:
    identity = read_id_number(STANDARD)
    assert identity is not None
    assert (identity.number, identity.birth_date, identity.gender) == (STANDARD, date(1949, 12, 31), "f")


@pytest.mark.parametrize(
    "text",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "'11010519491231002X",
    ],
)
def test_an_id_number_in_any_writing_is_the_same(text: str) -> None:
    assert read_id_number(text) == read_id_number(STANDARD)


def test_an_old_number_of_15_digits_becomes_a_new_one() -> None:
    identity = read_id_number("110105491231002")
    assert identity is not None
    assert identity.number == STANDARD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "110105194912310021",
        "11010519491231002",
        "11010519491331002X",
        "X" * 18,
        "0" * 18,
        "中" * 18,
        "11010519491231002X1",
    ],
)
def test_what_can_not_be_an_id_number_is_none(text: str) -> None:
    assert read_id_number(text) is None


def test_every_single_wrong_digit_is_noticed() -> None:
    for place in range(17):
        for digit in "0123456789":
            changed = STANDARD[:place] + digit + STANDARD[place + 1 :]
            if changed != STANDARD:
                assert read_id_number(changed) is None
