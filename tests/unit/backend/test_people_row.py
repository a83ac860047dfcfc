"""What a cell of an imported list means."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.services.people_row import RowError, read_date, read_row, region_of

TODAY = date(2026, 11, 23)
COLUMNS = (
    "name", "phone", "id_number", "birth_date", "address", "categories", "contact_name", "contact_phone", "contact_relation",
)  # fmt: skip
REASONS = {"no_name", "name_too_long", "bad_phone", "bad_contact_phone", "bad_id_number", "address_too_long"}


def key_of(**parts: object) -> str:
    return repr(sorted(parts.items()))


@pytest.mark.parametrize(
    "text",
    ["1941-03-08", "1941/3/8", "1941.03.08", "1941年3月8日", "19410308", "1941-03-08 00:00:00", "15043"],
)
def test_a_day_is_read_in_every_usual_writing(text: str) -> None:
    assert read_date(text) == date(1941, 3, 8)


@pytest.mark.parametrize("text", ["", "1941", "1941-13-01", "八十五岁", "1941-03", "19410230", "0"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("银川市金凤区长城中路街道长城花园3号楼", "64010603"),
        ("金凤区长城花园", "640106"),
        ("宁夏吴忠市利通区古城镇党家河湾村", "64030203"),
        ("固原市彭阳县古城镇", "64042503"),
        ("银川市", "640100"),
        ("宁夏回族自治区银川市兴庆区", "640104"),
        ("北京市朝阳区", None),
        ("", None),
    ],
)
def test_an_address_tells_its_region_as_fine_as_it_can(address: str, region: str | None) -> None:
    assert region_of(address) == region


@given(
    st.dictionaries(
        st.sampled_from(COLUMNS),
        st.text(max_size=60),
    )
)
def test_any_row_becomes_a_person_or_a_reason(cells: dict[str, str]) -> None:
    try:
        elder, refused = read_row(cells, key_of, today=TODAY).elder, None
    except RowError as error:
        elder, refused = None, error.code
    if elder is None:
        assert refused in REASONS
    else:
        assert elder.name
        assert all(phone.isascii() and phone.isdigit() for phone in elder.phones)


def test_a_name_loses_the_spaces_that_lists_put_between_characters() -> None:
    assert read_row({"name": " 马  英　"}, key_of, today=TODAY).elder.name == "马英"
    assert read_row({"name": " Anna  Li "}, key_of, today=TODAY).elder.name == "Anna Li"


def test_several_numbers_in_one_cell_are_all_kept_the_first_first() -> None:
    elder = read_row(
        {"name": "马英", "phone": "0951-6012345、139 0951 0001/13909510001"}, key_of, today=TODAY
    ).elder
    assert elder.phones == ("09516012345", "13909510001")
