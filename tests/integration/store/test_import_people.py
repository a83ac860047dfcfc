"""Lists of people as offices send them."""

from __future__ import annotations

import csv
import io
import stat
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from backend.domain.id_number import check_digit
from backend.services.commands import RegisterCaller
from backend.services.import_people import SHOWN, ImportResult, import_people
from backend.services.people_file import PeopleFileError
from backend.services.register_caller import register_caller
from backend.store.open import Store

from .examples import NOW

TODAY = date(2026, 11, 23)
HEADER = "name,phone,id_number,birth_date,address,categories,contact_name,contact_phone,contact_relation"
BODY = "64010619410308124"
ID_NUMBER = BODY + check_digit(BODY)
FULL = f"马秀英,139 0951 0001,{ID_NUMBER},,银川市金凤区长城中路街道长城花园3号楼2单元501,独居|高龄,马晓燕,138-0951-0001,女儿"


def imported(
    store: Store, folder: Path, *rows: str, header: str = HEADER, name: str = "list.csv"
) -> ImportResult:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return import_people(path, store, today=TODAY)


def counts(result: ImportResult) -> tuple[int, int, int, int, int]:
    return result.rows, result.created, result.updated, result.unchanged, result.refused


def test_a_full_row_becomes_a_full_record(store: Store, tmp_path: Path) -> None:
    result = imported(store, tmp_path, FULL)
    assert counts(result) == (1, 1, 0, 0, 0)
    assert (result.problems, result.problems_file) == ([], None)
    with store.reading() as uow:
        caller = uow.people.find_caller("13809510001")
        (ward,) = caller.wards
        elder = ward.elder
    assert (ward.relation, elder.name, elder.phones, elder.id_number) == (
        "女儿",
        "马秀英",
        ("13909510001",),
        ID_NUMBER,
    )
    assert (elder.birth_date, elder.gender) == (date(1941, 3, 8), "f")
    assert (elder.categories, elder.tags) == (("living_alone", "very_old"), ())
    assert (elder.region, elder.address) == ("64010603", "银川市金凤区长城中路街道长城花园3号楼2单元501")


def test_importing_the_same_list_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    rows = [FULL, "李四,13909510002,,,,,,,", "没有电话,,,1950-01-01,中山街1号,,,,"]
    assert counts(imported(store, tmp_path, *rows)) == (3, 3, 0, 0, 0)
    assert counts(imported(store, tmp_path, *rows)) == (3, 0, 0, 3, 0)


def test_a_later_list_updates_what_it_says_and_leaves_the_rest(store: Store, tmp_path: Path) -> None:
    imported(store, tmp_path, FULL)
    result = imported(store, tmp_path, f"马秀英,13909510077,{ID_NUMBER},,,失能,马海龙,13809510002,儿子")
    assert counts(result) == (1, 0, 1, 0, 0)
    with store.reading() as uow:
        elder = uow.people.find_caller("13909510077").elder
        assert not uow.people.find_caller("13909510001").known
        assert uow.people.find_caller("13809510001").known  # contacts are added, never taken away
        assert uow.people.find_caller("13809510002").known
    assert elder is not None
    assert (elder.address, elder.categories) == (
        "银川市金凤区长城中路街道长城花园3号楼2单元501",
        ("disabled_elder",),
    )


def test_a_list_with_id_numbers_completes_people_from_a_list_without(store: Store, tmp_path: Path) -> None:
    imported(store, tmp_path, "马秀英,13909510001,,,,,,,", "马秀英,13909510009,,,,,,,")
    assert counts(imported(store, tmp_path, FULL)) == (1, 0, 1, 0, 0)
    assert counts(imported(store, tmp_path, "马秀英,13909510001,,,,,,,")) == (1, 0, 0, 1, 0)
    with store.reading() as uow:
        assert uow.people.count() == 2
        elder = uow.people.find_caller("13909510001").elder
    assert elder is not None
    assert elder.id_number == ID_NUMBER


def test_two_rows_of_one_person_give_one_person_with_two_contacts(store: Store, tmp_path: Path) -> None:
    other = FULL.replace("马晓燕,138-0951-0001,女儿", "马海龙,13809510002,儿子")
    without_id = FULL.replace(ID_NUMBER, "").replace("马晓燕,138-0951-0001,女儿", "王芳,13809510003,邻居")
    result = imported(store, tmp_path, FULL, other, without_id)
    assert result.created + result.updated >= 1
    imported(store, tmp_path, FULL, other, without_id)
    with store.reading() as uow:
        assert [uow.people.find_caller(f"1380951000{count}").known for count in (1, 2, 3)] == [True] * 3


def test_who_registered_by_calling_becomes_the_person_of_the_list(store: Store, tmp_path: Path) -> None:
    with store.unit_of_work() as uow:
        register_caller(RegisterCaller("13909510001", NOW, "马秀英", "某处"), uow)
        uow.commit()
    imported(store, tmp_path, FULL)
    with store.reading() as uow:
        caller = uow.people.find_caller("13909510001")
        assert uow.people.count() == 1
    assert caller.elder is not None
    assert (caller.elder.id_number, caller.elder.tags) == (ID_NUMBER, ())


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",13909510001,,,,,,,", "no_name"),
        ("马秀英,12345,,,,,,,", "bad_phone"),
        ("马秀英,1.39095E+10,,,,,,,", "bad_phone"),
        ("马秀英,13909510001/1234,,,,,,,", "bad_phone"),
        ("马秀英,,640106194103081234,,,,,,", "bad_id_number"),
        ("马秀英,,64010619410308,,,,,,", "bad_id_number"),
        ("马秀英,,,,,,马晓燕,999,女儿", "bad_contact_phone"),
        ("马" * 60 + ",,,,,,,,", "name_too_long"),
        ("马秀英,,,," + "长" * 300 + ",,,,", "address_too_long"),
    ],
)
def test_a_bad_row_is_refused_with_line_and_reason_and_good_rows_are_kept(
    store: Store, tmp_path: Path, row: str, code: str
) -> None:
    result = imported(store, tmp_path, "李四,13909510002,,,,,,,", row, "王五,13909510003,,,,,,,")
    assert counts(result) == (3, 2, 0, 0, 1)
    (problem,) = result.problems
    assert (problem.line, problem.code, problem.kept) == (3, code, False)
    assert problem.text


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("马秀英,13909510001,,,,火星人|独居,,,", "unknown_group"),
        ("马秀英,13909510001,,去年春天,,独居,,,", "bad_birth_date"),
        ("马秀英,13909510001,,2030-01-01,,独居,,,", "bad_birth_date"),
        (f"马秀英,13909510001,{ID_NUMBER},1950-01-01,,独居,,,", "birth_date_differs"),
        ("马秀英,13909510001,,,,独居,马晓燕,,女儿", "contact_without_phone"),
    ],
)
def test_a_row_with_a_doubt_is_kept_with_a_warning(store: Store, tmp_path: Path, row: str, code: str) -> None:
    result = imported(store, tmp_path, row)
    assert (counts(result), result.warned) == ((1, 1, 0, 0, 0), 1)
    assert [(problem.line, problem.code, problem.kept) for problem in result.problems] == [(2, code, True)]
    with store.reading() as uow:
        elder = uow.people.find_caller("13909510001").elder
    assert elder is not None
    assert elder.categories == ("living_alone",)
    assert elder.tags == (("火星人",) if code == "unknown_group" else ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_list_is_read_in_any_encoding_separator_and_order_of_columns(
    store: Store, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = [
        ["家庭住址", "备注", "老人姓名", "类别", "手机号码"],
        ["银川市, 中山街1号", "x", "马秀英", "独居、低保户", "13909510001"],
    ]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path = tmp_path / "名单.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    assert counts(import_people(path, store, today=TODAY)) == (1, 1, 0, 0, 0)
    with store.reading() as uow:
        elder = uow.people.find_caller("13909510001").elder
    assert elder is not None
    assert (elder.name, elder.address, elder.categories) == (
        "马秀英",
        "银川市, 中山街1号",
        ("living_alone", "low_income"),
    )


def test_a_spreadsheet_with_a_title_line_numbers_as_phones_and_real_dates_is_read(
    store: Store, tmp_path: Path
) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["特殊困难老年人名册"])
    sheet.append(["姓名*", "联系电话(必填)", "出生日期"])
    sheet.append(["马秀英", 13909510001, date(1941, 3, 8)])
    sheet.append([None, None, None])
    sheet.append(["李四", 12, None])
    path = tmp_path / "list.xlsx"
    workbook.save(path)
    result = import_people(path, store, today=TODAY)
    assert counts(result) == (2, 1, 0, 0, 1)
    assert result.problems[0].line == 5
    with store.reading() as uow:
        elder = uow.people.find_caller("13909510001").elder
    assert elder is not None
    assert elder.birth_date == date(1941, 3, 8)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("other.csv", b"a,b\n1,2\n"),
        ("noise.csv", bytes(range(256)) * 20),
        ("noise.xlsx", b"PK\x03\x04 nonsense"),
        ("no.xlsx", b""),
    ],
)
def test_a_file_that_is_no_list_is_refused_as_a_whole(
    store: Store, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PeopleFileError):
        import_people(tmp_path / name, store, today=TODAY)
    with pytest.raises(PeopleFileError, match="does not exist"):
        import_people(tmp_path / "missing.csv", store, today=TODAY)


def test_the_first_hundred_problems_are_told_and_all_are_in_the_file(store: Store, tmp_path: Path) -> None:
    result = imported(
        store, tmp_path, *[f"=HYPERLINK(1)老人{count},12,,,,,,," for count in range(SHOWN + 20)]
    )
    assert (result.refused, len(result.problems)) == (SHOWN + 20, SHOWN)
    assert result.problems_file == tmp_path / "list.csv.problems.csv"
    assert stat.S_IMODE(result.problems_file.stat().st_mode) == 0o600
    with result.problems_file.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == SHOWN + 20
    assert (rows[0]["line"], rows[0]["kept"]) == ("2", "no")
    assert rows[0]["name"].startswith("'=")  # nothing a spreadsheet program would run


def test_a_list_without_problems_leaves_no_file_of_problems_behind(store: Store, tmp_path: Path) -> None:
    imported(store, tmp_path, "马秀英,12,,,,,,,")
    imported(store, tmp_path, FULL)
    assert not (tmp_path / "list.csv.problems.csv").exists()


def test_a_long_list_is_stored_in_several_steps_and_tells_its_progress(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(
        "name,phone\n" + "".join(f"老人,139{count:08d}\n" for count in range(4_500)), encoding="utf-8"
    )
    told: list[int] = []
    result = import_people(path, store, today=TODAY, progress=told.append)
    assert counts(result) == (4_500, 4_500, 0, 0, 0)
    assert told == [2_000, 4_000, 4_500]
