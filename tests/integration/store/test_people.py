"""Who is behind a number or channel id, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.people import Contact
from backend.services.commands import RegisterCaller
from backend.services.find_caller import find_caller
from backend.services.ports import ElderNotFoundError
from backend.services.register_caller import register_caller
from backend.store.open import Store

from .examples import MOTHER, NOW, elder


@pytest.mark.parametrize(
    "sender",
    [
        "13909510001",
        "+86 139 0951 0001",
        "0086-13909510001",
        "013909510001",
        "１３９０９５１０００１",
        "sip:13909510001@line.example",
        "0951-6012345",
        "(0951) 6012345",
    ],
)
def test_an_elder_is_known_by_each_of_their_numbers_in_any_writing(store: Store, sender: str) -> None:
    with store.unit_of_work() as uow:
        mother = uow.people.save(MOTHER)
        caller = find_caller(sender, uow)
    assert caller.elder == mother
    assert (caller.sender, caller.wards) == (sender, ())


def test_a_contact_is_known_with_all_their_elders_and_the_relation_to_each(store: Store) -> None:
    with store.unit_of_work() as uow:
        mother = uow.people.save(MOTHER)
        other = uow.people.save(
            elder(
                "2",
                name="杨桂兰",
                phones=("13909510002",),
                contacts=(Contact("马晓燕", "13809510001", "儿媳"),),
            )
        )
        caller = find_caller("138 0951 0001", uow)
    assert caller.elder is None
    assert {(ward.elder.id, ward.relation) for ward in caller.wards} == {
        (mother.id, "女儿"),
        (other.id, "儿媳"),
    }
    assert caller.phone == "13809510001"


def test_an_elder_who_is_somebody_elses_contact_is_both(store: Store) -> None:
    with store.unit_of_work() as uow:
        mother = uow.people.save(MOTHER)
        neighbour = uow.people.save(
            elder(
                "2",
                name="丁学义",
                phones=("13909510009",),
                contacts=(Contact("马秀英", "13909510001", "邻居"),),
            )
        )
        caller = find_caller("13909510001", uow)
    assert caller.elder == mother
    assert [(ward.elder.id, ward.relation) for ward in caller.wards] == [(neighbour.id, "邻居")]


def test_of_a_couple_on_one_number_the_first_calls_and_the_other_lives_in_the_same_home(store: Store) -> None:
    with store.unit_of_work() as uow:
        wife = uow.people.save(elder("1", phones=("13909510003",), contacts=()))
        husband = uow.people.save(elder("2", name="丁学义", phones=("13909510003",), contacts=()))
        caller = find_caller("13909510003", uow)
    assert caller.elder == wife
    assert [(ward.elder.id, ward.relation) for ward in caller.wards] == [(husband.id, "同住")]


@pytest.mark.parametrize("sender", ["13999999999", "wx_abc", "", " ", "x" * 5000, "\ud800\0"])
def test_an_unknown_sender_is_nobody(store: Store, sender: str) -> None:
    with store.unit_of_work() as uow:
        uow.people.save(replace(MOTHER, contacts=(Contact("马晓燕", "", "女儿"),)))
        assert not find_caller(sender, uow).known


def test_an_elder_saved_again_under_the_same_key_is_updated_and_old_numbers_are_forgotten(
    store: Store,
) -> None:
    with store.unit_of_work() as uow:
        first = uow.people.save(MOTHER)
        second = uow.people.save(elder(MOTHER.key, phones=("13909510077",), address="新家", contacts=()))
        assert (second.id, second.address, uow.people.count()) == (first.id, "新家", 1)
        assert not find_caller("13909510001", uow).known
        assert not find_caller("13809510001", uow).known
        assert find_caller("13909510077", uow).elder == second


def test_an_elder_that_does_not_exist_is_not_found(store: Store) -> None:
    with store.reading() as uow, pytest.raises(ElderNotFoundError):
        uow.people.get(4711)


def test_an_unknown_caller_is_known_after_giving_name_and_address(store: Store) -> None:
    with store.unit_of_work() as uow:
        caller = register_caller(RegisterCaller("+8613700000001", NOW, "张三", "中山街1号"), uow)
        uow.commit()
    assert caller.elder is not None
    assert (caller.elder.name, caller.elder.phones) == ("张三", ("13700000001",))
    assert caller.elder.tags == ("line-registered",)
    with store.reading() as uow:
        assert find_caller("13700000001", uow).elder == caller.elder


def test_an_unknown_visitor_of_a_channel_is_known_by_the_channel_id_from_then_on(store: Store) -> None:
    with store.unit_of_work() as uow:
        register_caller(
            RegisterCaller("web-77", NOW, "张三", "中山街1号", phone="137 0000 0001", pace=2), uow
        )
        caller = find_caller("web-77", uow)
        assert caller.elder is not None
        assert (caller.phone, caller.elder.pace) == ("13700000001", 2)
        # A later change keeps the channel id.
        uow.people.save(replace(caller.elder, address="新街2号"))
        assert find_caller("web-77", uow).known


def test_what_is_missing_is_completed_and_what_is_on_record_is_not_overwritten_by_what_is_said(
    store: Store,
) -> None:
    with store.unit_of_work() as uow:
        uow.people.save(replace(MOTHER, address=None))
        caller = register_caller(
            RegisterCaller("13909510001", NOW, "别人", "长城花园", pace=1, loudness=2), uow
        )
        assert caller.elder is not None
        assert (caller.elder.name, caller.elder.address, caller.elder.pace, caller.elder.loudness) == (
            "马秀英",
            "长城花园",
            1,
            2,
        )
        again = register_caller(RegisterCaller("13909510001", NOW, address="别处"), uow)
        assert again.elder is not None
        assert again.elder.address == "长城花园"


def test_a_relative_who_calls_does_not_become_an_elder(store: Store) -> None:
    with store.unit_of_work() as uow:
        uow.people.save(MOTHER)
        caller = register_caller(RegisterCaller("13809510001", NOW, "马晓燕", "别处"), uow)
        assert caller.elder is None
        assert uow.people.count() == 1


def test_claiming_somebodys_name_and_number_in_a_chat_does_not_open_their_record(store: Store) -> None:
    with store.unit_of_work() as uow:
        mother = uow.people.save(
            elder(uow.people.key_of(name="马秀英", id_number=None, phone="13909510001"), contacts=())
        )
        caller = register_caller(
            RegisterCaller("web-stranger", NOW, "马秀英", "某处", phone="13909510001"), uow
        )
        assert caller.elder is not None
        assert caller.elder.id != mother.id
        assert caller.elder.address == "某处"
        # The real owner of the number is still who calls from it, also when the stranger was there first.
        assert find_caller("13909510001", uow).elder == mother


def test_a_person_said_in_a_chat_is_not_mistaken_for_the_same_person_in_a_list(store: Store) -> None:
    with store.unit_of_work() as uow:
        register_caller(RegisterCaller("web-stranger", NOW, "马秀英", "某处", phone="13909510001"), uow)
        assert uow.people.stored_of([MOTHER]) == [None]
        mother = uow.people.save(MOTHER)
        assert find_caller("13909510001", uow).elder == mother


def test_the_key_of_a_person_comes_from_the_id_number_first(store: Store) -> None:
    with store.reading() as uow:
        key = uow.people.key_of
        by_id = key(name="马秀英", id_number="x", phone="1")
        assert by_id == key(name="马 秀英", id_number="x", phone=None)
        assert key(name="马秀英", id_number=None, phone="1") not in {
            by_id,
            key(name="马秀英", id_number=None, phone="2"),
        }
        assert key(name="a", id_number=None, phone=None, address="b c") == key(
            name="a", id_number=None, phone=None, address="bc"
        )
        assert "马秀英" not in by_id
