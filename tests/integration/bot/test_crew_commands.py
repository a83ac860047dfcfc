"""`nuanxian providers`, `workers` and `plan-day`: from an empty list to a plan of the day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.domain.local_time import local_now
from backend.domain.order import Wanted
from backend.services.commands import PlaceOrder
from backend.services.place_order import place_order
from backend.store.open import Store
from bot.cli import app as whole
from bot.commands.providers import app as providers
from bot.commands.workers import app as workers


def test_from_a_template_to_a_plan(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "keys"))
    db, run = ["--db", f"sqlite:///{tmp_path}/line.sqlite"], CliRunner().invoke
    for app, name in ((providers, "p.csv"), (workers, "w.csv")):
        assert run(app, ["template", str(tmp_path / name)]).exit_code == 0
        assert run(app, ["template", str(tmp_path / name)]).exit_code == 1  # it is not written over
        told = run(app, ["import", str(tmp_path / name), *db])
        assert (told.exit_code, "1 rows: 1 new" in told.output) == (0, True), told.output
    listed = run(workers, ["list", *db]).output
    assert "nuanxin-1\t马师傅\tnuanxin\t64010603,64010602\tmeal,bath\tposition\tactive" in listed
    tomorrow = (local_now() + timedelta(days=1)).date().isoformat()
    with store.unit_of_work() as uow:
        command = PlaceOrder(
            "1", "meal", "self", "1", "s", local_now(), Wanted(f"{tomorrow}T12:00"), region="64010603"
        )
        number = place_order(command, uow).number
        uow.commit()
    planned = run(whole, ["plan-day", "home_service", tomorrow, *db])
    assert planned.exit_code == 0, planned.output
    assert f"12:00-12:15  {number}" in planned.output
    assert "1 visits, 0 left over" in planned.output
    adopted = run(whole, ["plan-day", "home_service", tomorrow, "--adopt", *db])
    assert f"offered: {number}  nuanxin-1" in adopted.output
    assert (
        f"kept: {number}  nuanxin-1"
        in run(whole, ["plan-day", "home_service", tomorrow, "--adopt", *db]).output
    )
    assert run(workers, ["absent", "nuanxin-1", tomorrow, *db]).output == "Noted.\n"
    again = run(whole, ["plan-day", "home_service", tomorrow, *db])
    assert f"left over: {number}  nobody" in again.output
    assert run(workers, ["absent", "nobody", tomorrow, *db]).exit_code == 1
    assert run(workers, ["absent", "nuanxin-1", "2020-01-01", *db]).exit_code == 1
    assert run(whole, ["plan-day", "nowhere", *db]).exit_code == 1


def test_a_list_without_one_good_row_ends_with_1(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "keys"))
    path = tmp_path / "w.csv"
    path.write_text("姓名,单位\n马师傅,没有的单位\n", encoding="utf-8")
    told = CliRunner().invoke(workers, ["import", str(path), "--db", f"sqlite:///{tmp_path}/line.sqlite"])
    assert told.exit_code == 1
    assert "nuanxian providers import" in told.output
