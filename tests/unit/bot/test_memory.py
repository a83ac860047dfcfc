"""A conversation is kept as JSON and read back by any process, also one of another version."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from bot.dialogue.memory import GOES_ON_FOR, WAITS_FOR, Form, Memory, Pending

NOON = datetime(2026, 11, 23, 12)


def full() -> Memory:
    memory = Memory(asking="time", misses=1, pace=2, orders=["11230001"], updated_at=NOON.isoformat())
    memory.forms = [
        Form(id=1, item="meal", time={"iso": None, "asap": True, "recurrence": None}),
        Form(id=2, item="bath"),
    ]
    memory.pending = Pending(kind="cancel", numbers=["11230001"])
    memory.tell("我妈", name="王秀英", place=None)
    return memory


def test_a_memory_survives_being_written_as_json() -> None:
    memory = full()
    assert Memory.from_json(json.loads(json.dumps(memory.to_json()))) == memory


def test_fields_of_another_version_are_left_out() -> None:
    raw = full().to_json() | {"mood": "good"}
    raw["forms"][0]["colour"] = "green"
    assert Memory.from_json(raw) == full()


def test_a_memory_of_an_older_version_gets_the_defaults() -> None:
    assert Memory.from_json({"asking": "place"}).pace == 0


def test_the_request_talked_about_is_the_first_that_is_not_put_aside() -> None:
    memory = full()
    memory.forms[0].parked = True
    current = memory.current()
    assert current is not None
    assert current.item == "bath"


def test_a_conversation_goes_on_for_half_an_hour_and_when_the_clock_jumps_back() -> None:
    memory = full()
    assert memory.goes_on_at(NOON + GOES_ON_FOR)
    assert memory.goes_on_at(NOON - timedelta(days=1))
    assert not memory.goes_on_at(NOON + GOES_ON_FOR + timedelta(seconds=1))
    assert not Memory().goes_on_at(NOON)


def test_who_writes_may_answer_in_the_evening_or_the_next_morning_while_a_request_is_under_way() -> None:
    memory = full()
    assert memory.goes_on_at(NOON + WAITS_FOR, written=True)
    assert not memory.goes_on_at(NOON + WAITS_FOR + timedelta(seconds=1), written=True)
    memory.forms.clear()
    assert not memory.goes_on_at(NOON + timedelta(hours=1), written=True)


def test_a_new_conversation_keeps_the_counts_that_make_keys_unique() -> None:
    memory = full()
    memory.form_count, memory.emergencies = 7, 2
    anew = memory.begun_anew()
    assert (anew.form_count, anew.emergencies, anew.pace) == (7, 2, 2)
    assert anew.forms == []
    assert anew.asking is None


def test_what_is_not_known_does_not_overwrite_what_is() -> None:
    memory = Memory()
    memory.tell("self", name="马建国", place="北塔村")
    memory.tell("self", name=None)
    assert (memory.name, memory.place) == ("马建国", "北塔村")
