"""Answers are cut to what a platform carries: between sentences, with nothing left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.contract import Limits, outgoing, split, utf8_bytes, utf16_units
from bot.channels.keeper import picture_type
from bot.dialogue.turn import Choice, Reply


def test_a_short_reply_is_one_message_with_its_answers() -> None:
    reply = Reply(("好。", "您住在哪里？"), choices=(Choice("家里", "家里"),), urgent=True)
    (piece,) = outgoing(reply, Limits(100))
    assert (piece.text, piece.choices, piece.urgent) == ("好。您住在哪里？", reply.choices, True)


def test_a_long_reply_is_cut_between_sentences_and_the_answers_stand_on_the_last_piece() -> None:
    reply = Reply(("一二三四。", "五六七八。", "九十？"), choices=(Choice("对", "对"),))
    pieces = outgoing(reply, Limits(10))
    assert [piece.text for piece in pieces] == ["一二三四。五六七八。", "九十？"]
    assert [len(piece.choices) for piece in pieces] == [0, 1]


def test_no_more_answers_than_the_platform_shows() -> None:
    choices = tuple(Choice(str(number), str(number)) for number in range(9))
    assert len(outgoing(Reply(("好。",), choices=choices), Limits(10, most_choices=3))[0].choices) == 3


@given(
    st.lists(st.text(alphabet="好a😀。？", max_size=30), max_size=6),
    st.integers(4, 40),
    st.sampled_from([len, utf8_bytes, utf16_units]),
)
def test_nothing_is_lost_and_no_piece_is_too_long(
    sentences: list[str], longest: int, measure: object
) -> None:
    limits = Limits(longest, measure)  # type: ignore[arg-type]
    pieces = split(tuple(sentences), limits)
    assert "".join(pieces) == "".join(sentences)
    assert all(limits.measure(piece) <= longest for piece in pieces)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0rest", "jpeg"), (b"\x89PNG\r\n\x1a\nrest", "png"), (b"GIF89a", "gif"),
        (b"RIFF0000WEBPVP8 ", "webp"), (b"RIFF0000WAVEfmt ", None), (b"<svg onload=x>", None), (b"", None),
    ],
    ids=["jpeg", "png", "gif", "webp", "sound", "svg", "nothing"],
)  # fmt: skip
def test_a_picture_is_told_by_its_first_bytes(data: bytes, kind: str | None) -> None:
    assert picture_type(data) == kind
