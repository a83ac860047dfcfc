"""Every cell of `config/access.yaml`, against a table written down here independently, role by role."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.access import AccessDeniedError, Actor, Thing, granted
from backend.domain.order import Move
from backend.domain.staff import Role, StaffUser
from backend.services.access import (
    AccessTableError,
    load_actions_of_moves,
    load_matrix,
    read_matrix,
    read_moves,
)

EVERYTHING = {
    "order.view", "order.place", "order.route", "order.accept", "order.perform", "order.change", "order.cancel",
    "order.confirm", "order.escalate", "order.export", "plan.adopt", "people.view", "people.reveal", "people.edit",
    "people.forget", "task.view", "task.take", "calls.listen", "provider.view", "catalogue.view", "event.view", "webhook.manage",
    "token.own", "token.manage", "access_log.view", "staff.manage",
}  # fmt: skip
DESK = EVERYTHING - {
    "people.forget", "webhook.manage", "token.manage", "access_log.view", "staff.manage", "calls.listen",
}  # fmt: skip

# What each role may do at all, when it is bound to whatever its work needs.
MAY = {
    Role.OPERATOR: DESK,
    Role.DUTY: DESK | {"calls.listen"},
    Role.DEPARTMENT: DESK - {"order.confirm", "people.edit", "task.view", "task.take"},
    Role.PROVIDER: {
        "order.view", "order.accept", "order.perform", "order.escalate", "people.reveal", "provider.view",
        "catalogue.view", "token.own",
    },
    Role.WORKER: {
        "order.view", "order.accept", "order.perform", "order.escalate", "people.reveal", "provider.view",
        "catalogue.view",
    },
    Role.INSPECTOR: {
        "order.view", "order.confirm", "order.escalate", "order.export", "people.view", "task.view", "calls.listen",
        "provider.view", "catalogue.view", "event.view", "token.own",
    },
    Role.AUDITOR: {
        "order.view", "order.export", "people.view", "provider.view", "catalogue.view", "event.view", "token.own",
        "access_log.view",
    },
    Role.ADMIN: EVERYTHING,
}  # fmt: skip

# What a login of this role must be bound to; everything else that it may do it may do unbound.
NEEDS_BINDING = {Role.DEPARTMENT: "department", Role.PROVIDER: "provider", Role.WORKER: "worker"}
UNBOUND = {"catalogue.view"}

MINE = Thing(region="640106", department="town", workers=frozenset({"w1"}))
ELSEWHERE = {
    "region": replace(MINE, region="640402"),
    "department": replace(MINE, department="repair"),
    "provider": replace(MINE, workers=frozenset({"w9"})),
    "worker": replace(MINE, workers=frozenset({"w2"})),
}


def actor(role: Role, **bound: str) -> Actor:
    crew = frozenset({"w1", "w2"}) if "provider" in bound else frozenset[str]()
    return Actor(StaffUser("ma", "马静", role, "", **bound), crew=crew)


def at_work(role: Role) -> Actor:
    binding = {"department": "town", "provider": "p1", "worker": "w1"}
    name = NEEDS_BINDING.get(role)
    return actor(role, **({name: binding[name]} if name else {}))


def test_the_table_has_these_actions_and_no_others() -> None:
    assert set(load_matrix().cells) == EVERYTHING


@pytest.mark.parametrize("action", sorted(EVERYTHING))
@pytest.mark.parametrize("role", list(Role))
def test_cell(role: Role, action: str) -> None:
    matrix, may = load_matrix(), action in MAY[role]
    assert matrix.allows(at_work(role), action) is may
    assert matrix.allows(at_work(role), action, MINE) is may
    name = NEEDS_BINDING.get(role)
    if name is None:
        return
    assert matrix.allows(actor(role), action, MINE) is (may and action in UNBOUND), "without its binding"
    if action not in UNBOUND:
        assert not matrix.allows(at_work(role), action, ELSEWHERE[name])


@pytest.mark.parametrize("role", list(Role))
def test_a_region_narrows_every_role(role: Role) -> None:
    bound = at_work(role)
    city = replace(bound, user=replace(bound.user, region="640100"))
    for action in MAY[role]:
        assert load_matrix().allows(city, action, MINE), "a county of that city"
        assert load_matrix().allows(city, action, replace(MINE, region=None)), (
            "no region known: nobody overlooks it"
        )
        assert not load_matrix().allows(city, action, ELSEWHERE["region"])


def test_of_a_task_in_the_city_each_of_its_counties_hears_and_no_other_city() -> None:
    city = Thing(region="640100")
    for region, sees in (
        ("640106", True),
        ("640100", True),
        ("640000", True),  # the whole province
        ("640402", False),
        ("640400", False),
    ):
        bound = actor(Role.DUTY, region=region)
        assert load_matrix().allows(bound, "task.view", city) is sees, region
        assert load_matrix().allows(bound, "task.take", city) is sees, region
    assert not load_matrix().allows(actor(Role.DUTY, region="640106"), "order.view", city)


def test_the_region_that_holds_all_others_bounds_nobody() -> None:
    assert load_matrix().reach(actor(Role.DUTY, region="640000"), "order.view").regions is None
    assert load_matrix().reach(actor(Role.DUTY, region="640100"), "order.view").regions is not None


def test_a_department_narrows_an_operator_and_hides_what_has_none() -> None:
    bound = actor(Role.OPERATOR, department="town")
    assert load_matrix().allows(bound, "order.view", MINE)
    assert not load_matrix().allows(bound, "order.view", ELSEWHERE["department"])
    assert not load_matrix().allows(bound, "task.view", Thing())


def test_a_provider_reaches_the_orders_of_all_its_workers_and_of_no_others() -> None:
    bound = actor(Role.PROVIDER, provider="p1")
    assert load_matrix().allows(bound, "order.view", ELSEWHERE["worker"]), "w2 is of the crew too"
    assert not load_matrix().allows(bound, "order.view", replace(MINE, workers=frozenset()))


@pytest.mark.parametrize(
    ("grants", "action", "covered"),
    [
        (None, "order.view", True),
        ((), "order.view", False),
        (("order.view",), "order.view", True),
        (("order.view",), "order.place", False),
        (("order.*",), "order.place", True),
        (("order.*",), "orders.view", False),
        (("*",), "order.view", False),
    ],
)
def test_the_scopes_of_a_token(grants: tuple[str, ...] | None, action: str, covered: bool) -> None:
    assert granted(grants, action) is covered


def test_a_token_never_reaches_further_than_its_owner() -> None:
    auditor = replace(actor(Role.AUDITOR), grants=("order.*",))
    assert load_matrix().allows(auditor, "order.view")
    assert not load_matrix().allows(auditor, "access_log.view"), "not on the token"
    with pytest.raises(AccessDeniedError, match=r"order\.cancel"):
        load_matrix().require(auditor, "order.cancel")


def test_every_move_is_an_action_of_the_table() -> None:
    actions = load_actions_of_moves()
    assert set(actions) == set(Move)
    assert set(actions.values()) <= EVERYTHING


ROLES = [role.value for role in Role]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"roles": ROLES[1:], "actions": {}}, "roles must be these"),
        ({"roles": ROLES, "actions": {"order.view": ["all"]}}, "1 cells for 8 roles"),
        ({"roles": ROLES, "actions": {"order.view": ["everything", *["-"] * 7]}}, "everything"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_with_its_place(raw: dict[str, object], reason: str) -> None:
    with pytest.raises(AccessTableError, match=reason):
        read_matrix(raw)


def test_an_unknown_move_is_refused() -> None:
    with pytest.raises(AccessTableError, match="explode"):
        read_moves({"actions": {"order.view": []}, "moves": {"order.view": ["explode"]}})
