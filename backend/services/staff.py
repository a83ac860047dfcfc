"""Staff logins: made with a password, checked with a lock-out against guessing, closed, opened and changed.

Errors: AuthenticationError (wrong login or password) and its child LockedError (too many wrong ones, for some minutes).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from hmac import compare_digest

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.domain.local_time import LOCAL
from backend.domain.staff import Role, StaffUser
from backend.services.events import STAFF_CHANGED
from backend.services.ports import Event, Stores, UnitOfWork
from config.organisation import load_departments, load_regions

MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=5)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1_000  # characters
LONGEST_LOGIN = 64
ISSUER = "Nuanxian"  # how the app on the phone names the codes
# OWASP's smaller profile: about 20 ms of one core and 19 MiB, so that a wrong guess is dear and a login is not.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class AuthenticationError(Exception):
    """No such login, or not its password. Which of the two is not told."""


class LockedError(AuthenticationError):
    """Too many wrong passwords: nobody gets in with this login before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"locked until {until:%H:%M}")
        self.until = until


class StaffError(ValueError):
    """A login can not be made like this; the message says why."""


def authenticate(
    store: Stores, login: str, password: str, *, now: datetime, demo: bool, code: str = ""
) -> StaffUser:
    """The user of this login. Raises AuthenticationError or LockedError. Demo logins work only where `demo` is true.

    `code`: the one-time code, for logins that have them.
    """
    with store.reading() as uow:
        user = uow.staff.get(login)
    if user is not None and user.locked_until is not None and now < user.locked_until:
        raise LockedError(user.locked_until)
    # Outside any transaction: hashing takes long, and nobody should wait for it.
    usable = user is not None and user.active and (demo or not user.demo)
    right = _matches(user.password_hash if user and usable else _nobodys_hash(), password) and usable
    if user is None or not usable:
        raise AuthenticationError
    with store.unit_of_work() as uow:
        user, right = _count(uow, user, now, right=right, code=code)
        uow.commit()
    if user.locked_until is not None and now < user.locked_until:
        raise LockedError(user.locked_until)
    if not right:
        raise AuthenticationError
    return user


def _count(
    uow: UnitOfWork, seen: StaffUser, now: datetime, *, right: bool, code: str
) -> tuple[StaffUser, bool]:
    """Note a right or wrong password, and whether the code is right too. Read under lock: several guesses may come at once.

    `seen`: the login that the password was compared with. Closed or changed since, it lets nobody in.
    """
    user = uow.staff.get(seen.login, lock=True)
    if user is None or user.sign_outs != seen.sign_outs:
        raise AuthenticationError
    if user.locked_until is not None and now < user.locked_until:
        return user, False
    if right and user.totp is not None:
        step = code_step(user.totp, code, now)
        right = step is not None and (user.totp_step is None or step > user.totp_step)
        user = replace(user, totp_step=step) if right else user
    failures = 0 if right else user.failures + 1
    locked = failures >= MOST_FAILURES
    user = replace(
        user, failures=0 if locked else failures, locked_until=now + LOCKED_FOR if locked else None
    )
    uow.staff.save(user)
    return user, right


def code_step(secret: str, code: str, now: datetime) -> int | None:
    """Which 30 seconds (counted from 1970) this one-time code belongs to; None: it is none of now. RFC 6238.

    A clock may be one step fast or slow.
    """
    totp, at = pyotp.TOTP(secret), now.replace(tzinfo=LOCAL)
    digits = "".join(letter for letter in code if letter.isdigit())
    for step in (totp.timecode(at) + offset for offset in (0, -1, 1)):
        if compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def start_codes(uow: UnitOfWork, login: str) -> str:
    """From now on this login needs one-time codes; the address that its app reads as a QR code. Screens that were signed in
    without one end. Raises StaffError."""
    secret = pyotp.random_base32()
    _change(uow, replace(_known(uow, login), totp=secret, totp_step=None))
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def stop_codes(uow: UnitOfWork, login: str) -> None:
    """A password is enough again. Raises StaffError."""
    _change(uow, replace(_known(uow, login), totp=None, totp_step=None))


def close_login(uow: UnitOfWork, login: str, now: datetime) -> int:
    """Nobody gets in with it any more: its screens end, and its tokens are revoked (how many). Raises StaffError."""
    _change(uow, replace(_known(uow, login), active=False))
    valid = [token for token in uow.tokens.all(login) if token.revoked_at is None and now < token.expires_at]
    for token in valid:
        uow.tokens.revoke(token.id, now)
    return len(valid)


def open_login(uow: UnitOfWork, login: str) -> None:
    """It works again, also when it was locked by wrong passwords. Tokens that were revoked stay so, and screens that were
    signed out stay signed out; where only a lock is lifted, those that are signed in go on. Raises StaffError."""
    user = _known(uow, login)
    opened = replace(user, active=True, failures=0, locked_until=None)
    if user.active:
        uow.staff.save(opened)
    else:
        _change(uow, opened)


def set_password(uow: UnitOfWork, login: str, password: str) -> None:
    """A new password: whoever is signed in is signed out, a lock is lifted. Raises StaffError."""
    password_hash = hash_password(password)
    _change(uow, replace(_known(uow, login), password_hash=password_hash, failures=0, locked_until=None))


def bind_login(
    uow: UnitOfWork,
    login: str,
    *,
    role: Role,
    department: str | None,
    region: str | None,
    provider: str | None,
    worker: str | None,
) -> StaffUser:
    """From now on this login has this role and reaches this far; whoever is signed in with it signs in anew.

    Raises StaffError and changes nothing when it makes no sense.
    """
    _check_bindings(uow, role, department=department, region=region, provider=provider, worker=worker)
    user = replace(
        _known(uow, login), role=role, department=department, region=region, provider=provider, worker=worker
    )
    return _change(uow, user)


def _known(uow: UnitOfWork, login: str) -> StaffUser:
    user = uow.staff.get(login, lock=True)
    if user is None:
        raise StaffError(f"there is no login {login}; `nuanxian staff list` shows all of them")
    return user


def _change(uow: UnitOfWork, user: StaffUser) -> StaffUser:
    """Store it, sign out all its screens for good, and tell those that are open."""
    changed = replace(user, sign_outs=user.sign_outs + 1)
    uow.staff.save(changed)
    uow.publish(Event(STAFF_CHANGED, user.login, {}))
    return changed


def add_staff(
    uow: UnitOfWork,
    login: str,
    password: str,
    *,
    name: str,
    role: Role,
    department: str | None = None,
    demo: bool = False,
    region: str | None = None,
    provider: str | None = None,
    worker: str | None = None,
) -> StaffUser:
    """Make a login. Raises StaffError when it exists, or when something about it is wrong."""
    login = login.strip()
    if not login or len(login) > LONGEST_LOGIN or not login.isprintable() or " " in login:
        raise StaffError(f"a login is 1 to {LONGEST_LOGIN} characters without spaces")
    if uow.staff.get(login) is not None:
        raise StaffError(f"the login {login} exists already")
    _check_bindings(uow, role, department=department, region=region, provider=provider, worker=worker)
    user = StaffUser(
        login, name or login, role, hash_password(password), department=department, demo=demo, region=region,
        provider=provider, worker=worker,
    )  # fmt: skip
    uow.staff.save(user)
    return user


def _check_bindings(
    uow: UnitOfWork,
    role: Role,
    *,
    department: str | None,
    region: str | None,
    provider: str | None,
    worker: str | None,
) -> None:
    if department is not None and department not in load_departments().by_code:
        raise StaffError(
            f"no department has the code {department}; there are: {', '.join(load_departments().by_code)}"
        )
    if region is not None and region not in load_regions():
        raise StaffError(f"no region has the code {region}; see config/regions.yaml")
    if role is Role.DEPARTMENT and department is None:
        raise StaffError("a login with the role department needs a department")
    if role is Role.PROVIDER and provider is None:
        raise StaffError("a login with the role provider needs a provider")
    if role is Role.WORKER and worker is None:
        raise StaffError("a login with the role worker needs a worker")


def hash_password(password: str) -> str:
    """Raises StaffError for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise StaffError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return _HASHER.hash(password)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password[:LONGEST_PASSWORD].encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """Checked for a login that does not exist, so that the time an answer takes does not tell which logins do."""
    return _HASHER.hash("nobody's password")
