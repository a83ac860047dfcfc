"""The files about departments, regions and people fit together."""

from __future__ import annotations

from config.catalogue import load_catalogue
from config.organisation import (
    NamedProvider,
    load_departments,
    load_people_words,
    load_regions,
    named_providers,
)


def test_every_item_has_exactly_one_department() -> None:
    departments = load_departments()
    handled = [item for department in departments.by_code.values() for item in department.handles]
    assert sorted(handled) == sorted(load_catalogue())
    assert departments.for_item("care_visit").code == "town"
    assert departments.for_item("disability_certificate").code == "disabled_federation"


def test_every_region_leads_up_to_the_province() -> None:
    regions = load_regions()
    for region in regions.values():
        above = region
        while above.parent is not None:
            above = regions[above.parent]
        assert above.code == "640000"
    assert {"银川市", "吴忠市", "固原市", "金凤区", "西吉县", "掌政镇"} <= {
        region.name for region in regions.values()
    }


def test_the_groups_of_the_care_plan_are_known_by_their_names() -> None:
    words = load_people_words()
    for name in ("独居", "空巢", "留守", "失能", "重残", "计划生育特殊家庭"):
        assert words.groups[words.group_of[name]].name == name
    # Disabled and severely handicapped people are visited twice a week.
    assert (
        words.groups["disabled_elder"].visits_a_month == words.groups["severe_disability"].visits_a_month == 8
    )


def test_every_problem_of_an_import_has_words() -> None:
    text = load_people_words().problems
    assert all(text.values())
    assert "{value}" in text["bad_phone"]


def test_a_provider_that_is_named_for_a_region_is_known_with_its_line() -> None:
    text = """departments: []
regional:
  - {region: "640402", items: [meal], department: town}
  - {region: "640106", items: [bath], providers: [nuanxin, kangle]}
  - region: "640105"
    items: [meal]
    providers:
      - nobody
"""
    found = named_providers(text)
    assert found == (NamedProvider("nuanxin", 4), NamedProvider("kangle", 4), NamedProvider("nobody", 8))
    assert found[0].place == "config/departments.yaml, line 4"
    assert named_providers("departments: []\n") == named_providers("regional: []\n") == ()
    named = {code for codes in load_departments().providers.values() for code in codes}
    assert {one.code for one in named_providers()} == named
