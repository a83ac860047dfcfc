"""The invented people and orders of demo mode."""

from __future__ import annotations

from collections import Counter

from backend.demo import DEMO_LOGINS, DEMO_PASSWORD, load_demo
from backend.domain.order import State
from backend.domain.phone import normal_phone
from backend.services.staff import authenticate
from backend.store.open import Store
from config.organisation import load_departments, load_people_words, load_regions

from .examples import NOW


def test_demo_data_is_complete_and_loading_it_again_changes_nothing(store: Store) -> None:
    assert load_demo(store, now=NOW) is True
    assert load_demo(store, now=NOW) is False
    with store.reading() as uow:
        assert uow.people.count() == 200
        orders = uow.orders.queue()
        assert Counter(order.state for order in orders) == {
            State.ROUTED: 4,
            State.ACCEPTED: 3,
            State.DONE: 2,
            State.CANCELLED: 1,
        }
        assert uow.tasks.open() == []
        assert [task.acknowledged_by for task in uow.tasks.closed()] == ["duty"]
        assert {provider.department for provider in uow.providers.all()} == set(load_departments().by_code)
        assert len(uow.providers.workers()) == 2 * len(uow.providers.all())
        assert all(uow.contacts.lines(order.session) for order in orders)
        assert all(order.placed_at <= NOW for order in orders)


def test_every_invented_person_has_a_number_an_address_and_somebody_to_call(store: Store) -> None:
    load_demo(store, now=NOW)
    groups, regions = load_people_words().groups, load_regions()
    with store.reading() as uow:
        elders = [uow.people.get(elder_id) for elder_id in range(1, 201)]
    for elder in elders:
        assert all(normal_phone(phone) == phone and phone.startswith("1390951") for phone in elder.phones)
        assert elder.region in regions
        assert regions[str(elder.region)].name in str(elder.address)
        assert elder.contacts
        assert set(elder.categories) <= set(groups)
    cities = Counter(str(elder.region)[:4] for elder in elders)
    assert set(cities) == {"6401", "6403", "6404"}
    assert sum(count for count in Counter(elder.phones[0] for elder in elders).values() if count == 2) >= 20


def test_every_demo_login_works_in_demo_mode(store: Store) -> None:
    load_demo(store, now=NOW)
    assert {"operator", "duty", "minzheng"} <= {login for login, _, _ in DEMO_LOGINS}
    for login, password, role in DEMO_LOGINS[:3]:
        assert password == DEMO_PASSWORD
        user = authenticate(store, login, password, now=NOW, demo=True)
        assert (user.role.value, user.demo) == (role, True)
