"""Understanding by a Rasa server (`/model/parse`), for operators who run one; falls back to our own engine."""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from nlu.danger import find_danger
from nlu.slots import find_slots
from nlu.speech import cut
from nlu.understanding import SLOTS, Expecting, Parser, ScoredLabel, TaggedSpan, Understanding

log = logging.getLogger(__name__)

DEFAULT_TIMEOUT_S = 1.0
LEAST = 0.3  # below this the best intent is taken for out of scope
JOINED = "+"  # joins the labels of one intent


class RasaError(RuntimeError):
    """The Rasa server does not answer, answers late, or answers something else than a parse."""


class RasaParser:
    """The `Parser` interface over HTTP. With no `fallback`, an unreachable server is an error."""

    def __init__(self, url: str, *, fallback: Parser | None, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a Rasa server: http://host:5005")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._fallback = fallback
        self._timeout_s = timeout_s

    def healthy(self) -> bool:
        """Whether the server answers and has a model loaded."""
        try:
            return bool(self._ask("GET", "/status").get("model_file"))
        except RasaError:
            return False

    def parse(
        self,
        text: str,
        *,
        expecting: Expecting | None = None,
        alternatives: tuple[str, ...] = (),
        now: datetime,
    ) -> Understanding:
        text = cut(text)
        try:
            answer = self._ask("POST", "/model/parse", {"text": text})
            ranking = read_ranking(answer)
        except RasaError as problem:
            if self._fallback is None:
                raise
            log.warning("rasa: %s; our own engine answers", problem)
            return self._fallback.parse(text, expecting=expecting, alternatives=alternatives, now=now)
        emergency = next((one.confidence for one in ranking if one.label == "emergency"), 0.0)
        danger = find_danger(text, emergency_confidence=emergency)
        chosen = acted_on(ranking)
        if danger is not None:
            rest = [one for one in chosen if one.label not in ("emergency", "out_of_scope", "inform")]
            chosen = (ScoredLabel("emergency", danger.confidence), *rest)
        slots = find_slots(
            text, now=now, expecting=expecting, spans=read_spans(answer, text), tagger_ran=True
        )
        return Understanding(text, chosen, ranking[:5], slots, danger, chosen[0].confidence >= LEAST)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        try:
            sent = json.dumps(body).encode() if body is not None else None
            connection.request(method, self._path + path, sent, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
            if response.status != 200:
                raise RasaError(f"{path} answered {response.status}")
            answer = json.loads(content)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise RasaError(f"{path}: {problem}") from problem
        finally:
            connection.close()
        if not isinstance(answer, dict):
            raise RasaError(f"{path} answered no object")
        return answer


def read_ranking(answer: dict[str, Any]) -> tuple[ScoredLabel, ...]:
    """The ranking of a parse; an intent of several labels stands for its first."""
    listed = answer.get("intent_ranking") or [answer.get("intent")]
    try:
        return tuple(ScoredLabel(str(one["name"]), float(one["confidence"])) for one in listed)
    except (TypeError, KeyError, ValueError) as problem:
        raise RasaError(f"no intents in the answer: {problem}") from problem


def acted_on(ranking: Sequence[ScoredLabel]) -> tuple[ScoredLabel, ...]:
    best = ranking[0]
    if best.confidence < LEAST:
        return (ScoredLabel("out_of_scope", 1 - best.confidence),)
    return tuple(ScoredLabel(label, best.confidence) for label in best.label.split(JOINED))


def read_spans(answer: dict[str, Any], text: str) -> tuple[TaggedSpan, ...]:
    """The entities of a parse that are slots of ours."""
    return tuple(
        TaggedSpan(
            str(one["entity"]), int(one["start"]), int(one["end"]), float(one.get("confidence_entity", 0.5))
        )
        for one in answer.get("entities") or ()
        if one.get("entity") in SLOTS and 0 <= int(one["start"]) < int(one["end"]) <= len(text)
    )
