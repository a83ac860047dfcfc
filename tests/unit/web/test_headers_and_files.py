from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from backend.web import app as app_module
from backend.web.assets import Assets
from tests.unit.web.conftest import Staff, text_of

WEB = Path(app_module.__file__).parent
BOT = WEB.parents[1] / "bot" / "channels"
TEMPLATES = sorted(WEB.glob("templates/**/*.html")) + sorted(BOT.glob("templates/*.html"))


@pytest.mark.parametrize(
    "path", ["/staff/login", "/staff", "/healthz", "/readyz", "/nothing", "/static/staff.css"]
)
def test_every_answer_carries_the_security_headers(nobody: Staff, path: str) -> None:
    headers = nobody.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def test_an_address_of_the_api_with_a_line_end_is_answered_as_the_api_answers(nobody: Staff) -> None:
    answer = nobody.get("/api/v1/orders%0a/1")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_pages_with_personal_data_are_kept_nowhere(operator: Staff) -> None:
    assert operator.get("/staff").headers["cache-control"] == "no-store"


def test_files_are_kept_for_long_under_an_address_that_changes_with_them(nobody: Staff) -> None:
    page = nobody.get("/staff/login").text
    found = re.search(r'href="(/static/staff\.css\?v=\w+)"', page)
    assert found
    answer = nobody.get(found[1])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "vendor/README.md", "%00", "nothing.css"])
def test_nothing_but_the_public_files_can_be_fetched(nobody: Staff, name: str) -> None:
    assert nobody.get(f"/static/{name}").status_code == 404


def test_a_file_added_later_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    assets = Assets(tmp_path, "/x")
    (tmp_path / "b.css").write_text("b{}")
    assert assets.response("a.css").status_code == 200
    assert assets.response("b.css").status_code == 404


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_an_inline_script_or_style(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son\w+\s*=|\sstyle\s*=|<style|hx-on|javascript:|hx-vals=.js:", text)


def test_the_vendored_scripts_are_the_ones_that_were_checked() -> None:
    readme = (WEB / "static" / "vendor" / "README.md").read_text("utf-8")
    for script in sorted((WEB / "static" / "vendor").glob("*.js")):
        assert hashlib.sha256(script.read_bytes()).hexdigest() in readme, script.name


def test_health_is_told_without_signing_in(nobody: Staff) -> None:
    assert nobody.get("/healthz").json() == {"status": "ok"}
    assert nobody.get("/readyz").json()["database"] == "ok"


def test_readiness_fails_when_the_database_does_not_answer(
    nobody: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.store.open import Store

    def gone(self: Store) -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(Store, "reading", gone)
    assert nobody.get("/readyz").status_code == 503
    assert nobody.get("/healthz").status_code == 200


def test_a_fault_of_ours_is_told_in_plain_words_with_all_headers(
    operator: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.store.orders import SqlOrders

    def broken(self: object, **more: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(SqlOrders, "queue", broken)
    answer = operator.get("/staff")
    assert answer.status_code == 500
    assert "系统出了点问题" in text_of(answer)
    assert "secret detail" not in answer.text
    assert "content-security-policy" in answer.headers


def test_a_form_that_is_far_too_large_is_refused(operator: Staff) -> None:
    answer = operator.send("/staff/orders/11240001/cancel", reason="长" * 100_000)
    assert answer.status_code == 413
    assert "太长" in text_of(answer)
