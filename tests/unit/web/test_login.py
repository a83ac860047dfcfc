from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from backend.domain.local_time import LOCAL
from backend.services.staff import start_codes
from backend.store.open import Store
from backend.web.app import create_app
from backend.web.login import safe_next
from config.settings import load_settings
from tests.unit.web.conftest import Clock, Staff, text_of, token


def test_a_right_password_leads_to_the_queue(nobody: Staff) -> None:
    answer = nobody.sign_in("operator")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff")
    assert "李静" in text_of(nobody.get("/staff"))


def test_a_wrong_password_is_told_kindly_and_the_login_stays_filled_in(nobody: Staff) -> None:
    answer = nobody.sign_in("operator", "wrong-password")
    assert answer.status_code == 401
    assert "账号或密码不对" in text_of(answer)
    assert 'value="operator"' in answer.text


def test_an_unknown_login_gets_the_same_words_as_a_wrong_password(nobody: Staff) -> None:
    assert "账号或密码不对" in text_of(nobody.sign_in("nobody-here"))


def test_five_wrong_passwords_lock_the_login_for_a_while(nobody: Staff, clock: Clock) -> None:
    for _ in range(5):
        answer = nobody.sign_in("operator", "wrong-password")
    assert answer.status_code == 429
    assert nobody.sign_in("operator").status_code == 429
    clock.now += timedelta(minutes=6)
    assert nobody.sign_in("operator").status_code == 303


def test_an_empty_form_says_what_is_missing(nobody: Staff) -> None:
    answer = nobody.sign_in("", "")
    assert answer.status_code == 422
    assert "账号和密码都填上" in text_of(answer)


def test_the_login_form_without_its_token_is_refused(nobody: Staff) -> None:
    nobody.get("/staff/login")
    answer = nobody.client.post("/staff/login", data={"login": "operator", "password": "a-good-password"})
    assert answer.status_code == 403
    assert "再点一次" in text_of(answer)


def test_the_cookie_can_not_be_read_by_scripts_nor_sent_by_other_sites(nobody: Staff) -> None:
    cookie = nobody.sign_in("operator").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/staff" in cookie


def test_over_https_the_cookie_is_secure(nobody: Staff) -> None:
    nobody.client.base_url = nobody.client.base_url.copy_with(scheme="https")
    assert "secure" in nobody.sign_in("operator").headers["set-cookie"].lower()


def test_a_cookie_that_was_changed_is_no_login(operator: Staff) -> None:
    value = operator.client.cookies["nx_staff"]
    operator.client.cookies.clear()
    operator.client.cookies.set(
        "nx_staff", value[:-2] + ("aa" if value[-2:] != "aa" else "bb"), path="/staff"
    )
    assert operator.get("/staff").status_code == 303


@pytest.mark.parametrize(
    "path", ["/staff", "/staff/orders/11240001", "/staff/tasks", "/staff/tasks/1", "/staff/part/orders"]
)
def test_nobody_sees_a_staff_page_without_signing_in(nobody: Staff, path: str) -> None:
    answer = nobody.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/staff/login")


def test_a_live_part_sends_the_whole_page_to_the_login_when_the_shift_is_over(nobody: Staff) -> None:
    answer = nobody.client.get("/staff/part/tasks", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/staff/login")


def test_after_signing_in_the_page_that_was_asked_for_opens(nobody: Staff) -> None:
    location = nobody.get("/staff/orders/11240001").headers["location"]
    assert location == "/staff/login?next=/staff/orders/11240001"
    assert (
        nobody.sign_in("operator", next="/staff/orders/11240001").headers["location"]
        == "/staff/orders/11240001"
    )


@pytest.mark.parametrize(
    "path",
    [
        "https://example.org/",
        "//example.org",
        "/staff//example.org",
        "/staff/orders/\\\\x",
        "/",
        "",
        "/staffx",
    ],
)
def test_signing_in_never_leads_to_another_site(path: str) -> None:
    assert safe_next(path) == "/staff"


def test_signing_out_ends_the_login(operator: Staff) -> None:
    answer = operator.send("/staff/logout")
    assert answer.headers["location"] == "/staff/login"
    assert operator.get("/staff").status_code == 303


def test_signing_out_from_another_site_is_refused(operator: Staff) -> None:
    answer = operator.client.post(
        "/staff/logout",
        data={"csrf": token(operator.get("/staff"))},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert operator.get("/staff").status_code == 200


def test_a_login_that_is_switched_off_is_out_at_once(operator: Staff, store: Store) -> None:
    _change(store, "operator", active=False)
    assert operator.get("/staff").status_code == 303
    assert operator.sign_in("operator").status_code == 401


def test_a_demo_login_does_not_open_a_real_installation(store: Store, clock: Clock) -> None:
    _change(store, "operator", demo=True)
    real = load_settings(demo=False, secret="s" * 40, data_key=b64encode(bytes(range(32))).decode())
    staff = Staff(TestClient(create_app(store, real, store.live, clock)))
    assert staff.sign_in("operator").status_code == 401
    # Nor does the cookie of a time when it did.
    _change(store, "operator", demo=False)
    assert staff.sign_in("operator").status_code == 303
    _change(store, "operator", demo=True)
    assert staff.get("/staff").status_code == 303


def _change(store: Store, login: str, **changes: bool) -> None:
    with store.unit_of_work() as uow:
        user = uow.staff.get(login)
        assert user is not None
        uow.staff.save(replace(user, **changes))
        uow.commit()


def test_a_login_with_one_time_codes_needs_the_right_one_and_each_counts_once(
    nobody: Staff, store: Store, clock: Clock
) -> None:
    with store.unit_of_work() as uow:
        totp = pyotp.parse_uri(start_codes(uow, "operator"))
        uow.commit()
    assert isinstance(totp, pyotp.TOTP)
    code = totp.at(clock.now.replace(tzinfo=LOCAL))
    for wrong in ("", "000000" if code != "000000" else "111111"):
        answer = nobody.sign_in("operator", code=wrong)
        assert (answer.status_code, "动态口令过期" in text_of(answer)) == (401, True)
        assert nobody.get("/staff").status_code == 303
    assert nobody.sign_in("operator", code=code).status_code == 303
    assert nobody.get("/staff").status_code == 200
    assert nobody.sign_in("operator", code=code).status_code == 401, "somebody who looked over a shoulder"
    clock.now += timedelta(minutes=1)
    assert nobody.sign_in("operator", code=totp.at(clock.now.replace(tzinfo=LOCAL))).status_code == 303


FORMS = (
    "/staff/orders/11240001/accept", "/staff/tasks/1/acknowledge", "/staff/elders/1/family/code", "/staff/plans",
    "/staff/plans/x/adopt", "/staff/plans/absences/x", "/staff/review/1", "/staff/review/1/back", "/staff/logout",
)  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("csrf", ["", "x", "another"])
def test_no_form_works_without_the_token_of_this_very_login(
    operator: Staff, console: Callable[[], Staff], path: str, csrf: str
) -> None:
    other = console()
    other.sign_in("duty")
    sent = token(other.get("/staff")) if csrf == "another" else csrf
    answer = operator.client.post(path, data={"csrf": sent}, follow_redirects=False)
    assert (answer.status_code, "放得太久" in text_of(answer)) == (403, True)
    assert operator.get("/staff").status_code == 200


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_no_form_works_from_another_site_even_with_the_token(
    operator: Staff, path: str, headers: dict[str, str]
) -> None:
    csrf = token(operator.get("/staff"))
    answer = operator.client.post(path, data={"csrf": csrf}, headers=headers, follow_redirects=False)
    assert answer.status_code == 403
    assert operator.get("/staff").status_code == 200


def test_every_form_of_the_console_is_among_those_that_were_tried(app: FastAPI) -> None:
    given = {
        "number": "11240001",
        "move": "accept",
        "task_id": "1",
        "elder_id": "1",
        "sentence_id": "1",
        "name": "x",
        "worker": "x",
    }
    posts = {
        re.sub(r"{(\w+)}", lambda found: given.get(found[1], "1"), route.path)
        for route in app.routes
        if isinstance(route, APIRoute) and "POST" in (route.methods or ()) and route.path.startswith("/staff")
    }
    tried = {*FORMS, "/staff/login"}
    assert {path for path in posts if "/family/" not in path} <= tried
