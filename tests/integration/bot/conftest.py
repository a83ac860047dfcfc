"""One conversation core for all tests (it keeps nothing between turns), and a fresh database for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.store.open import Store, open_store
from bot.composition import build_dialogue
from bot.conversations import Conversations
from bot.dialogue.engine import Dialogue
from config.settings import load_settings


@pytest.fixture(scope="session")
def dialogue() -> Dialogue:
    return build_dialogue()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(load_settings(db=f"sqlite:///{tmp_path}/line.sqlite", keys=tmp_path / "keys"))
    yield opened
    opened.close()


@pytest.fixture
def conversations(store: Store, dialogue: Dialogue) -> Conversations:
    return Conversations(store, dialogue)
