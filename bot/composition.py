"""The composition root: which parts make up the running house."""

from __future__ import annotations

from dataclasses import dataclass

from backend.store.open import Store, open_store
from bot.conversations import Conversations
from bot.dialogue.engine import Dialogue
from bot.dialogue.knowledge import Knowledge
from bot.dialogue.talk import Rules
from config.catalogue import load_catalogue
from config.knowledge import load_knowledge
from config.organisation import load_departments
from config.settings import Settings, load_settings
from config.wording import load_wording
from nlu.parse import load_parser


@dataclass(frozen=True, slots=True)
class House:
    """Everything that runs: settings, the store, and the conversations on it."""

    settings: Settings
    store: Store
    conversations: Conversations


def build_dialogue() -> Dialogue:
    """The conversation core with the rules, words and models of this installation."""
    return Dialogue(
        Rules(
            parser=load_parser(),
            catalogue=load_catalogue(),
            wording=load_wording(),
            knowledge=Knowledge(load_knowledge()),
            departments=load_departments(),
        )
    )


def open_house(*, db: str | None = None, rescue: bool = True) -> House:
    """Settings from the environment (`db` overrides the database), the store migrated, the models loaded.

    `rescue`: see `Conversations`. Logging is set up by whoever runs the house, not here.
    """
    settings = load_settings(db=db)
    store = open_store(settings)
    return House(
        settings=settings, store=store, conversations=Conversations(store, build_dialogue(), rescue=rescue)
    )
