"""`nuanxian people`, `orders`, `staff` and `doctor` as somebody types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.demo import load_demo
from backend.services.named_providers import warn_of_unknown_providers
from backend.store.open import open_store
from bot.commands import orders, people, providers, staff
from bot.commands.crews import write_template
from bot.commands.doctor import doctor
from bot.commands.opening import opened
from config.crews import load_crew_words
from config.organisation import NamedProvider
from config.settings import load_settings

from .examples import NOW

runner = CliRunner()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation of its own in demo mode."""
    monkeypatch.setenv("NUANXIAN_HOME", str(tmp_path))
    monkeypatch.setenv("NUANXIAN_DB", f"sqlite:///{tmp_path}/line.sqlite")
    monkeypatch.delenv("NUANXIAN_DEMO", raising=False)
    return tmp_path


@pytest.fixture
def with_demo(home: Path) -> Path:
    store = open_store(load_settings())
    load_demo(store, now=NOW)
    store.close()
    return home


def test_people_are_imported_and_found(home: Path) -> None:
    path = home / "list.csv"
    path.write_text(
        "name,phone,contact_name,contact_phone,contact_relation\n马秀英,13909510001,马晓燕,13809510001,女儿\n李四,12,,,\n",
        encoding="utf-8",
    )
    done = runner.invoke(people.app, ["import", str(path)])
    assert done.exit_code == 0
    assert "2 rows: 1 new people, 0 updated, 0 unchanged, 1 rows refused" in done.output
    assert "line 3 (refused): 李四" in done.output
    found = runner.invoke(people.app, ["find", "+86 138 0951 0001"])
    assert found.exit_code == 0
    assert found.output.startswith("is 女儿 of\t1\t马秀英")


def test_what_can_not_be_imported_or_found_ends_with_one_sentence(home: Path) -> None:
    for arguments in (
        ["import", str(home / "missing.csv")],
        ["find", "13900000000"],
        ["find", "x", "--db", "nonsense"],
    ):
        done = runner.invoke(people.app, arguments)
        assert done.exit_code == 1
        assert "Traceback" not in done.output
        assert done.stderr.count("\n") == 1


def test_orders_are_listed_for_scripts_with_the_fields_of_the_json_lines_interface(with_demo: Path) -> None:
    done = runner.invoke(orders.app, ["list", "--json"])
    listed = json.loads(done.output)
    assert len(listed) == 10
    assert listed[0]["item"] == "care_visit"
    assert {"number", "item", "beneficiary", "time", "place", "phone", "status"} <= set(listed[0])
    only = json.loads(
        runner.invoke(orders.app, ["list", "--json", "--state", "routed", "--department", "repair"]).output
    )
    assert [order["item"] for order in only] == ["emergency_repair"]
    assert len(json.loads(runner.invoke(orders.app, ["list", "--json", "--limit", "3"]).output)) == 3


def test_one_order_is_shown_with_its_history_and_conversation(with_demo: Path) -> None:
    listed = json.loads(runner.invoke(orders.app, ["list", "--json", "--state", "done"]).output)
    shown = json.loads(runner.invoke(orders.app, ["show", listed[0]["number"], "--json"]).output)
    assert [row["move"] for row in shown["history"]] == ["place", "route", "accept", "finish"]
    assert shown["conversation"][0]["who"] == "caller"
    plain = runner.invoke(orders.app, ["show", listed[0]["number"]])
    assert "department: home_service" in plain.output
    missing = runner.invoke(orders.app, ["show", "99999999"])
    assert (missing.exit_code, missing.stderr) == (1, "no order has the number 99999999\n")


def test_a_table_of_orders_is_for_people(with_demo: Path) -> None:
    done = runner.invoke(orders.app, ["list"])
    assert done.exit_code == 0
    assert "助餐送餐" in done.output


def test_a_staff_login_is_made_and_listed(home: Path) -> None:
    done = runner.invoke(
        staff.app,
        ["add", "wang", "--role", "department", "--department", "town", "--name", "王芳"],
        input="eine lange Losung\n",
    )
    assert (done.exit_code, done.output) == (0, "wang can sign in now.\n")
    assert runner.invoke(staff.app, ["list"]).output == "wang\t王芳\tdepartment\ttown\t-\t-\t-\n"
    again = runner.invoke(staff.app, ["add", "wang", "--role", "duty"], input="eine lange Losung\n")
    assert (again.exit_code, again.stderr) == (1, "the login wang exists already\n")


def test_the_doctor_finds_a_new_installation_ready(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor() == 0
    said = capsys.readouterr().out
    assert "Ready" in said
    assert "new, tables made" in said
    assert doctor() == 0
    assert "up to date" in capsys.readouterr().out


def test_a_provider_that_the_duty_list_names_but_nobody_imported_is_told_with_its_line(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    named = (NamedProvider("nobody", 29), NamedProvider("nuanxin", 30))
    monkeypatch.setattr("backend.services.named_providers.named_providers", lambda: named)
    assert doctor() == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "config/departments.yaml, line 29: no provider has the code nobody" in said
    assert "nuanxian providers import" in said
    write_template(load_crew_words().provider_template, home / "p.csv")
    told = runner.invoke(providers.app, ["import", str(home / "p.csv")])
    assert told.exit_code == 0, told.output
    assert "line 29: no provider has the code nobody" in told.output
    assert "line 30" not in told.output
    with opened(None) as store:
        warn_of_unknown_providers(store)
    assert [one.message for one in caplog.records if "provider_unknown" in one.message] == [
        "provider_unknown: config/departments.yaml, line 29 names nobody, which nobody has imported"
    ]


def test_the_doctor_says_what_to_do_about_a_database_that_is_not_there(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(db="postgresql://nobody@127.0.0.1:1/none") == 1
    said = capsys.readouterr().out
    assert "Check that the server runs" in said
    assert "Something must be put right first." in said


def test_the_doctor_says_what_to_do_about_missing_secrets(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUANXIAN_DEMO", "false")
    assert doctor() == 1
    assert "NUANXIAN_SECRET is not set" in capsys.readouterr().out


def test_a_login_is_closed_opened_and_changed(home: Path) -> None:
    def staffs(*words: str, said: str = "") -> str:
        done = runner.invoke(staff.app, list(words), input=said)
        assert done.exit_code == 0, done.output
        return done.output

    staffs("add", "wang", "--role", "operator", said="eine lange Losung\n")
    assert "closed; 0 of its tokens" in staffs("close", "wang")
    assert staffs("list") == "wang\twang\toperator\t-\t-\t-\t-\tclosed\n"
    assert "can sign in again" in staffs("open", "wang")
    assert "new password" in staffs("password", "wang", said="noch eine lange Losung\n")
    staffs("region", "wang", "640106")
    staffs("role", "wang", "department", "--department", "town")
    assert staffs("list") == "wang\twang\tdepartment\ttown\t640106\t-\t-\n"
    staffs("region", "wang")
    assert staffs("list") == "wang\twang\tdepartment\ttown\t-\t-\t-\n"


@pytest.mark.parametrize(
    ("words", "said", "why"),
    [
        (["close", "nobody"], "", "there is no login nobody"),
        (["open", "nobody"], "", "there is no login nobody"),
        (["password", "nobody"], "eine lange Losung\n", "there is no login nobody"),
        (["region", "nobody", "640106"], "", "there is no login nobody"),
        (["role", "nobody", "duty"], "", "there is no login nobody"),
        (["password", "wang"], "kurz\n", "10 to 1000 characters"),
        (["region", "wang", "999999"], "", "no region has the code 999999"),
        (["role", "wang", "department"], "", "needs a department"),
        (["role", "wang", "provider"], "", "needs a provider"),
    ],
)
def test_what_can_not_be_changed_says_why_and_changes_nothing(
    home: Path, words: list[str], said: str, why: str
) -> None:
    runner.invoke(staff.app, ["add", "wang", "--role", "operator"], input="eine lange Losung\n")
    before = runner.invoke(staff.app, ["list"]).output
    done = runner.invoke(staff.app, words, input=said)
    assert done.exit_code == 1
    assert why in done.output
    assert runner.invoke(staff.app, ["list"]).output == before
