"""Sealed values open with the same key in the same column only."""

from __future__ import annotations

import pytest

from backend.store.sealing import Cipher, SealError

CIPHER = Cipher(bytes(range(32)))


def test_a_sealed_value_opens_again_and_looks_different_every_time() -> None:
    one, two = CIPHER.seal("马秀英".encode(), b"a"), CIPHER.seal("马秀英".encode(), b"a")
    assert one != two
    assert CIPHER.open(one, b"a") == CIPHER.open(two, b"a") == "马秀英".encode()


@pytest.mark.parametrize("place", [0, 1, 13, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    sealed = bytearray(CIPHER.seal(b"13909510001", b"a"))
    sealed[place] ^= 1
    with pytest.raises(SealError):
        CIPHER.open(bytes(sealed), b"a")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(20), b"plain text"])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealError):
        CIPHER.open(sealed, b"a")


def test_another_key_or_column_does_not_open_it() -> None:
    sealed = CIPHER.seal(b"x", b"elders.address")
    with pytest.raises(SealError, match=r"elders\.phones"):
        CIPHER.open(sealed, b"elders.phones")
    with pytest.raises(SealError, match="NUANXIAN_DATA_KEY"):
        Cipher(bytes(32)).open(sealed, b"elders.address")


def test_an_index_is_the_same_for_the_same_text_kind_and_key_only() -> None:
    index = CIPHER.index("sender", "13909510001")
    assert index == CIPHER.index("sender", "13909510001")
    others = {
        CIPHER.index("session", "13909510001"),
        CIPHER.index("sender", "13909510002"),
        Cipher(bytes(32)).index("sender", "13909510001"),
    }
    assert index not in others
    assert len(others) == 3
