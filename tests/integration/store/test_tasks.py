"""Emergencies, hand-offs and complaints on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.queue import AlreadyAcknowledgedError, TaskKind
from backend.services.acknowledge_task import acknowledge_task
from backend.services.commands import AcknowledgeTask
from backend.services.open_task import open_task
from backend.services.people_row import region_of
from backend.services.place_order import place_order
from backend.services.ports import TaskNotFoundError
from backend.store.open import Store

from .examples import FALL, NOW, PLACE, elder


def test_an_emergency_comes_back_as_it_was_said(store: Store) -> None:
    with store.unit_of_work() as uow:
        task = open_task(replace(FALL, told=("马晓燕 女儿 13809510001",), place="长城花园"), uow)
        uow.commit()
    assert task.id is not None
    with store.reading() as uow:
        assert uow.tasks.get(task.id) == task
    assert (task.kind, task.text, task.why) == (TaskKind.EMERGENCY, FALL.text, FALL.why)
    assert (task.told, task.place, task.opened_at) == (("马晓燕 女儿 13809510001",), "长城花园", NOW)


def test_an_address_said_one_sentence_later_completes_the_emergency_that_stands(store: Store) -> None:
    with store.unit_of_work() as uow:
        first = open_task(replace(FALL, who="我妈"), uow)
        later = open_task(
            replace(
                FALL,
                text="在长城花园3号楼",
                place="长城花园3号楼",
                who="别人",
                told=("x",),
                at=NOW + timedelta(minutes=1),
            ),
            uow,
        )
        uow.commit()
    assert later.id == first.id
    assert (later.place, later.who, later.told, later.opened_at) == ("长城花园3号楼", "我妈", ("x",), NOW)
    assert later.text == "我妈摔倒了起不来\n在长城花园3号楼"
    with store.reading() as uow:
        assert uow.tasks.open() == [later]


def test_the_same_sentence_twice_is_noted_once(store: Store) -> None:
    with store.unit_of_work() as uow:
        assert open_task(FALL, uow) == open_task(FALL, uow)


def test_emergencies_come_first_and_then_who_waits_longest(store: Store) -> None:
    with store.unit_of_work() as uow:
        complaint = open_task(replace(FALL, key="1", kind=TaskKind.COMPLAINT), uow)
        handoff = open_task(replace(FALL, key="2", kind=TaskKind.HANDOFF), uow)
        fall = open_task(replace(FALL, key="3"), uow)
        fire = open_task(replace(FALL, key="4"), uow)
        assert uow.tasks.open() == [fall, fire, complaint, handoff]
        assert uow.tasks.open(limit=1) == [fall]


def test_an_acknowledged_task_leaves_the_queue_and_stays_on_record(store: Store) -> None:
    with store.unit_of_work() as uow:
        task = open_task(FALL, uow)
        assert task.id is not None
        acknowledge_task(AcknowledgeTask(task.id, NOW, "duty", "120已到"), uow)
        uow.commit()
    with store.reading() as uow:
        assert uow.tasks.open() == []
        (closed,) = uow.tasks.closed()
    assert (closed.acknowledged_by, closed.acknowledged_at, closed.note) == ("duty", NOW, "120已到")


def test_of_two_who_acknowledge_only_the_first_succeeds(store: Store) -> None:
    with store.unit_of_work() as uow:
        task = open_task(FALL, uow)
        uow.commit()
    assert task.id is not None
    with store.reading() as uow:
        seen = uow.tasks.get(task.id)
    with store.unit_of_work() as uow:
        acknowledge_task(AcknowledgeTask(task.id, NOW, "duty"), uow)
        uow.commit()
    with store.unit_of_work() as uow:
        with pytest.raises(AlreadyAcknowledgedError):
            acknowledge_task(AcknowledgeTask(task.id, NOW, "operator"), uow)
        with pytest.raises(AlreadyAcknowledgedError):  # also when both had seen it open
            uow.tasks.save(replace(seen, acknowledged_at=NOW, acknowledged_by="operator"))
        assert uow.tasks.get(task.id).acknowledged_by == "duty"


def test_a_task_that_does_not_exist_can_not_be_acknowledged(store: Store) -> None:
    with store.unit_of_work() as uow, pytest.raises(TaskNotFoundError):
        acknowledge_task(AcknowledgeTask(4711, NOW, "duty"), uow)


def test_a_task_is_of_the_region_of_the_person_the_place_or_the_order(store: Store) -> None:
    with store.unit_of_work() as uow:
        person = uow.people.save(elder("k1", region="640106")).id
        order = place_order(replace(PLACE, region="640104"), uow)
        regions = [
            open_task(replace(FALL, key=key, **changes), uow).region
            for key, changes in {
                "person": {"elder_id": person, "place": "固原市原州区三营镇"},
                "place": {"place": "固原市原州区三营镇", "order_number": order.number},
                "order": {"place": "长城花园", "order_number": order.number},
                "no order": {"order_number": "99990001"},
                "nothing": {},
            }.items()
        ]
    assert regions == ["640106", region_of("固原市原州区三营镇"), "640104", None, None]


def test_the_region_is_filled_in_when_the_address_is_said_and_stays(store: Store) -> None:
    with store.unit_of_work() as uow:
        first = open_task(FALL, uow)
        found = open_task(replace(FALL, text="在金凤区长城花园", place="金凤区长城花园"), uow)
        later = open_task(replace(FALL, text="又说在原州区", place="原州区"), uow)
        uow.commit()
    with store.reading() as uow:
        told = [posted.event.data["region"] for posted in uow.outbox.after(0)]
    assert (first.region, found.region, later.region) == (None, "640106", "640106")
    assert told == [None, "640106", "640106"]


def test_lists_of_a_region_leave_out_others_but_never_what_has_none(store: Store) -> None:
    with store.unit_of_work() as uow:
        here = open_task(replace(FALL, key="1", place="金凤区"), uow)
        open_task(replace(FALL, key="2", place="原州区"), uow)
        anywhere = open_task(replace(FALL, key="3"), uow)
        assert uow.tasks.open(regions={"640106"}) == [here, anywhere]
        assert uow.tasks.open(regions={"640106"}, limit=1) == [here]
        assert len(uow.tasks.open()) == 3
        for task in uow.tasks.open():
            acknowledge_task(AcknowledgeTask(task.id or 0, NOW, "duty"), uow)
        assert [task.id for task in uow.tasks.closed(regions={"640106"})] == [anywhere.id, here.id]
        assert [task.id for task in uow.tasks.closed(regions=())] == [anywhere.id]
