"""One-time codes: needed where they are switched on, right for a minute and a half, and each only once."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from backend.domain.staff import Role, StaffUser
from backend.services.staff import (
    LOCAL,
    AuthenticationError,
    LockedError,
    authenticate,
    hash_password,
    start_codes,
    stop_codes,
)
from backend.store.open import Store
from tests.integration.store.examples import NOW

PASSWORD = "a-good-password"


@pytest.fixture
def codes(store: Store) -> pyotp.TOTP:
    with store.unit_of_work() as uow:
        uow.staff.save(StaffUser("ma", "马静", Role.OPERATOR, hash_password(PASSWORD)))
        address = start_codes(uow, "ma")
        uow.commit()
    read = pyotp.parse_uri(address)
    assert isinstance(read, pyotp.TOTP)
    return read


def sign_in(store: Store, code: str, *, after_s: float = 0) -> StaffUser:
    return authenticate(store, "ma", PASSWORD, now=NOW + timedelta(seconds=after_s), demo=True, code=code)


def code_at(codes: pyotp.TOTP, after_s: float = 0) -> str:
    return codes.at(NOW.replace(tzinfo=LOCAL) + timedelta(seconds=after_s))


def test_a_password_alone_is_not_enough(store: Store, codes: pyotp.TOTP) -> None:
    for wrong in ("", "000000", code_at(codes, -600)):
        with pytest.raises(AuthenticationError):
            sign_in(store, wrong)
    assert sign_in(store, f" {code_at(codes)[:3]} {code_at(codes)[3:]}").login == "ma"


def test_a_code_counts_once(store: Store, codes: pyotp.TOTP) -> None:
    sign_in(store, code_at(codes))
    with pytest.raises(AuthenticationError):
        sign_in(store, code_at(codes))
    assert sign_in(store, code_at(codes, 30), after_s=30).login == "ma"


def test_a_clock_may_be_half_a_minute_off(store: Store, codes: pyotp.TOTP) -> None:
    assert sign_in(store, code_at(codes, -30)).login == "ma"
    assert sign_in(store, code_at(codes, 90), after_s=60).login == "ma"


def test_wrong_codes_lock_like_wrong_passwords(store: Store, codes: pyotp.TOTP) -> None:
    for _ in range(4):
        with pytest.raises(AuthenticationError):
            sign_in(store, "000000")
    with pytest.raises(LockedError):
        sign_in(store, "000000")
    with pytest.raises(LockedError):
        sign_in(store, code_at(codes))


def test_codes_can_be_switched_off_and_their_secret_is_sealed(store: Store, codes: pyotp.TOTP) -> None:
    with store.engine.connect() as connection:
        assert codes.secret.encode() not in bytes(
            connection.exec_driver_sql("SELECT totp FROM staff").scalar_one()
        )
    with store.unit_of_work() as uow:
        stop_codes(uow, "ma")
        uow.commit()
    assert sign_in(store, "").login == "ma"
