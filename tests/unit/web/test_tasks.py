from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.domain.queue import Task, TaskKind
from backend.services.acknowledge_task import acknowledge_task
from backend.services.commands import AcknowledgeTask
from backend.store.open import Store
from tests.unit.web.conftest import NOW, Staff, text_of, token

RaiseTask = Callable[..., Task]


def test_the_page_shows_the_transcript_with_the_alarming_sentence_marked(
    operator: Staff, raise_task: RaiseTask, talk: Callable[..., None]
) -> None:
    talk("call", ("caller", "我摔倒了起不来"), ("line", "您先别乱动。"), ("caller", "就我一个人"))
    task = raise_task(TaskKind.EMERGENCY, "我摔倒了起不来", session="call")
    page = operator.get(f"/staff/tasks/{task.id}")
    assert "<mark>我摔倒了起不来</mark>" in page.text
    assert "您先别乱动。" in page.text
    assert "还没有人处理" in page.text


def test_taking_a_task_keeps_who_and_the_note(operator: Staff, store: Store, raise_task: RaiseTask) -> None:
    task = raise_task(TaskKind.EMERGENCY, "我摔倒了")
    answer = operator.send(f"/staff/tasks/{task.id}/acknowledge", note="已通知 120")
    assert answer.status_code == 303
    page = text_of(operator.get(answer.headers["location"]))
    assert "李静 今天 10:00 已处理" in page
    assert "已通知 120" in page
    with store.reading() as uow:
        assert not uow.tasks.open()


def test_taking_a_task_in_the_list_gives_the_list_without_it(operator: Staff, raise_task: RaiseTask) -> None:
    task = raise_task(TaskKind.EMERGENCY, "我摔倒了")
    raise_task(TaskKind.HANDOFF, "给我叫个人")
    answer = operator.send(f"/staff/tasks/{task.id}/acknowledge", live=True, **{"from": "list"})
    assert answer.status_code == 200
    assert "给我叫个人" in answer.text
    assert "我摔倒了" not in answer.text
    assert "已确认处理" in text_of(answer)


@pytest.mark.parametrize("live", [True, False])
def test_whoever_comes_second_learns_who_took_it(
    operator: Staff, store: Store, raise_task: RaiseTask, live: bool
) -> None:
    task = raise_task(TaskKind.EMERGENCY, "我摔倒了")
    with store.unit_of_work() as uow:
        acknowledge_task(AcknowledgeTask(task.id or 0, NOW, "duty", "已派车"), uow)
        uow.commit()
    answer = operator.send(
        f"/staff/tasks/{task.id}/acknowledge", live=live, note="我也来", **{"from": "list"}
    )
    assert answer.status_code == 409
    assert "王建军在 今天 10:00 已经处理了这一条" in text_of(answer)
    with store.reading() as uow:
        assert uow.tasks.get(task.id or 0).note == "已派车"


def test_what_was_done_can_be_looked_up(operator: Staff, raise_task: RaiseTask) -> None:
    task = raise_task(TaskKind.COMPLAINT, "等了一天没见人")
    operator.send(f"/staff/tasks/{task.id}/acknowledge", note="已道歉")
    page = text_of(operator.get("/staff/tasks"))
    assert "等了一天没见人" in page
    assert "已道歉" in page


def test_a_department_can_neither_see_nor_take_an_emergency(
    console: Callable[[], Staff], store: Store, raise_task: RaiseTask
) -> None:
    task, staff = raise_task(TaskKind.EMERGENCY, "我摔倒了"), console()
    staff.sign_in("home")
    assert staff.get(f"/staff/tasks/{task.id}").status_code == 403
    assert staff.get("/staff/tasks").status_code == 403
    page = staff.get("/staff")
    answer = staff.send(f"/staff/tasks/{task.id}/acknowledge", csrf=token(page))
    assert answer.status_code == 403
    with store.reading() as uow:
        assert len(uow.tasks.open()) == 1


def test_an_inspector_sees_a_task_but_can_not_take_it(
    console: Callable[[], Staff], raise_task: RaiseTask
) -> None:
    task, staff = raise_task(TaskKind.EMERGENCY, "我摔倒了"), console()
    staff.sign_in("watch")
    assert "我来处理" not in staff.get(f"/staff/tasks/{task.id}").text
    assert "我来处理" not in staff.get("/staff").text
    assert staff.send(f"/staff/tasks/{task.id}/acknowledge").status_code == 403


def test_a_task_that_is_not_there_is_told_in_plain_words(operator: Staff) -> None:
    assert "没有找到" in text_of(operator.get("/staff/tasks/999"))
    assert operator.send("/staff/tasks/999/acknowledge").status_code == 404


def test_who_opens_a_task_stands_in_the_access_log(
    operator: Staff, store: Store, raise_task: RaiseTask
) -> None:
    task = raise_task(TaskKind.EMERGENCY, "我摔倒了")
    assert operator.get(f"/staff/tasks/{task.id}").status_code == 200
    with store.reading() as uow:
        looks = uow.access_log.page(kind="task")
    assert [(look.actor, look.key) for look in looks] == [("operator", str(task.id))]


def test_a_county_sees_and_takes_its_own_tasks_and_those_of_which_nobody_knows_where(
    console: Callable[[], Staff], operator: Staff, store: Store, raise_task: RaiseTask
) -> None:
    near = raise_task(TaskKind.EMERGENCY, "我摔倒了", place="银川市金凤区长城花园3号楼")
    anywhere = raise_task(TaskKind.EMERGENCY, "着火了")
    here, there = console(), console()
    here.sign_in("jinfeng")
    there.sign_in("yuanzhou")
    both, one = f'data-emergencies="{near.id} {anywhere.id}"', f'data-emergencies="{anywhere.id}"'
    for path in ("/staff", "/staff/part/tasks", "/staff/part/alarm"):
        for staff, shown in ((operator, both), (here, both), (there, one)):
            assert shown in staff.get(path).text, path
    own = f"/staff/tasks/{near.id}"
    assert [staff.get(own).status_code for staff in (operator, here, there)] == [200, 200, 404]
    assert there.send(f"{own}/acknowledge").status_code == 404
    refused = there.send(f"{own}/acknowledge", live=True, **{"from": "list"})
    assert (refused.status_code, "我摔倒了" in refused.text) == (404, False)
    assert here.send(f"{own}/acknowledge", note="已派车").status_code == 303
    assert ["已派车" in staff.get("/staff/tasks").text for staff in (operator, here, there)] == [
        True,
        True,
        False,
    ]
    assert there.send(f"/staff/tasks/{anywhere.id}/acknowledge").status_code == 303


@pytest.fixture
def outage(raise_task: RaiseTask) -> Task:
    """What the watch over the telephone lines opens."""
    return raise_task(
        TaskKind.HANDOFF, "电话已经一分钟打不进来了。（trunk-a: 没有应答）", session="telephone", sender="telephone",
        why="telephone", who="电话线路", phone=None,
    )  # fmt: skip


@pytest.mark.parametrize("login", ["operator", "watch"])
def test_a_dead_telephone_is_nobody_and_stands_in_full_for_everybody(
    console: Callable[[], Staff], store: Store, outage: Task, login: str
) -> None:
    staff = console()
    staff.sign_in(login)
    page = text_of(staff.get(f"/staff/tasks/{outage.id}"))
    for shown in (text_of(staff.get("/staff")), page):
        assert "电话线路" in shown
        assert "trunk-a: 没有应答" in shown
        assert "电***" not in shown
        assert "网页访客" not in shown
    assert "系统：电话打不进来" in page
    assert "部分隐去" not in page
    with store.reading() as uow:
        assert not uow.access_log.page(), "nobody was looked at"


def test_a_dead_telephone_that_was_seen_to_keeps_its_name(
    operator: Staff, outage: Task, store: Store
) -> None:
    operator.send(f"/staff/tasks/{outage.id}/acknowledge", note="运营商说十点修好")
    closed = text_of(operator.get("/staff/tasks"))
    assert "系统：电话打不进来 电话线路" in closed


def test_what_the_clock_could_not_do_is_no_visitor_of_the_web(operator: Staff, raise_task: RaiseTask) -> None:
    raise_task(
        TaskKind.HANDOFF, "11240001 finish", session="clock", sender="", why="clock", who=None, phone=None
    )
    page = text_of(operator.get("/staff"))
    assert "系统 时限提醒" in page
    assert "finish" not in page
    assert "网页访客" not in page


def test_what_was_heard_is_not_said_twice(operator: Staff, raise_task: RaiseTask) -> None:
    raise_task(TaskKind.EMERGENCY, "我摔倒了", why="fall: 摔倒")
    assert "摔倒（摔倒）" not in text_of(operator.get("/staff"))


def test_whoever_can_not_act_is_not_told_to(console: Callable[[], Staff], raise_task: RaiseTask) -> None:
    raise_task(TaskKind.EMERGENCY, "我摔倒了")
    raise_task(TaskKind.HANDOFF, "给我叫个人")
    for login, told, link in (("operator", "请马上处理", "看对话"), ("watch", "还没有人处理", "看详情")):
        staff = console()
        staff.sign_in(login)
        page = text_of(staff.get("/staff"))
        assert f"紧急求助 1 件，{told}" in page
        assert link in page
