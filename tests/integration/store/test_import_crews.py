"""Lists of providers and workers as offices send them, on both databases."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from backend.domain.geography import Position
from backend.domain.providers import Provider, Worker
from backend.services.import_crews import import_providers, import_workers
from backend.services.import_people import ImportResult, import_people
from backend.services.offer_order import rank_candidates
from backend.services.people_file import PeopleFileError
from backend.services.place_order import place_order
from backend.store.open import Store
from config import organisation
from config.crews import load_crew_words

from .examples import NOW, place

PROVIDERS = "单位名称,单位编号,主管部门,区域,服务项目,电话"
NUANXIN = "暖心居家养老服务社,nuanxin,居家养老服务中心,金凤区,助餐送餐、助浴,0951-6012345"
WORKERS = "姓名,单位,电话,服务项目,技能,证书,区域,纬度,经度,服务半径,性别,语言,评分,每天单数,在岗"
MA = (
    "马师傅,暖心居家养老服务社,139 0000 0000,助浴、助餐送餐,,养老护理员证,金凤区长城中路街道、黄河东路街道,"
    "38.474,106.228,8公里,女,普通话、宁夏话,4.6,6单,是"
)


def counts(result: ImportResult) -> tuple[int, int, int, int, int]:
    return result.rows, result.created, result.updated, result.unchanged, result.refused


def providers(store: Store, folder: Path, *rows: str) -> ImportResult:
    path = folder / "providers.csv"
    path.write_text("\n".join([PROVIDERS, *rows]), encoding="gb18030")
    return import_providers(path, store)


def workers(store: Store, folder: Path, *rows: str, header: str = WORKERS) -> ImportResult:
    path = folder / "workers.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return import_workers(path, store)


@pytest.fixture
def nuanxin(store: Store, tmp_path: Path) -> Store:
    assert counts(providers(store, tmp_path, NUANXIN)) == (1, 1, 0, 0, 0)
    return store


def test_a_full_row_becomes_a_worker_who_can_be_asked(nuanxin: Store, tmp_path: Path) -> None:
    result = workers(nuanxin, tmp_path, MA)
    assert (counts(result), result.problems) == ((1, 1, 0, 0, 0), [])
    with nuanxin.reading() as uow:
        assert uow.providers.all() == [
            Provider(
                "nuanxin", "暖心居家养老服务社", "home_service", "640106", ("meal", "bath"), "09516012345"
            )
        ]
        assert uow.providers.workers() == [
            Worker(
                "nuanxin-1", "马师傅", "nuanxin", "64010603", ("bath", "meal"), "13900000000",
                Position(38.474, 106.228), "f", ("body_care",), ("普通话", "宁夏话"), 8.0, 4.6, 6, True, ("64010602",),
            )
        ]  # fmt: skip
        order = place_order(place("1", item="bath", region="64010602"), uow)
        (found,) = rank_candidates(uow, order, NOW)
    assert (found.worker.code, found.ruled_out) == ("nuanxin-1", ())


def test_the_same_list_again_changes_nothing_and_empty_cells_take_nothing_away(
    nuanxin: Store, tmp_path: Path
) -> None:
    workers(nuanxin, tmp_path, MA)
    assert counts(workers(nuanxin, tmp_path, MA)) == (1, 0, 0, 1, 0)
    assert counts(providers(nuanxin, tmp_path, NUANXIN)) == (1, 0, 0, 1, 0)
    short = workers(nuanxin, tmp_path, "马晓燕,nuanxin,13900000000,否", header="姓名,单位,电话,在岗")
    assert counts(short) == (1, 0, 1, 0, 0)
    with nuanxin.reading() as uow:
        (worker,) = uow.providers.workers()
    assert (worker.name, worker.active, worker.skills) == ("马晓燕", False, ("body_care",))


def test_two_of_one_name_are_two_workers(nuanxin: Store, tmp_path: Path) -> None:
    other = MA.replace("139 0000 0000", "13900000001")
    assert counts(workers(nuanxin, tmp_path, MA, other)) == (2, 2, 0, 0, 0)
    with nuanxin.reading() as uow:
        assert [one.code for one in uow.providers.workers()] == ["nuanxin-1", "nuanxin-2"]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("马师傅", "", "no_name"),
        ("139 0000 0000", "12", "bad_phone"),
        ("暖心居家养老服务社", "没听说过", "unknown_provider"),
        ("暖心居家养老服务社", "", "no_provider"),
        ("助浴、助餐送餐", "理发", "unknown_item"),
        ("金凤区长城中路街道", "火星", "unknown_region"),
    ],
)
def test_what_can_not_be_kept_is_refused_with_what_to_do(
    nuanxin: Store, tmp_path: Path, before: str, after: str, code: str
) -> None:
    result = workers(nuanxin, tmp_path, MA.replace(before, after))
    assert (result.refused, [one.code for one in result.problems]) == (1, [code])
    assert result.problems_file is not None
    with result.problems_file.open(encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert (row["line"], row["kept"]) == ("2", "no")
    assert row["problem"] == load_crew_words().problems[code].format(value=result.problems[0].text and after)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("38.474,106.228", "106.228,38.474", "bad_position"),
        ("8公里", "远", "bad_radius"),
        (",女,", ",?,", "bad_gender"),
        ("4.6", "9", "bad_rating"),
        ("6单", "6.5", "bad_a_day"),
        ("养老护理员证", "驾驶证", "unknown_skill"),
    ],
)
def test_what_is_unclear_is_left_out_with_a_warning(
    nuanxin: Store, tmp_path: Path, before: str, after: str, code: str
) -> None:
    result = workers(nuanxin, tmp_path, MA.replace(before, after))
    assert (result.created, result.warned, result.problems[0].code) == (1, 1, code)


def test_codes_are_never_taken_from_somebody_else(nuanxin: Store, tmp_path: Path) -> None:
    providers(nuanxin, tmp_path, "康乐服务社,kangle,居家服务,兴庆区,,")
    header = "工号,姓名,单位,区域"
    assert counts(workers(nuanxin, tmp_path, "m1,马师傅,nuanxin,", header=header)) == (1, 1, 0, 0, 0)
    found = workers(
        nuanxin, tmp_path, "m1,马师傅,kangle,", "kangle,马师傅,kangle,", "m 1,马师傅,kangle,", header=header
    )
    assert [one.code for one in found.problems] == ["moved_worker", "taken_code", "bad_code"]
    assert providers(nuanxin, tmp_path, "又一家,m1,居家服务,兴庆区,,").problems[0].code == "taken_code"
    with nuanxin.reading() as uow:  # without items: all that the department answers for
        assert uow.providers.provider("kangle").items == ("meal", "bath", "cleaning")  # type: ignore[union-attr]


def test_the_templates_can_be_imported_as_they_are(store: Store, tmp_path: Path) -> None:
    words = load_crew_words()
    for name, rows, importing in (
        ("p.xlsx", words.provider_template, import_providers), ("w.xlsx", words.worker_template, import_workers),
    ):  # fmt: skip
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)  # type: ignore[union-attr]
        book.save(tmp_path / name)
        result = importing(tmp_path / name, store)
        assert (result.created, result.warned, result.refused) == (1, 0, 0)


def test_a_file_without_names_is_refused_as_a_whole(store: Store, tmp_path: Path) -> None:
    with pytest.raises(PeopleFileError):
        workers(store, tmp_path, "1,2", header="甲,乙")


def test_a_county_wide_worker_is_asked_for_each_of_its_towns(nuanxin: Store, tmp_path: Path) -> None:
    workers(
        nuanxin,
        tmp_path,
        "甲,nuanxin,金凤区",
        "乙,nuanxin,银川市",
        "丙,nuanxin,兴庆区",
        header="姓名,单位,区域",
    )
    with nuanxin.reading() as uow:
        found = [one.worker.name for one in uow.providers.candidates("home_service", "64010603", None)]
    assert sorted(found) == ["乙", "甲"]


def test_people_get_a_position_from_the_list_or_from_their_community(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = organisation.Community("长城花园", "64010603", (38.47, 106.22))
    monkeypatch.setattr("backend.services.people_row.load_communities", lambda: (estate,))
    path = tmp_path / "people.csv"
    path.write_text(
        "姓名,电话,地址,纬度,经度\n马秀英,13909510001,银川市金凤区长城花园3号楼,38.48,106.23\n"
        "丁玉兰,13909510002,银川市金凤区长城花园5号楼,,\n杨桂花,13909510003,固原市原州区长城花园1号,,\n"
        "王建国,13909510004,银川市金凤区,106.23,38.48\n",
        encoding="utf-8",
    )  # fmt: skip
    result = import_people(path, store, today=date(2026, 11, 23))
    assert [one.code for one in result.problems] == ["bad_position"]
    with store.reading() as uow:
        found = [uow.people.find_caller(f"1390951000{one}").elder for one in (1, 2, 3, 4)]
    assert [one.position if one else "?" for one in found] == [
        Position(38.48, 106.23), Position(38.47, 106.22), None, None,
    ]  # fmt: skip
    assert import_people(path, store, today=date(2026, 11, 23)).unchanged == 4


def test_people_without_an_id_number_have_the_gender_of_the_list(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("姓名,电话,性别\n马秀英,13909510001,女\n丁玉兰,13909510002,?\n", encoding="utf-8")
    import_people(path, store, today=date(2026, 11, 23))
    with store.reading() as uow:
        found = [uow.people.find_caller(f"1390951000{one}").elder for one in (1, 2)]
    assert [one.gender if one else "?" for one in found] == ["f", None]
