"""The people who work with the queue, and what each of them may see and do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    OPERATOR = "operator"  # takes calls, sees and moves every order
    DUTY = "duty"  # on duty for emergencies, sees and moves every order
    DEPARTMENT = "department"  # sees and moves the orders of one department
    PROVIDER = "provider"  # sees and moves what was given to one provider
    WORKER = "worker"  # sees and moves what was given to them
    INSPECTOR = "inspector"  # sees everything, follows up, does none of the work
    AUDITOR = "auditor"  # sees everything and who looked at it, changes nothing
    ADMIN = "admin"  # everything, and the staff accounts


@dataclass(frozen=True, slots=True)
class StaffUser:
    """A login. What it is bound to (`department`, `region`, `provider`, `worker`: codes) limits what it reaches; None: no limit.

    `totp`: the secret of its one-time codes in base32; None: a password is enough.
    """

    login: str
    name: str
    role: Role
    password_hash: str
    department: str | None = None
    active: bool = True
    demo: bool = False  # works only while the installation is in demo mode
    failures: int = 0  # wrong passwords in a row
    locked_until: datetime | None = None
    region: str | None = None
    provider: str | None = None
    worker: str | None = None
    totp: str | None = None
    totp_step: int | None = None  # of the last one-time code that was used: none counts twice
    sign_outs: int = 0  # how often all its screens were signed out: a cookie from before one counts no more
