"""What a button says for the person must mean what the button shows."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.channels.web import load_page_words, menu
from config.catalogue import load_catalogue
from nlu.parse import load_parser

NOW = datetime(2026, 11, 24, 10, 0)
BUTTONS = [button for _, buttons in menu(load_catalogue(), load_page_words()) for button in buttons]


@pytest.mark.parametrize("button", BUTTONS, ids=lambda button: button.code)
def test_pressing_an_item_asks_for_this_item_and_nothing_else(button: object) -> None:
    code, says = button.code, button.says  # type: ignore[attr-defined]
    heard = load_parser().parse(says, now=NOW)
    assert heard.danger is None
    assert {label.label for label in heard.labels if label.label in load_catalogue()} == {code}


def test_the_red_button_means_danger() -> None:
    heard = load_parser().parse(load_page_words()["emergency"], now=NOW)
    assert heard.danger is not None or heard.has("emergency")


def test_the_button_for_a_person_means_a_person() -> None:
    assert load_parser().parse(load_page_words()["human"], now=NOW).has("human")


def test_pressed_by_mistake_is_no_new_danger() -> None:
    heard = load_parser().parse(load_page_words()["false_alarm"], now=NOW)
    assert heard.danger is None
    assert not heard.has("emergency")
