"""The Rasa engine against a small server that answers as Rasa does: good, broken, slow, gone."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from nlu.data_files import Example, write_file
from nlu.engines.rasa import RasaError, RasaParser
from nlu.rasa_project import domain, write_project
from nlu.understanding import Expecting, ScoredLabel, Understanding

NOW = datetime(2026, 11, 24, 9, 30)
ANSWER = {
    "text": "送饭洗澡",
    "intent": {"name": "meal+bath", "confidence": 0.9},
    "intent_ranking": [{"name": "meal+bath", "confidence": 0.9}, {"name": "greet", "confidence": 0.05}],
    "entities": [{"entity": "detail", "start": 0, "end": 2, "confidence_entity": 0.8}],
}


class Stub:
    """What the server answers next."""

    content = json.dumps(ANSWER).encode()
    status = 200
    delay_s = 0.0


class Handler(BaseHTTPRequestHandler):
    stub = Stub()

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.stub.delay_s)
        content = self.stub.content if self.command == "POST" else b'{"model_file": "m.tar.gz"}'
        self.send_response(self.stub.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 (the names http.server asks for)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Fallback:
    def parse(
        self,
        text: str,
        *,
        expecting: Expecting | None = None,
        alternatives: tuple[str, ...] = (),
        now: datetime,
    ) -> Understanding:
        return Understanding(text, (ScoredLabel("help", 1.0),))


@pytest.fixture
def url() -> Iterator[str]:
    Handler.stub = Stub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that gave up is no news
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_intent_of_two_labels_is_two_labels(url: str) -> None:
    found = RasaParser(url, fallback=None).parse("送饭洗澡", now=NOW)
    assert found.names() == ("meal", "bath")


def test_a_server_with_a_model_is_healthy(url: str) -> None:
    assert RasaParser(url, fallback=None).healthy()


def test_an_unsure_answer_is_out_of_scope(url: str) -> None:
    unsure = ANSWER | {"intent_ranking": [{"name": "meal", "confidence": 0.1}]}
    Handler.stub.content = json.dumps(unsure).encode()
    assert RasaParser(url, fallback=None).parse("啥", now=NOW).names() == ("out_of_scope",)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"{}", b'{"intent_ranking": [1]}'])
def test_a_broken_answer_falls_back(url: str, content: bytes) -> None:
    Handler.stub.content = content
    assert RasaParser(url, fallback=Fallback()).parse("送饭", now=NOW).names() == ("help",)
    with pytest.raises(RasaError):
        RasaParser(url, fallback=None).parse("送饭", now=NOW)


def test_a_late_answer_falls_back_in_time(url: str) -> None:
    Handler.stub.delay_s = 0.5
    started = time.monotonic()
    assert RasaParser(url, fallback=Fallback(), timeout_s=0.05).parse("送饭", now=NOW).names() == ("help",)
    assert time.monotonic() - started < 0.4


def test_a_server_that_is_gone_is_not_healthy_and_falls_back() -> None:
    gone = RasaParser("http://127.0.0.1:1", fallback=Fallback())
    assert not gone.healthy()
    assert gone.parse("送饭", now=NOW).names() == ("help",)


def test_an_address_without_a_host_is_refused() -> None:
    with pytest.raises(ValueError, match="no address"):
        RasaParser("localhost:5005", fallback=None)


def test_the_project_holds_the_same_data_and_all_labels(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_file(data / "items" / "a.yml", [Example("送饭", ("meal",)), Example("送饭洗澡", ("meal", "bath"))])
    project = write_project(tmp_path / "project", data)
    assert yaml.safe_load(domain(data))["intents"] == ["meal", "meal+bath"]
    assert (project / "data" / "items" / "a.yml").read_bytes() == (data / "items" / "a.yml").read_bytes()
    assert yaml.safe_load((project / "config.yml").read_text())["language"] == "zh"
