"""Relatives are bound to elders by codes, and unbound by whoever speaks for the elder."""

from __future__ import annotations

import secrets
from datetime import datetime

from backend.domain.family import CODE_DIGITS, LIVES, NO_RIGHTS, Binding, CodeError, CodeKind, Rights
from backend.services.events import FAMILY_BOUND, FAMILY_UNBOUND
from backend.services.family_commands import BindRelative, IssueCode, NoteGuess, RevokeBinding, ShutOut
from backend.services.ports import Event, StaleError, UnitOfWork

MAGNET_BYTES = 24  # of randomness: 32 characters, what a WeChat scene and a Telegram link can carry


def fresh_code() -> str:
    """Six digits at random."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def issue_code(command: IssueCode, uow: UnitOfWork) -> None:
    """Open a spoken code; an older one of the same elder ends. Raises StaleError when the very code is open: draw again."""
    uow.families.withdraw(command.elder_id, CodeKind.SPOKEN, command.at)
    ends = command.at + LIVES[CodeKind.SPOKEN]
    if not uow.families.issue(
        command.code,
        command.elder_id,
        CodeKind.SPOKEN,
        command.rights,
        at=command.at,
        by=command.by,
        ends=ends,
    ):
        raise StaleError("this code is open for somebody else")


def issue_magnet(elder_id: int, rights: Rights, uow: UnitOfWork, *, at: datetime, by: str) -> str:
    """The word behind the QR code of a fridge magnet."""
    word = secrets.token_urlsafe(MAGNET_BYTES)
    uow.families.issue(
        word, elder_id, CodeKind.MAGNET, rights, at=at, by=by, ends=at + LIVES[CodeKind.MAGNET]
    )
    return word


def bind_relative(command: BindRelative, uow: UnitOfWork) -> Binding:
    """The new binding. Raises StaleError when the code was used since it was looked at, CodeError when there is none."""
    code = uow.families.code(command.code, command.at)
    if code is None:
        raise CodeError("no open code")
    if not uow.families.use(code.id, command.at):
        raise StaleError("the code was used just now")
    binding = uow.families.bind(
        code.elder_id, command.sender, command.relation, code.rights, at=command.at, by=code.kind.value
    )
    uow.publish(Event(FAMILY_BOUND, str(binding.id), {"elder": binding.elder_id}))
    return binding


def note_guess(command: NoteGuess, uow: UnitOfWork) -> None:
    uow.families.note_guess(command.sender, command.at)


def revoke_binding(command: RevokeBinding, uow: UnitOfWork) -> Binding:
    """Raises BindingGoneError."""
    binding = uow.families.revoke(command.binding_id, at=command.at, by=command.by)
    uow.publish(Event(FAMILY_UNBOUND, str(binding.id), {"elder": binding.elder_id}))
    return binding


def shut_out(command: ShutOut, uow: UnitOfWork) -> None:
    """A contact of the list stays in it, but by their telephone number they may nothing any more."""
    binding = uow.families.bind(
        command.elder_id, command.phone, command.relation, NO_RIGHTS, at=command.at, by=command.by
    )
    revoke_binding(RevokeBinding(binding.id, command.at, command.by), uow)
