"""Somebody the records do not know gave a name or an address on the way: next time we know them."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.people import Caller, Elder
from backend.domain.phone import normal_phone
from backend.services.commands import RegisterCaller
from backend.services.ports import UnitOfWork
from config.organisation import load_people_words


def register_caller(command: RegisterCaller, uow: UnitOfWork) -> Caller:
    """The caller as known from now on. What the records already say is never overwritten by what was said on the line.

    How somebody likes to be spoken to (pace, loudness) is the exception: the newest wish counts. A contact who is no elder
    stays a contact: their own name and address are no record of a person served.
    """
    caller = uow.people.find_caller(command.sender)
    phone = normal_phone(command.phone or "") or normal_phone(command.sender)
    if caller.elder is not None:
        completed = _completed(caller.elder, command, phone)
        if completed != caller.elder:
            uow.people.save(completed)
    elif not caller.wards and command.name:
        _register(command, phone, uow)
    else:
        return caller
    return uow.people.find_caller(command.sender)


def _completed(elder: Elder, command: RegisterCaller, phone: str | None) -> Elder:
    return replace(
        elder,
        address=elder.address or command.address,
        phones=elder.phones or ((phone,) if phone else ()),
        pace=elder.pace if command.pace is None else command.pace,
        loudness=elder.loudness if command.loudness is None else command.loudness,
    )


def _register(command: RegisterCaller, phone: str | None, uow: UnitOfWork) -> None:
    """A record of its own, keyed by where they called from.

    A name and a number that were only said must not open somebody else's record, so no other record is looked for here;
    staff or the next import bring the two together.
    """
    name, called_from = command.name or "", normal_phone(command.sender)
    elder = Elder(
        id=None,
        key=uow.people.key_of(name=name, id_number=None, phone=called_from or command.sender),
        name=name,
        phones=tuple(dict.fromkeys(number for number in (called_from, phone) if number)),
        address=command.address,
        tags=(load_people_words().registered_by_line,),
        pace=command.pace or 0,
        loudness=command.loudness or 0,
    )
    elder = uow.people.save(elder)
    if called_from is None and elder.id is not None:
        uow.people.bind(elder.id, command.sender)
