"""The review list in the staff console: who sees it, labelling, slips, and what a browser should not send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from backend.domain.review import Reason, Sentence
from backend.domain.staff import Role, StaffUser
from backend.services.review import NoteSentence, note_sentence
from backend.store.open import Store
from backend.web.words import load_words
from nlu.understanding import TALK_LABELS, Expecting
from tests.unit.web.conftest import NOW, Staff, hashed, text_of

Console = Callable[[], Staff]


@pytest.fixture
def admin(console: Console, store: Store) -> Staff:
    with store.unit_of_work() as uow:
        uow.staff.save(StaffUser("admin", "周管理", Role.ADMIN, hashed()))
        uow.commit()
    staff = console()
    staff.sign_in("admin")
    return staff


@pytest.fixture
def sentence(store: Store) -> Sentence:
    understood, at = ("inform", "meal"), NOW - timedelta(minutes=3)
    said = NoteSentence("<b>那个</b>啥", "那个啥", understood, Reason.NOT_UNDERSTOOD, "spoken", "time", at)
    with store.unit_of_work() as uow:
        for _ in range(3):
            note_sentence(said, uow)
        (noted,) = uow.review.waiting(1)
        uow.commit()
    return noted


def stored(store: Store, sentence: Sentence) -> Sentence:
    with store.reading() as uow:
        return uow.review.get(sentence.id)


def test_a_sentence_is_shown_with_what_was_made_of_it(admin: Staff, sentence: Sentence) -> None:
    page = admin.get("/staff/review")
    shown = text_of(page)
    assert "还有 1 句" in shown and "没听懂 · 电话" in shown and "来过 3 次" in shown
    assert "当时问的是：什么时候" in shown and "机器听成：回答刚才问的、助餐送餐" in shown
    assert "&lt;b&gt;那个" in page.text and "<b>那个" not in page.text


def test_labels_are_stored_and_a_slip_is_taken_back(admin: Staff, sentence: Sentence, store: Store) -> None:
    sent = admin.send(f"/staff/review/{sentence.id}", label1="meal", label2="bath", label3="meal", do="label")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/staff/review?done={sentence.id}")
    done = stored(store, sentence)
    assert (done.labels, done.decided_by, done.decided_at) == (("meal", "bath"), "admin", NOW)
    shown = text_of(admin.get(f"/staff/review?done={sentence.id}"))
    assert "记下了" in shown and "没有要看的话" in shown
    admin.send(f"/staff/review/{sentence.id}/back")
    assert stored(store, sentence).decided_at is None
    assert "记下了" not in text_of(admin.get(f"/staff/review?done={sentence.id}"))


def test_a_sentence_can_be_refused(admin: Staff, sentence: Sentence, store: Store) -> None:
    assert admin.send(f"/staff/review/{sentence.id}", do="reject", label1="meal").status_code == 303
    assert stored(store, sentence).labels == () and stored(store, sentence).decided_at == NOW


@pytest.mark.parametrize(("first", "second"), [("", ""), ("pizza", ""), ("meal", "<x>")])
def test_without_a_known_label_nothing_is_stored(
    admin: Staff, sentence: Sentence, store: Store, first: str, second: str
) -> None:
    answer = admin.send(f"/staff/review/{sentence.id}", do="label", label1=first, label2=second)
    assert answer.status_code == 409 and "请先选" in text_of(answer)
    assert stored(store, sentence).decided_at is None


def test_who_is_slower_is_told_so(admin: Staff, sentence: Sentence, store: Store) -> None:
    admin.send(f"/staff/review/{sentence.id}", label1="meal", do="label")
    for path in (f"/staff/review/{sentence.id}", "/staff/review/999"):
        late = admin.send(path, label1="bath", do="label")
        assert late.status_code == 409 and "已经有人看过" in text_of(late)
    assert stored(store, sentence).labels == ("meal",)


@pytest.mark.parametrize("done", ["999", "x", "-1", "9" * 40, "١"])
def test_a_number_that_means_nothing_is_no_notice(admin: Staff, sentence: Sentence, done: str) -> None:
    page = admin.get(f"/staff/review?done={done}")
    assert page.status_code == 200 and "记下了" not in text_of(page)


@pytest.mark.parametrize("login", ["operator", "duty", "home", "watch"])
def test_it_is_for_those_who_run_the_installation(
    console: Console, sentence: Sentence, store: Store, login: str
) -> None:
    staff = console()
    staff.sign_in(login)
    assert "/staff/review" not in staff.get("/staff").text
    assert staff.get("/staff/review").status_code == 403
    assert staff.send(f"/staff/review/{sentence.id}", label1="meal", do="label").status_code == 403
    assert staff.send(f"/staff/review/{sentence.id}/back").status_code == 403
    assert stored(store, sentence).decided_at is None


def test_nobody_and_a_form_from_elsewhere_are_refused(
    nobody: Staff, admin: Staff, sentence: Sentence, store: Store
) -> None:
    assert nobody.get("/staff/review").headers["location"].startswith("/staff/login")
    assert "/staff/review" in admin.get("/staff").text
    assert admin.send(f"/staff/review/{sentence.id}", label1="meal", do="label", csrf="x").status_code >= 400
    assert stored(store, sentence).decided_at is None


def test_every_label_question_and_reason_has_a_name() -> None:
    words = load_words()
    assert set(words.group("review.talk")) == set(TALK_LABELS)
    assert set(words.group("review.asked")) == {*Expecting}
    assert set(words.group("review.reasons")) == {*Reason}
