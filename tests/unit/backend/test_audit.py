"""What the hashes of the audit trail cover, and how much of an address it keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.audit import Entry, digest_of, digest_of_rows, hash_of, origin
from backend.store.sealing import _from_json, _json

KEY = bytes(32)
ENTRY = Entry("11230001", 3, datetime(2026, 11, 23, 9, 10), "accept", "accepted", "web", b"d" * 32)


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "11230002"}, {"version": 4}, {"at": datetime(2026, 11, 23, 9, 11)}, {"move": "finish"},
        {"state": "done"}, {"origin": ""}, {"digest": b"e" * 32},
    ],
)  # fmt: skip
def test_the_hash_covers_every_part_of_a_row(changes: dict[str, Any]) -> None:
    assert hash_of(KEY, replace(ENTRY, **changes), b"p") != hash_of(KEY, ENTRY, b"p")


def test_the_hash_covers_the_row_before_and_needs_the_key() -> None:
    assert len({hash_of(KEY, ENTRY, b"p"), hash_of(KEY, ENTRY, b""), hash_of(b"k" * 32, ENTRY, b"p")}) == 3


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(st.characters()), st.text(), st.dictionaries(st.text(), JSON, max_size=4))
def test_what_was_sealed_has_the_same_digest_when_it_is_read_again(
    actor: str, reason: str, payload: dict[str, Any]
) -> None:
    stored = actor.encode("utf-8", "replace").decode("utf-8")
    assert digest_of(KEY, actor=actor, reason=reason, payload=payload) == digest_of(
        KEY, actor=stored, reason=reason, payload=_from_json(_json(payload))
    )


def test_the_digest_of_many_rows_tells_their_order() -> None:
    assert digest_of_rows(KEY, [b"a", b"b"])[0] != digest_of_rows(KEY, [b"b", b"a"])[0]
    assert digest_of_rows(KEY, iter([b"a", b"b"]))[1] == 2


@pytest.mark.parametrize(
    ("way", "address", "told"),
    [
        ("system", None, "system"),
        ("web", "192.168.7.21", "web 192.168.*.*"),
        ("api", "2001:db8:1:2::7", "api 2001:0db8:0001:*"),
        ("phone", "13909510001", "phone ****0001"),
        ("phone", "10086", "phone ****"),
    ],
)
def test_an_origin_names_no_household(way: str, address: str | None, told: str) -> None:
    assert origin(way, address) == told
