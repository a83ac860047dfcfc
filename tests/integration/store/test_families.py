"""Bindings and codes on both databases: what a relative may is what the elder allowed last."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backend.domain.family import (
    ALL_RIGHTS,
    GUESSES_COUNT_FOR,
    MOST_GUESSES,
    BindingGoneError,
    CodeError,
    CodeKind,
    Rights,
)
from backend.domain.people import Contact, Elder
from backend.services.bind_family import (
    bind_relative,
    fresh_code,
    issue_code,
    issue_magnet,
    note_guess,
    shut_out,
)
from backend.services.family_commands import BindRelative, IssueCode, NoteGuess, ShutOut
from backend.services.ports import StaleError
from backend.store.open import Store

NOW = datetime(2026, 11, 23, 10, 0)
DAUGHTER, SON = "wechat:wx1:daughter", "13909510009"


@pytest.fixture
def elder(store: Store) -> int:
    with store.unit_of_work() as uow:
        saved = uow.people.save(
            Elder(None, "key", "王桂兰", ("13909510001",), contacts=(Contact("王强", SON, "儿子"),))
        )
        uow.commit()
    return saved.id or 0


def issue(store: Store, elder: int, code: str, at: datetime = NOW, rights: Rights = ALL_RIGHTS) -> None:
    with store.unit_of_work() as uow:
        issue_code(IssueCode(elder, code, at, "elder", rights), uow)
        uow.commit()


def bind(store: Store, code: str, at: datetime = NOW, sender: str = DAUGHTER) -> int:
    with store.unit_of_work() as uow:
        binding = bind_relative(BindRelative(code, sender, "女儿", at), uow)
        uow.commit()
    return binding.id


def wards(store: Store, sender: str) -> list[tuple[str, bool, bool]]:
    with store.reading() as uow:
        found = uow.people.find_caller(sender).wards
    return [(ward.relation, ward.may_order, ward.may_see) for ward in found]


def test_a_code_binds_once_and_with_the_rights_written_on_it(store: Store, elder: int) -> None:
    issue(store, elder, "123456", rights=Rights(order=False))
    bind(store, "123456")
    assert wards(store, DAUGHTER) == [("女儿", False, True)]
    with pytest.raises(CodeError):
        bind(store, "123456", sender="telegram:1")


def test_a_code_ends_after_fifteen_minutes_and_a_new_one_ends_the_old(store: Store, elder: int) -> None:
    issue(store, elder, "111111")
    issue(store, elder, "222222")
    with pytest.raises(CodeError):
        bind(store, "111111")
    with pytest.raises(CodeError):
        bind(store, "222222", NOW + timedelta(minutes=15))
    bind(store, "222222", NOW + timedelta(minutes=14))


def test_a_code_that_is_open_for_somebody_else_is_not_given_twice(store: Store, elder: int) -> None:
    with store.unit_of_work() as uow:
        other = uow.people.save(Elder(None, "other", "李秀英"))
        uow.commit()
    issue(store, elder, "333333")
    with pytest.raises(StaleError):
        issue(store, other.id or 0, "333333")
    issue(store, other.id or 0, "333333", NOW + timedelta(hours=1))


def test_a_magnet_lives_a_year_beside_spoken_codes(store: Store, elder: int) -> None:
    with store.unit_of_work() as uow:
        word = issue_magnet(elder, ALL_RIGHTS, uow, at=NOW, by="operator")
        uow.commit()
    issue(store, elder, fresh_code())
    with store.reading() as uow:
        code = uow.families.code(word, NOW + timedelta(days=364))
        assert uow.families.code(word, NOW + timedelta(days=365)) is None
    assert len(word) == 32
    assert code is not None
    assert code.kind is CodeKind.MAGNET


def test_a_revoked_relative_may_nothing_and_can_be_bound_anew(store: Store, elder: int) -> None:
    issue(store, elder, "123456")
    binding = bind(store, "123456")
    with store.unit_of_work() as uow:
        uow.families.revoke(binding, at=NOW, by="elder")
        uow.commit()
    assert wards(store, DAUGHTER) == []
    with store.unit_of_work() as uow, pytest.raises(BindingGoneError):
        uow.families.revoke(binding, at=NOW, by="elder")
    issue(store, elder, "654321", NOW + timedelta(hours=1))
    assert bind(store, "654321", NOW + timedelta(hours=1)) == binding
    assert wards(store, DAUGHTER) == [("女儿", True, True)]


def test_a_contact_of_the_list_who_is_shut_out_stays_so_after_the_next_import(
    store: Store, elder: int
) -> None:
    assert wards(store, SON) == [("儿子", True, True)]
    with store.unit_of_work() as uow:
        shut_out(ShutOut(elder, SON, "儿子", NOW, "elder"), uow)
        uow.commit()
    assert wards(store, SON) == []
    with store.unit_of_work() as uow:
        uow.people.save(uow.people.get(elder))
        uow.commit()
    assert wards(store, SON) == []


def test_wrong_guesses_are_counted_for_an_hour(store: Store, elder: int) -> None:
    with store.unit_of_work() as uow:
        for _ in range(MOST_GUESSES):
            note_guess(NoteGuess(DAUGHTER, NOW), uow)
        uow.commit()
    with store.reading() as uow:
        assert uow.families.guesses(DAUGHTER, NOW).too_many
        assert not uow.families.guesses("telegram:1", NOW).too_many
        assert not uow.families.guesses(DAUGHTER, NOW + GUESSES_COUNT_FOR).too_many
