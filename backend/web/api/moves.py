"""The moves of orders: what each comes with, as the description tells it, and how it is made for a caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StrictBool, StringConstraints, ValidationError

from backend.domain.order import Move, Order, State
from backend.domain.payload import LONGEST_TEXT, MOST_ENTRIES, Needs, PayloadError, needs_of
from backend.domain.staff import Role
from backend.services.commands import MoveOrder, OfferOrder
from backend.services.move_order import UnknownDepartmentError, UnknownWorkerError, move_order
from backend.services.offer_order import NobodyLeftError, UnfitWorkerError, offer_order
from backend.services.ports import UnitOfWork
from backend.services.take_offer import assignee_of
from backend.web.api.caller import Caller
from backend.web.api.problem import ProblemError
from backend.web.api.schemas import MoveIn

Code = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class OfferPayload(BaseModel):
    """Whom to ask. Reasons and scores are found here, never taken from outside."""

    model_config = ConfigDict(extra="forbid")

    worker: Code | None = None
    provider: Code | None = None
    override: StrictBool = False
    gender: Literal["f", "m"] | None = None


def make_move(order: Order, body: MoveIn, version: int | None, caller: Caller, uow: UnitOfWork) -> Order:
    """The order after the move. Raises PayloadError, ProblemError 409 when nobody is left to be asked, and what `move_order` raises."""
    command = MoveOrder(
        order.number, body.move, caller.now, caller.login, body.reason, version, body.payload,
        origin=caller.origin,
    )  # fmt: skip
    match body.move:
        case Move.OFFER:
            return _offer(order, command, uow)
        case Move.ACCEPT:
            return move_order(_in_whose_name(order, command, caller, uow), uow)
        case _:
            return _moved(command, uow)


def _moved(command: MoveOrder, uow: UnitOfWork) -> Order:
    try:
        return move_order(command, uow)
    except UnknownDepartmentError:
        raise PayloadError(command.move, {"department": "is unknown: see /departments"}) from None


def _offer(order: Order, command: MoveOrder, uow: UnitOfWork) -> Order:
    order.check(Move.OFFER, command.at)
    wish = _read_offer(command.payload)
    if wish.override and not command.reason.strip():
        raise PayloadError(Move.OFFER, {"reason": "is needed with `override`"})
    if wish.provider is not None and uow.providers.provider(wish.provider) is None:
        raise PayloadError(Move.OFFER, {"provider": "is unknown: see /providers"})
    offer = OfferOrder(
        order.number, command.at, command.actor, wish.worker or wish.provider, wish.gender, wish.override,
        command.reason, command.expected_version, command.origin,
    )  # fmt: skip
    field = "provider" if wish.provider is not None else "worker"
    try:
        return offer_order(offer, uow)
    except UnknownWorkerError:
        raise PayloadError(Move.OFFER, {field: "is unknown: see /workers"}) from None
    except UnfitWorkerError as error:
        raise PayloadError(Move.OFFER, {field: _unfit(error)}) from None
    except NobodyLeftError:
        raise ProblemError(
            409, "nobody-left", "Nobody who could do this order is left to be asked: see its /candidates.",
            state=order.state.value, allowed=[move.value for move in order.allowed(command.at)],
        ) from None  # fmt: skip


def _unfit(error: UnfitWorkerError) -> str:
    reasons = ", ".join(error.reasons)
    return f"is ruled out ({reasons}): choose another one (see /candidates), or send `override`: true with a reason"


def _read_offer(payload: Mapping[str, Any]) -> OfferPayload:
    try:
        wish = OfferPayload.model_validate(dict(payload))
    except ValidationError as error:
        problems = {str(one["loc"][0]): _said(one["type"], one["msg"]) for one in error.errors()}
        raise PayloadError(Move.OFFER, problems) from None
    if wish.worker is not None and wish.provider is not None:
        raise PayloadError(Move.OFFER, {"provider": "is not needed with a worker: send one of them"})
    return wish


def _said(kind: str, message: str) -> str:
    return "is unknown here" if kind == "extra_forbidden" else message


def _in_whose_name(order: Order, command: MoveOrder, caller: Caller, uow: UnitOfWork) -> MoveOrder:
    order.check(Move.ACCEPT, command.at)
    named = command.payload.get("assignee")
    if named is not None and not isinstance(named, str):
        return command  # `move_order` says what is wrong with it
    command, override = _without_override(command, caller)
    try:
        found = assignee_of(caller.actor, order, named, command.at, uow, override=override)
    except UnfitWorkerError as error:
        raise PayloadError(Move.ACCEPT, {"assignee": _unfit(error)}) from None
    if found is None:
        return command
    return replace(command, payload=dict(command.payload) | {"assignee": found})


def _without_override(command: MoveOrder, caller: Caller) -> tuple[MoveOrder, bool]:
    """The move, and whether staff name somebody who is ruled out all the same. To others the field is unknown."""
    user, payload = caller.actor.user, dict(command.payload)
    if user.role is Role.WORKER or user.provider is not None or "override" not in payload:
        return command, False
    override = payload.pop("override")
    if not isinstance(override, bool):
        raise PayloadError(Move.ACCEPT, {"override": "must be true or false"})
    if override and not command.reason.strip():
        raise PayloadError(Move.ACCEPT, {"reason": "is needed with `override`"})
    return replace(command, payload=payload), override


# What a field of a payload is, for the description.
_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}
_TEXTS = {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_ENTRIES}
_FLAG = {"type": "boolean"}
FIELDS: Mapping[str, dict[str, Any]] = {
    "department": _TEXT | {"description": "Code, see `/departments`.", "examples": ["home_service"]},
    "assignee": _TEXT
    | {
        "description": "Code of the worker. Workers take orders on for themselves only, a provider for its crew; "
        "left out: whoever was asked."
    },
    "place": _TEXT | {"description": "Where, in words."},
    "signature": _TEXT | {"description": "Name of the stored picture of the signature."},
    "step": _TEXT | {"description": "Which deadline it is about, a step of config/sla.yaml."},
    "recurrence": _TEXT | {"description": "RFC 5545 RRULE; `iso` is the first time."},
    "photos": _TEXTS | {"description": "Names of stored pictures."},
    "items_done": _TEXTS,
    "waiting_for": _TEXTS | {"description": "The papers that are missing."},
    "told": _TEXTS | {"description": "Who was told."},
    "spoken_yes": _FLAG | {"description": "The elder said that it was done."},
    "asap": _FLAG,
    "position": {
        "type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
        "description": "[latitude, longitude] in degrees.", "examples": [[38.474, 106.228]],
    },
    "readings": {
        "type": "object", "additionalProperties": {"type": ["number", "string"]}, "minProperties": 1,
        "maxProperties": MOST_ENTRIES, "examples": [{"血压": "130/80"}],
    },
    "satisfaction": {"type": "integer", "minimum": 1, "maximum": 5},
    "minutes": {"type": "integer", "minimum": 0, "maximum": 24 * 60, "description": "Until they are there."},
    "level": {"type": "integer", "minimum": 1, "maximum": 9, "description": "1: the first of config/sla.yaml."},
    "iso": {
        "type": "string", "description": "A point, a day, or a range A/B; local time without offset.",
        "examples": ["2026-11-24T14:00/2026-11-24T18:00"],
    },
}  # fmt: skip
ABOUT: Mapping[Move, str] = {
    Move.OFFER: "Ask a worker, or a provider as a whole; without either the best worker is asked.",
    Move.FINISH: "After a check-in (`start`) at least one of photos, signature, spoken_yes is needed.",
    Move.ACCEPT: "Staff who name a worker who is ruled out need `override` and a `reason`, as with an offer.",
    Move.START: "The check-in at the door.",
    Move.LAPSE: "An offer that nobody answered in time.",
}
OVERRIDE = _FLAG | {"description": "Also somebody who is ruled out; needs a `reason`. For staff."}
OFFER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "worker": _TEXT | {"description": "Code of the worker, see `/orders/N/candidates`."},
        "provider": _TEXT | {"description": "Code of a provider instead of a worker: it names who comes."},
        "override": OVERRIDE,
        "gender": {"enum": ["f", "m"], "description": "What the elder wishes of who comes."},
    },
    "additionalProperties": False,
}


def describe_moves(schemas: dict[str, Any]) -> None:
    """Put one body per move into the component schemas, and `MoveIn` as the choice between them."""
    names = {}
    for move in Move:
        name = "Move" + "".join(part.title() for part in move.value.split("_"))
        names[move.value] = f"#/components/schemas/{name}"
        schemas[name] = _body_of(move)
    schemas["MoveIn"] = {
        "title": "MoveIn",
        "description": "A move of an order; each has a payload of its own.",
        "oneOf": [{"$ref": reference} for reference in names.values()],
        "discriminator": {"propertyName": "move", "mapping": names},
    }


def _body_of(move: Move) -> dict[str, Any]:
    needs = needs_of(move, State.ACCEPTED)
    payload = OFFER_SCHEMA if move is Move.OFFER else _payload_of(needs)
    if move is Move.ACCEPT:
        payload["properties"]["override"] = OVERRIDE
    reason: dict[str, Any] = {"type": "string", "maxLength": LONGEST_TEXT}
    required = ["move"]
    if needs.reason:
        reason["minLength"] = 1
        required.append("reason")
    if payload.get("required") or payload.get("anyOf"):
        required.append("payload")
    return {
        "type": "object",
        "description": ABOUT.get(move, f"The move `{move.value}`."),
        "properties": {"move": {"const": move.value}, "reason": reason, "payload": payload},
        "required": required,
        "additionalProperties": False,
    }


def _payload_of(needs: Needs) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: FIELDS[name] for name in (*needs.required, *needs.any_of, *needs.optional)},
        "additionalProperties": False,
    }
    if needs.required:
        schema["required"] = list(needs.required)
    if needs.any_of:
        schema["anyOf"] = [{"required": [name]} for name in needs.any_of]
    return schema
