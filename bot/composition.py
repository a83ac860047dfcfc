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
from config.settings import Settings, SettingsError, load_settings
from config.wording import load_wording
from nlu.engines.rasa import TIMEOUT_S, RasaParser
from nlu.parse import load_parser
from nlu.rasa.client import RasaClient
from nlu.understanding import Parser


@dataclass(frozen=True, slots=True)
class House:
    """Everything that runs: settings, the store, and the conversations on it."""

    settings: Settings
    store: Store
    conversations: Conversations


def rasa_client(settings: Settings) -> RasaClient | None:
    """The operator's Rasa server, if there is one. Raises SettingsError for an address that can not be one."""
    if not settings.rasa_url:
        return None
    token = settings.rasa_token.get_secret_value() if settings.rasa_token else None
    try:
        return RasaClient(settings.rasa_url, timeout_s=TIMEOUT_S, token=token)
    except ValueError as problem:
        raise SettingsError(f"NUANXIAN_RASA_URL: {problem}") from None


def choose_parser(settings: Settings) -> Parser:
    """Rasa with ours behind it where the operator runs a Rasa server, else ours alone."""
    client = rasa_client(settings)
    return RasaParser(client, fallback=load_parser()) if client else load_parser()


def build_dialogue(parser: Parser | None = None) -> Dialogue:
    """The conversation core with the rules, words and models of this installation; without a `parser`, our own."""
    return Dialogue(
        Rules(
            parser=parser or load_parser(),
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
    dialogue = build_dialogue(choose_parser(settings))
    return House(settings=settings, store=store, conversations=Conversations(store, dialogue, rescue=rescue))
