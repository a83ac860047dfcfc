"""The Rasa engine against a small server that answers as Rasa does: good, broken, slow, refusing, gone."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from structlog.testing import capture_logs

from nlu.engines.rasa import LOG_EVERY_S, REST_S, RasaParser
from nlu.rasa.answer import chances_of, read_answer
from nlu.rasa.client import LARGEST_ANSWER, RasaClient
from nlu.rasa.errors import RasaAnswerError, RasaError, RasaRefusedError, RasaUnreachableError
from nlu.rasa.plain import PlainRasaParser
from nlu.train import all_labels
from nlu.understanding import Expecting, ScoredLabel, Understanding

NOW = datetime(2026, 11, 24, 9, 30)
LABELS = all_labels()


def answer_of(
    text: str, *intents: tuple[str, float], entities: tuple[dict[str, Any], ...] = ()
) -> dict[str, Any]:
    """An answer as Rasa 3.6.21 gives it."""
    ranking = [{"name": name, "confidence": confidence} for name, confidence in intents]
    return {
        "text": text, "intent": ranking[0], "entities": list(entities),
        "text_tokens": [[0, len(text)]], "intent_ranking": ranking,
    }  # fmt: skip


def entity(slot: str, start: int, end: int, confidence: float = 0.9) -> dict[str, Any]:
    return {
        "entity": slot, "start": start, "end": end, "confidence_entity": confidence,
        "value": "", "extractor": "DIETClassifier",
    }  # fmt: skip


class RasaLike:
    """What the server answers next, and what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.content = b""
        self.asked: list[tuple[str, bytes]] = []
        self.hold = threading.Event()  # while not set, the answer (or its second half) waits
        self.hold.set()
        self.drips = False
        self.url = ""

    def answers(self, answer: Any) -> None:
        self.content = json.dumps(answer).encode()


class Handler(BaseHTTPRequestHandler):
    rasa: RasaLike

    def _answer(self) -> None:
        self.rasa.asked.append((self.path, self.rfile.read(int(self.headers.get("Content-Length") or 0))))
        if not self.rasa.drips:
            self.rasa.hold.wait(10)
        content = self.rasa.content if self.command == "POST" else b'{"model_file": "nuanxian.tar.gz"}'
        self.send_response(self.rasa.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:1])
        self.rasa.hold.wait(10)
        self.wfile.write(content[1:])

    do_GET = do_POST = _answer  # noqa: N815 (the names http.server asks for)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Ours:
    """Stands for our own engine; answers «help», so that it can be told from Rasa."""

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
def rasa() -> Iterator[RasaLike]:
    state = RasaLike()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"rasa": state}))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that gave up is no news
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    state.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


def strict(rasa: RasaLike, timeout_s: float = 5.0) -> RasaParser:
    """Without a fall-back: what fails raises."""
    return RasaParser(RasaClient(rasa.url, timeout_s=timeout_s), fallback=None)


def kind(rasa: RasaLike, timeout_s: float = 5.0) -> RasaParser:
    return RasaParser(RasaClient(rasa.url, timeout_s=timeout_s), fallback=Ours())


def test_an_intent_of_two_labels_is_two_labels(rasa: RasaLike) -> None:
    rasa.answers(answer_of("要吃饭还要洗澡", ("meal+bath", 0.9), ("meal", 0.06)))
    found = strict(rasa).parse("要吃饭还要洗澡", now=NOW)
    assert set(found.names()) == {"meal", "bath"}
    assert [one.label for one in found.ranking[:2]] == ["meal", "bath"]
    assert all("+" not in one.label for one in found.ranking)


def test_the_probability_of_a_label_is_that_of_all_intents_it_is_part_of() -> None:
    answer = read_answer(answer_of("x", ("meal+bath", 0.5), ("meal", 0.3), ("greet", 0.1)), "x", LABELS)
    chances = chances_of(answer.intents, LABELS)
    assert chances[LABELS.index("meal")] == pytest.approx(0.8)
    assert chances[LABELS.index("bath")] == pytest.approx(0.5)


def test_entities_become_slots_with_our_resolved_values(rasa: RasaLike) -> None:
    text = "明天中午给我妈送饭"
    rasa.answers(
        answer_of(text, ("meal", 0.95), entities=(entity("time", 0, 4), entity("beneficiary", 5, 7)))
    )
    found = strict(rasa).parse(text, now=NOW)
    assert [(slot.text, slot.value) for slot in found.filled("time")] == [("明天中午", "2026-11-25T12:00")]
    assert [slot.text for slot in found.filled("beneficiary")] == ["我妈"]


def test_slots_are_found_by_our_rules_where_rasa_finds_none(rasa: RasaLike) -> None:
    rasa.answers(answer_of("打这个电话13912345678", ("inform", 0.95)))
    assert [slot.value for slot in strict(rasa).parse("打这个电话13912345678", now=NOW).filled("phone")] == [
        "13912345678"
    ]


def test_offsets_hold_though_rasa_strips_white_space(rasa: RasaLike) -> None:
    rasa.answers(answer_of("给王老师送饭", ("meal", 0.95), entities=(entity("beneficiary", 1, 4),)))
    found = strict(rasa).parse("  \u3000给王老师送饭 ", now=NOW)
    assert [(slot.text, slot.start) for slot in found.filled("beneficiary")] == [("王老师", 4)]


def test_a_slash_can_not_command_rasa(rasa: RasaLike) -> None:
    rasa.answers(answer_of("human", ("out_of_scope", 0.9)))
    strict(rasa).parse(" / /human", now=NOW)
    assert json.loads(rasa.asked[0][1]) == {"text": "human"}


def test_danger_goes_before_whatever_rasa_says(rasa: RasaLike) -> None:
    text = "我妈摔倒了起不来，胸口疼得很"
    rasa.answers(answer_of(text, ("meal", 0.97), ("emergency", 0.001)))
    found = strict(rasa).parse(text, now=NOW)
    assert found.names()[0] == "emergency"
    assert found.danger is not None and found.danger.why


def test_an_unsure_answer_is_out_of_scope(rasa: RasaLike) -> None:
    rasa.answers(answer_of("院里那棵树", ("meal", 0.1), ("bath", 0.09)))
    assert strict(rasa).parse("院里那棵树", now=NOW).names() == ("out_of_scope",)


def test_rasas_own_fallback_is_out_of_scope_and_still_offers_what_it_guessed(rasa: RasaLike) -> None:
    rasa.answers(answer_of("院里那棵树", ("nlu_fallback", 0.55), ("meal", 0.45), ("bath", 0.4)))
    found = strict(rasa).parse("院里那棵树", now=NOW)
    assert found.names() == ("out_of_scope",) and not found.sure
    assert [one.label for one in found.ranking[:2]] == ["meal", "bath"]


def test_what_was_just_asked_makes_an_answer_likelier(rasa: RasaLike) -> None:
    rasa.answers(answer_of("就说的那个旧的", ("errand", 0.45), ("inform", 0.4)))
    assert strict(rasa).parse("就说的那个旧的", now=NOW).names() == ("errand",)
    assert strict(rasa).parse("就说的那个旧的", expecting=Expecting.DETAIL, now=NOW).names() == ("inform",)


def test_a_bare_yes_and_an_empty_text_do_not_ask_the_server(rasa: RasaLike) -> None:
    assert strict(rasa).parse("对着呢", expecting=Expecting.CONFIRM, now=NOW).names() == ("affirm",)
    assert strict(rasa).parse("……", now=NOW).names() == ("out_of_scope",)
    assert rasa.asked == []


BROKEN = {
    "nothing": b"",
    "half an object": b'{"intent_ranking"',
    "a list": b"[]",
    "an empty object": b"{}",
    "no intent, as for an empty text": b'{"text": "", "intent": {"name": null, "confidence": 0.0}, "intent_ranking": []}',
    "a number for an intent": b'{"intent_ranking": [1]}',
    "no confidence": b'{"intent_ranking": [{"name": "meal"}]}',
    "a confidence that is no number": b'{"intent_ranking": [{"name": "meal", "confidence": NaN}]}',
    "a confidence above one": b'{"intent_ranking": [{"name": "meal", "confidence": 7}]}',
    "an intent of other data": b'{"intent_ranking": [{"name": "order_pizza", "confidence": 0.9}]}',
    "entities that are none": b'{"intent": {"name": "meal", "confidence": 0.9}, "entities": 5}',
    "an entity outside the text": b'{"intent": {"name": "meal", "confidence": 0.9}, '
    b'"entities": [{"entity": "time", "start": 2, "end": 99}]}',
    "bytes that are no text": b"\xff\xfe\x00",
    "brackets without end": b"[" * 100_000,
    "far too much": b" " * (LARGEST_ANSWER + 1),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_falls_back(rasa: RasaLike, content: bytes) -> None:
    rasa.content = content
    with pytest.raises(RasaAnswerError):
        strict(rasa).parse("要吃饭还要洗澡", now=NOW)
    assert kind(rasa).parse("要吃饭还要洗澡", now=NOW).names() == ("help",)


def test_offsets_in_another_text_are_not_used(rasa: RasaLike) -> None:
    rasa.answers(answer_of("something else", ("meal", 0.9), entities=(entity("time", 0, 9),)))
    assert strict(rasa).parse("我要点三份盒饭", now=NOW).filled("time") == ()


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500, 503])
def test_a_refusal_falls_back_and_the_next_sentence_is_asked_again(rasa: RasaLike, status: int) -> None:
    rasa.status = status
    parser = kind(rasa)
    assert parser.parse("要吃饭还要洗澡", now=NOW).names() == ("help",)
    rasa.status = 200
    rasa.answers(answer_of("要吃饭还要洗澡", ("meal+bath", 0.9)))
    assert set(parser.parse("要吃饭还要洗澡", now=NOW).names()) == {"meal", "bath"}
    rasa.status = status
    with pytest.raises(RasaRefusedError, match=str(status)):
        strict(rasa).parse("要吃饭还要洗澡", now=NOW)


@pytest.mark.parametrize("drips", [False, True], ids=["nothing comes", "a byte comes, then nothing"])
def test_a_late_answer_falls_back_within_the_limit(rasa: RasaLike, drips: bool) -> None:
    rasa.answers(answer_of("要吃饭还要洗澡", ("meal", 0.9)))
    rasa.hold.clear()
    rasa.drips = drips
    with pytest.raises(RasaUnreachableError):
        strict(rasa, timeout_s=0.1).parse("要吃饭还要洗澡", now=NOW)
    assert kind(rasa, timeout_s=0.1).parse("要吃饭还要洗澡", now=NOW).names() == ("help",)


def test_a_server_that_failed_is_left_alone_for_a_while(rasa: RasaLike) -> None:
    clock = [0.0]
    parser = RasaParser(RasaClient(rasa.url, timeout_s=0.1), fallback=Ours(), clock=lambda: clock[0])
    rasa.answers(answer_of("要吃饭还要洗澡", ("meal", 0.9)))
    rasa.hold.clear()
    assert parser.parse("要吃饭还要洗澡", now=NOW).names() == ("help",)
    rasa.hold.set()
    asked = len(rasa.asked)
    clock[0] = REST_S - 0.1
    assert parser.parse("要吃饭还要洗澡", now=NOW).names() == ("help",)
    assert len(rasa.asked) == asked
    clock[0] = REST_S
    assert RasaParser(RasaClient(rasa.url, timeout_s=5), fallback=None).healthy()
    assert parser.parse("要吃饭还要洗澡", now=NOW).names() == ("meal",)


def test_failures_are_logged_once_a_minute_with_their_number_and_without_what_was_said(
    rasa: RasaLike,
) -> None:
    clock = [0.0]
    parser = RasaParser(
        RasaClient(rasa.url, timeout_s=5, token="geheim"), fallback=Ours(), clock=lambda: clock[0]
    )
    rasa.status = 500
    with capture_logs() as logs:
        for _ in range(4):
            parser.parse("我叫张三要吃饭", now=NOW)
        clock[0] = LOG_EVERY_S
        parser.parse("我叫张三要吃饭", now=NOW)
    assert [(line["event"], line["log_level"], line["times"]) for line in logs] == [
        ("rasa_failed", "warning", 1),
        ("rasa_failed", "warning", 4),
    ]
    assert "张三" not in str(logs) and "geheim" not in str(logs)


def test_the_token_of_the_server_is_sent(rasa: RasaLike) -> None:
    rasa.answers(answer_of("要吃饭还要洗澡", ("meal", 0.9)))
    RasaClient(f"{rasa.url}/behind/", timeout_s=5, token="a b&c").parse("x")
    assert rasa.asked[0][0] == "/behind/model/parse?token=a%20b%26c"


def test_a_server_with_a_model_is_healthy_and_one_without_is_not(rasa: RasaLike) -> None:
    assert strict(rasa).healthy()
    rasa.status = 409
    assert not strict(rasa).healthy()


def test_a_server_that_is_gone_is_not_healthy_and_falls_back() -> None:
    gone = RasaParser(RasaClient("http://127.0.0.1:1", timeout_s=1), fallback=Ours())
    assert not gone.healthy()
    assert gone.parse("要吃饭还要洗澡", now=NOW).names() == ("help",)


@pytest.mark.parametrize("address", ["localhost:5005", "", "ftp://host", "http://", "http://host:nonsense"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"no address|[Pp]ort"):
        RasaClient(address, timeout_s=1)


def test_a_text_of_any_length_and_any_characters_is_sent(rasa: RasaLike) -> None:
    rasa.answers({"intent": {"name": "out_of_scope", "confidence": 0.9}})
    for text in ("饭" * 100_000, "a\ud800b", "饭\x00饭", "🍚饭🍚"):
        assert strict(rasa).parse(text, now=NOW).names() == ("out_of_scope",)


def test_rasa_alone_knows_no_rules_of_ours(rasa: RasaLike) -> None:
    plain = PlainRasaParser(RasaClient(rasa.url, timeout_s=5))
    text = "我妈摔倒了起不来"
    rasa.answers(answer_of(text, ("meal+bath", 0.9), entities=(entity("beneficiary", 0, 2),)))
    found = plain.parse(text, now=NOW)
    assert found.names() == ("meal", "bath") and found.danger is None
    assert [(slot.slot, slot.text) for slot in found.slots] == [("beneficiary", "我妈")]
    rasa.answers(answer_of(text, ("meal", 0.29)))
    assert plain.parse(text, now=NOW).names() == ("out_of_scope",)
    rasa.status = 500
    with pytest.raises(RasaError):
        plain.parse(text, now=NOW)
