"""The people who work with the queue, and what each of them may see and do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    OPERATOR = "operator"  # takes calls, sees and moves every order
    DUTY = "duty"  # on duty for emergencies, sees and moves every order
    DEPARTMENT = "department"  # sees and moves the orders of one department
    SUPERVISOR = "supervisor"  # sees everything, moves nothing
    ADMIN = "admin"  # everything, and the staff accounts


@dataclass(frozen=True, slots=True)
class StaffUser:
    """A login. `department` limits what it sees (code in config/departments.yaml); None: all departments."""

    login: str
    name: str
    role: Role
    password_hash: str
    department: str | None = None
    active: bool = True
    demo: bool = False  # works only while the installation is in demo mode
    failures: int = 0  # wrong passwords in a row
    locked_until: datetime | None = None

    def may_move(self, department: str | None) -> bool:
        """Whether this person may accept, reassign, finish or cancel an order of this department."""
        if self.role is Role.SUPERVISOR:
            return False
        return self.role is not Role.DEPARTMENT or self.department == department

    def sees(self, department: str | None) -> bool:
        return self.department is None or self.department == department
