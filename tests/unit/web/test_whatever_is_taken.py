"""Whatever passes the checks of the API can be shown, said and exported: no order takes the queue down."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import update

from backend.domain.order import Move, Order, State, Wanted
from backend.domain.payload import PayloadError, check_payload
from backend.services.clocks import load_clocks
from backend.services.export_orders import csv_lines, write_xlsx
from backend.store.open import Store
from backend.web.api.exports import COLUMNS
from backend.web.api.schemas import OrderIn
from backend.web.api.show import order_shown
from backend.web.present import wanted_time
from backend.web.words import load_words
from bot.dialogue.phrasing import broken_short, when
from config.catalogue import load_catalogue
from config.wording import load_wording
from tests.unit.backend.orders import placed
from tests.unit.web.conftest import NOW, Staff, text_of

ODD = st.text(max_size=60) | st.text(alphabet="<>&\"'{}\0\x1b\u202e\ufffe=+-@\t\r\n%\\", max_size=60)
DAYS = st.dates(NOW.date() - timedelta(days=3), NOW.date() + timedelta(days=800)).map(str)
POINTS = DAYS | st.builds(lambda day, at: f"{day}T{at:%H:%M}", DAYS, st.times())
TIMES = (
    POINTS
    | st.builds("{}/{}".format, POINTS, POINTS)
    | st.text(max_size=64)
    | st.sampled_from(["2026-W48T12:00", "9999-12-31"])
)
PARTS = st.sampled_from(
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY",
        "FREQ=MONTHLY",
        "INTERVAL=3",
        "INTERVAL=²",
        "BYDAY=MO,SU",
        "BYDAY=XX",
        "BYMONTHDAY=31",
        "UNTIL=20270101",
    ]
)
RULES = st.lists(PARTS, min_size=1, max_size=3).map(";".join) | st.text(max_size=40)
BODIES = st.fixed_dictionaries(
    {"item": st.sampled_from(sorted(load_catalogue())), "caller": st.just("13909510001")},
    optional={
        "beneficiary": ODD, "beneficiary_name": ODD, "place": ODD, "details": st.lists(ODD, max_size=3),
        "wanted": st.fixed_dictionaries({}, optional={"iso": TIMES, "asap": st.booleans(), "recurrence": RULES}),
    },
)  # fmt: skip


def taken(body: dict[str, object]) -> Order:
    """The order, when the API takes it."""
    try:
        checked = OrderIn.model_validate(body)
        wanted = checked.wanted.at(NOW)
    except (ValidationError, PayloadError):
        assume(False)
    order = placed(checked.item, at=NOW, wanted=wanted)
    changes = {name: getattr(checked, name) for name in ("beneficiary", "beneficiary_name", "place")}
    return replace(order, details=tuple(checked.details), **changes)


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=150)
@given(BODIES)
def test_an_order_that_is_taken_can_be_shown_said_exported_and_timed(body: dict[str, object]) -> None:
    order = taken(body)
    wanted = order.wanted
    assert wanted_time(wanted.iso, wanted.asap, wanted.recurrence, NOW, load_words())
    assert broken_short([when(wanted, NOW, load_wording().words)])
    for full in (True, False):
        shown = order_shown(order, full=full, at=NOW)
        orjson.dumps(shown)
        cells = [str(shown[column]) for column in COLUMNS]
        assert "".join(csv_lines(COLUMNS, [cells]))
        write_xlsx(io.BytesIO(), COLUMNS, [cells])
    assert load_clocks().after_move(order, NOW)


PAYLOADS = st.dictionaries(
    st.sampled_from(["department", "worker", "assignee", "place", "iso", "recurrence", "why", "waiting_for", "level", "told", "asap"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | ODD | TIMES | RULES | st.just("\ud800"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)  # fmt: skip


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=300)
@given(st.sampled_from(list(Move)), PAYLOADS)
def test_what_a_move_comes_with_can_be_kept_and_told(move: Move, payload: dict[str, object]) -> None:
    try:
        check_payload(move, State.ACCEPTED, payload, "so", at=NOW, system=False)
    except PayloadError as refused:
        orjson.dumps(dict(refused.problems))
        return
    orjson.dumps(payload)


@pytest.mark.parametrize(
    "broken",
    [{"wanted_iso": "2026-W48T12:00"}, {"wanted_iso": "垃圾"}, {"recurrence": "FREQ=WEEKLY;INTERVAL=²"}, {"wanted_iso": "0001-01-01"}],
)  # fmt: skip
def test_an_order_from_before_times_were_checked_does_not_take_the_queue_down(
    store: Store, operator: Staff, place: Callable[..., Order], broken: dict[str, str]
) -> None:
    order = place()
    with store.engine.begin() as connection:
        connection.execute(update(store.tables.orders).values(broken))
    for address in ("/staff", "/staff/part/orders", f"/staff/orders/{order.number}"):
        page = operator.get(address)
        assert page.status_code == 200
        assert order.number in text_of(page)


def test_a_time_that_nobody_could_keep_is_asked_for_by_staff(place: Callable[..., Order]) -> None:
    for wanted in (
        Wanted("2099-01-01"),
        Wanted("2026-W48"),
        Wanted("2026-11-25", recurrence="FREQ=MONTHLY;BYMONTHDAY="),
    ):
        order = place(wanted=wanted)
        assert order.missing == ("time",)
    assert order.wanted == Wanted("2026-11-25")
    assert place(wanted=Wanted("2026-11-25")).missing == ()
