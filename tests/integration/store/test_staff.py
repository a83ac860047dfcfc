"""Staff logins: right and wrong passwords, the lock-out, and demo logins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.staff import Role, StaffUser
from backend.services.staff import (
    LOCKED_FOR,
    MOST_FAILURES,
    AuthenticationError,
    LockedError,
    StaffError,
    add_staff,
    authenticate,
)
from backend.store.open import Store

from .examples import NOW

PASSWORD = "eine lange Losung"


def with_login(store: Store, **changes: object) -> StaffUser:
    with store.unit_of_work() as uow:
        user = add_staff(uow, "ma", PASSWORD, name="马静", role=Role.DEPARTMENT, department="town")
        uow.staff.save(replace(user, **changes))  # type: ignore[arg-type]
        uow.commit()
    return user


def sign_in(
    store: Store,
    password: str = PASSWORD,
    *,
    login: str = "ma",
    later: timedelta = timedelta(),
    demo: bool = False,
) -> StaffUser:
    return authenticate(store, login, password, now=NOW + later, demo=demo)


def test_the_right_password_gives_the_user_with_role_and_department(store: Store) -> None:
    made = with_login(store)
    user = sign_in(store)
    assert user == made
    assert (user.role, user.department, user.name) == (Role.DEPARTMENT, "town", "马静")
    assert PASSWORD not in user.password_hash


@pytest.mark.parametrize(
    ("login", "password"),
    [("ma", "falsch"), ("ma", ""), ("nobody", PASSWORD), ("", ""), ("ma", "x" * 100_000), ("ma", "\ud800")],
)
def test_a_wrong_login_or_password_is_refused_alike(store: Store, login: str, password: str) -> None:
    with_login(store)
    with pytest.raises(AuthenticationError) as refused:
        sign_in(store, password, login=login)
    assert str(refused.value) == ""


def test_after_five_wrong_passwords_even_the_right_one_waits_five_minutes(store: Store) -> None:
    with_login(store)
    for _ in range(MOST_FAILURES):
        with pytest.raises(AuthenticationError):
            sign_in(store, "falsch")
    with pytest.raises(LockedError) as locked:
        sign_in(store)
    assert locked.value.until == NOW + LOCKED_FOR
    with pytest.raises(LockedError):
        sign_in(store, later=LOCKED_FOR - timedelta(seconds=1))
    assert sign_in(store, later=LOCKED_FOR).failures == 0


def test_a_right_password_forgives_the_wrong_ones_before(store: Store) -> None:
    with_login(store)
    for _ in range(2):
        for _ in range(MOST_FAILURES - 1):
            with pytest.raises(AuthenticationError):
                sign_in(store, "falsch")
        assert sign_in(store).login == "ma"


def test_a_demo_login_works_in_demo_mode_only(store: Store) -> None:
    with_login(store, demo=True)
    with pytest.raises(AuthenticationError):
        sign_in(store)
    assert sign_in(store, demo=True).demo


def test_an_inactive_login_is_refused(store: Store) -> None:
    with_login(store, active=False)
    with pytest.raises(AuthenticationError):
        sign_in(store)


@pytest.mark.parametrize(
    ("login", "password", "role", "department", "reason"),
    [
        ("ma", "short", Role.DUTY, None, "10 to 1000 characters"),
        ("m a", PASSWORD, Role.DUTY, None, "without spaces"),
        ("", PASSWORD, Role.DUTY, None, "without spaces"),
        ("ma", PASSWORD, Role.DEPARTMENT, None, "needs a department"),
        ("ma", PASSWORD, Role.DUTY, "nobody", "no department has the code nobody"),
    ],
)
def test_a_login_that_makes_no_sense_is_refused_with_the_reason(
    store: Store, login: str, password: str, role: Role, department: str | None, reason: str
) -> None:
    with store.unit_of_work() as uow, pytest.raises(StaffError, match=reason):
        add_staff(uow, login, password, name="", role=role, department=department)


def test_a_login_is_given_once(store: Store) -> None:
    with_login(store)
    with store.unit_of_work() as uow, pytest.raises(StaffError, match="exists already"):
        add_staff(uow, "ma", PASSWORD, name="", role=Role.DUTY)
