"""People served: find, read, correct. Numbers and addresses are masked for those who may not see them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from backend.domain.access import Thing
from backend.domain.geography import Position
from backend.domain.people import Contact, Elder
from backend.services.ports import ElderNotFoundError, StaleError, UnitOfWork
from backend.web.api.answers import Reply, change, respond
from backend.web.api.caller import Caller, note
from backend.web.api.cursor import read_cursor, write_cursor
from backend.web.api.desk import Desk, refusals
from backend.web.api.orders import Cursor, Limit
from backend.web.api.problem import ProblemError
from backend.web.api.schemas import PersonIn
from backend.web.api.show import page_shown, person_shown

PersonId = Annotated[int, Path(ge=1, le=2**31 - 1)]


def people_router(desk: Desk) -> APIRouter:
    """`/people`."""
    router = APIRouter(prefix="/people", tags=["people"])

    @router.get("", responses=refusals(), summary="Find people by name or number")
    def find(
        q: Annotated[
            str, Query(min_length=1, max_length=64, description="how a name begins, or a whole number")
        ],
        limit: Limit = 50,
        cursor: Cursor = None,
        caller: Caller = desk.caller,
    ) -> Response:
        """Masked, whoever asks: read one person to see the record in full."""
        reach, after = caller.reach("people.view"), read_cursor("people", cursor)
        with desk.store.reading() as uow:
            found = uow.people_lists.page(
                q, reach, after=None if after is None else int(after), limit=limit + 1
            )
        following = write_cursor("people", found[limit - 1].id) if len(found) > limit else None
        return respond(Reply(page_shown([person_shown(one, full=False) for one in found[:limit]], following)))

    @router.get("/{person}", responses=refusals(404), summary="Read one person")
    def show(person: PersonId, caller: Caller = desk.caller) -> Response:
        """Each look at a record in full is noted in the access log."""
        with desk.store.unit_of_work() if caller.may("people.reveal") else desk.store.reading() as uow:
            elder = person_seen(uow, person, caller, "people.view")
            full = caller.may("people.reveal", thing_of_person(elder, caller))
            note(uow, [caller.noted("people.view", "person", str(person))] if full else [])
        return respond(Reply(person_shown(elder, full=full), etag=etag_of(elder)))

    @router.patch(
        "/{person}", responses=refusals(404, 412, 413, 415, 428), summary="Correct a person's record"
    )
    def correct(person: PersonId, body: PersonIn, request: Request, caller: Caller = desk.caller) -> Response:
        """Needs `If-Match` with the ETag of the record that was read, so that nobody's correction is lost."""
        seen = request.headers.get("if-match")
        if seen is None:
            raise ProblemError(
                428, "precondition-required", "Send If-Match with the ETag of the record you read."
            )

        def work(uow: UnitOfWork) -> Reply:
            uow.people_lists.lock(person)
            elder = person_seen(uow, person, caller, "people.edit")
            if seen.strip() not in {"*", etag_of(elder)}:
                raise StaleError
            changed = uow.people.save(replace(elder, **_changes(body)))
            uow.access_log.note([caller.noted("people.edit", "person", str(person))])
            return Reply(person_shown(changed, full=True), etag=etag_of(changed))

        return change(desk.store, caller, request, work)

    return router


def person_seen(uow: UnitOfWork, person: int, caller: Caller, action: str) -> Elder:
    """The record, if it is in reach. One that the caller may not even see is as if it was not there."""
    elder = uow.people.get(person)
    thing = thing_of_person(elder, caller)
    if not caller.may("people.view", thing):
        caller.require("people.view")
        raise ElderNotFoundError(person)
    caller.require(action, thing)
    return elder


def thing_of_person(elder: Elder, caller: Caller) -> Thing:
    """People belong to no department: whoever may see people of one department may see all of its region."""
    return Thing(region=elder.region, department=caller.actor.user.department)


def etag_of(elder: Elder) -> str:
    """A record has no version of its own: its ETag is a digest of what stands in it."""
    shown = orjson.dumps(person_shown(elder, full=True))
    return f'"{hashlib.sha256(shown).hexdigest()[:16]}"'


def _changes(body: PersonIn) -> dict[str, Any]:
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if (contacts := given.get("contacts")) is not None:
        given["contacts"] = tuple(
            Contact(one.name, one.phone, one.relation, one.emergency) for one in contacts
        )
    if given.get("position") is not None:
        given["position"] = Position(*given["position"])
    for name in ("phones", "categories"):
        if given.get(name) is not None:
            given[name] = tuple(given[name])
    # Null means «not known»; where the record always has a value, it stays as it is.
    always = {"name", "phones", "categories", "pace", "loudness", "contacts", "consent"}
    return {name: value for name, value in given.items() if value is not None or name not in always}
