"""A line whose operator runs a Rasa server: Rasa understands, ours answers when it is away, and `doctor` tells."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.commands.doctor import Finding, examine
from bot.composition import choose_parser, open_house
from config.settings import Settings, SettingsError, load_settings
from nlu.parse import load_parser
from tests.integration.bot.test_conversations import turn

TOKEN = "geheim"
NOWHERE = "http://127.0.0.1:1"
# Our own engine takes this for a meal; that it becomes a bath shows who was asked.
SAID = "中午想吃口热乎饭，给我送来"


class RasaLike(BaseHTTPRequestHandler):
    """Takes every sentence for a bath, and refuses whoever does not know the token."""

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = json.loads(self.rfile.read(length) or b"{}")
        intent = {"name": "bath", "confidence": 0.97}
        parsed = {"text": asked.get("text"), "intent": intent, "intent_ranking": [intent], "entities": []}
        content = json.dumps(parsed if self.command == "POST" else {"model_file": "nuanxian.tar.gz"}).encode()
        self.send_response(200 if self.path.endswith(f"?token={TOKEN}") else 401)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 (the names http.server asks for)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def rasa_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), RasaLike)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUANXIAN_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings_with(monkeypatch: pytest.MonkeyPatch, url: str, token: str | None = TOKEN) -> Settings:
    monkeypatch.setenv("NUANXIAN_RASA_URL", url)
    if token is not None:
        monkeypatch.setenv("NUANXIAN_RASA_TOKEN", token)
    return load_settings()


def finding_of(settings: Settings) -> Finding:
    return next(one for one in examine(settings) if "Rasa" in one.what)


def item_asked_for(db: str) -> str:
    """What a house on this database takes the sentence for."""
    house = open_house(db=db, rescue=False)
    house.conversations.handle(turn(SAID))
    with house.store.reading() as uow:
        record = uow.contacts.get("s")
    house.store.close()
    assert record is not None
    return str(record.memory["forms"][0]["item"])


def test_the_line_asks_rasa_when_an_address_is_set(
    home: Path, rasa_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_with(monkeypatch, rasa_url)
    assert item_asked_for(f"sqlite:///{home}/rasa.sqlite") == "bath"
    monkeypatch.delenv("NUANXIAN_RASA_URL")
    assert item_asked_for(f"sqlite:///{home}/ours.sqlite") == "meal"


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_server_that_refuses_is_replaced_by_ours(
    home: Path, rasa_url: str, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    settings = settings_with(monkeypatch, rasa_url, token)
    now = turn("").now
    assert choose_parser(settings).parse(SAID, now=now) == load_parser().parse(SAID, now=now)
    finding = finding_of(settings)
    assert not finding.fine and not finding.stops and "401" in finding.what


def test_doctor_tells_whether_rasa_answers(
    home: Path, rasa_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert finding_of(settings_with(monkeypatch, rasa_url)).what == "Rasa server answers and has a model"
    away = finding_of(settings_with(monkeypatch, NOWHERE))
    assert not away.fine and not away.stops and "ConnectionRefusedError" in away.what
    wrong = finding_of(settings_with(monkeypatch, "localhost:5005"))
    assert not wrong.fine and wrong.stops and "NUANXIAN_RASA_URL" in wrong.remedy
    monkeypatch.delenv("NUANXIAN_RASA_URL")
    assert finding_of(load_settings()).fine


def test_what_is_no_address_is_told_and_the_token_is_not_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(monkeypatch, "localhost:5005")
    with pytest.raises(SettingsError, match=r"NUANXIAN_RASA_URL: .*http://host:5005"):
        choose_parser(settings)
    assert TOKEN not in repr(settings)
    monkeypatch.delenv("NUANXIAN_RASA_URL")
    assert choose_parser(load_settings()) is load_parser()
