"""The caller of the conversation tests: says what the script says, then answers what is asked, as a person would.

A conversation is a mapping of the YAML files here (README.md in this folder lists its keys). `play` speaks it to
anything that has `handle(dict) -> dict` of the JSON-lines interface; `faults` compares what came of it with what the
conversation expects, and names each difference in one line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import yaml

HERE = Path(__file__).parent
PEOPLE = "people.yaml"
MONDAY = datetime.fromisoformat("2026-11-23T09:10")
STRANGER = "13909510001"
BETWEEN_TURNS = timedelta(seconds=20)
MOST_TURNS = 8
# What every caller can say without the script saying so.
ALWAYS = {"confirm": "对", "name": "马玉兰", "satisfaction": "满意"}
NOTHING_ELSE = "没有了"
ASKS_FOR_MORE = re.compile("(别的|其他|还有).{0,6}(吗|么|没有|不)[？?]$")
CLOSED = ("cancelled", "done")


class Line(Protocol):
    """What answers: one JSON object in, one out."""

    def handle(self, message: dict[str, Any]) -> dict[str, Any]: ...


@dataclass
class Heard:
    """One exchange: what the caller sent, what the line answered, and what the script expected of that answer."""

    sent: dict[str, Any]
    reply: dict[str, Any]
    expected: dict[str, Any] | None = None


@dataclass
class Played:
    """A conversation after it was spoken: every exchange, and every order by number in its last seen state."""

    heard: list[Heard] = field(default_factory=list)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    stuck: str | None = None  # what was asked that the caller had no answer to

    def transcript(self) -> str:
        lines = []
        for one in self.heard:
            text = one.sent["text"]
            said = (
                "(silence)" if text is None else text if len(text) < 200 else text[:60] + f"… ({len(text)})"
            )
            flags = [name for name in ("emergency", "handoff", "ended") if one.reply[name]]
            lines += [
                f"  {one.sent['now']} < {said}",
                f"    > {one.reply['reply']}  [{one.reply['asks']}] {' '.join(flags)}",
            ]
        lines += [f"    = {order}" for order in self.orders.values()]
        return "\n".join(lines)


def conversations() -> list[dict[str, Any]]:
    """All conversations of this folder, each with the name of its file under `file`."""
    found: list[dict[str, Any]] = []
    for path in sorted(HERE.glob("*.yaml")):
        if path.name != PEOPLE:
            found += [{"file": path.stem, **one} for one in yaml.safe_load(path.read_text("utf-8"))]
    return found


def people(names: Sequence[str]) -> list[dict[str, str]]:
    """Rows of people.yaml as the people import takes them."""
    rows = yaml.safe_load((HERE / PEOPLE).read_text("utf-8"))
    return [{key: str(value) for key, value in rows[name].items()} for name in names]


class Caller:
    """Speaks one conversation. `reopen` gives a fresh line on the same database, as after a restart."""

    def __init__(self, line: Line, reopen: Callable[[], Line]) -> None:
        self.line, self.reopen = line, reopen
        self.played = Played()
        self.now = MONDAY

    def speak(self, talk: dict[str, Any]) -> Played:
        for index, part in enumerate(talk.get("earlier", ())):
            settings: dict[str, Any] = {key: talk[key] for key in ("sender", "channel") if key in talk}
            self._part({"session": f"j0{index or ''}", **settings, **part})
        earlier, self.played = self.played, Played()
        self._part(talk)
        for session in dict.fromkeys(one.sent["session"] for one in earlier.heard):
            self._look_back(session, talk)
        for number, order in earlier.orders.items():
            self.played.orders.setdefault(number, order)
        return self.played

    def _look_back(self, session: str, talk: dict[str, Any]) -> None:
        """How the orders of an earlier session stand now: any turn in it shows them."""
        self.now += timedelta(hours=2)
        sender = talk.get("sender", STRANGER)
        reply = self.line.handle(
            {"session": session, "sender": sender, "text": "你好", "now": _iso(self.now)}
        )
        self.played.orders.update({order["number"]: order for order in reply["orders"]})

    def _part(self, part: dict[str, Any]) -> None:
        if "now" in part:
            self.now = datetime.fromisoformat(str(part["now"])) - BETWEEN_TURNS
        self.answers = _Answers(part.get("answers", {}))
        if "say" in part:
            self._say(part, {"text": part["say"]})
        if "until" in part:
            self._answer(part, stop_at=part["until"])
        for turn in part.get("turns", ()):
            self._say(part, turn if isinstance(turn, dict) else {"text": turn})
        if not part.get("stop"):
            self._answer(part)

    def _say(self, part: dict[str, Any], turn: dict[str, Any]) -> None:
        pause = timedelta(minutes=turn["after_minutes"]) if "after_minutes" in turn else BETWEEN_TURNS
        self.now = datetime.fromisoformat(str(turn["now"])) if "now" in turn else self.now + pause
        if turn.get("restart"):
            self.line = self.reopen()
        text = turn["text"]
        message = {
            "session": turn.get("session", part.get("session", "j1")),
            "channel": turn.get("channel", part.get("channel", "phone")),
            "sender": turn.get("sender", part.get("sender", STRANGER)),
            "text": text * turn.get("times", 1) if text is not None else None,
            "now": _iso(self.now),
        }
        if "message_id" in turn:
            message["message_id"] = turn["message_id"]
        reply = self.line.handle(message)
        self.played.heard.append(Heard(message, reply, turn.get("expect")))
        self.played.orders.update({order["number"]: order for order in reply["orders"]})

    def _answer(self, part: dict[str, Any], stop_at: str | None = None) -> None:
        """Answer question after question until nothing is asked any more (or `stop_at` is)."""
        wanted = (part.get("expect") or {}).get("max_turns", MOST_TURNS)
        while self.played.heard:
            last = self.played.heard[-1]
            asks, reply = last.reply["asks"], last.reply["reply"]
            if last.reply["ended"] or asks == stop_at is not None or len(self.played.heard) > wanted:
                return
            if ASKS_FOR_MORE.search(reply) and asks in (None, "which_item", "confirm"):
                text: str | None = NOTHING_ELSE
            elif asks is None:
                return
            else:
                text = self.answers.to(asks, reply)
            if text is None:
                self.played.stuck = f"asked {asks!r} and had no answer: {reply}"
                return
            self._say(
                {**part, "session": last.sent["session"], "sender": last.sent["sender"]}, {"text": text}
            )


class _Answers:
    """What this caller says when asked: a text, a list (one after another), or texts by what the question mentions."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = ALWAYS | answers
        self.given: dict[str, int] = {}

    def to(self, asks: str, question: str) -> str | None:
        answer = self.answers.get(asks)
        if isinstance(answer, list):
            index = self.given.get(asks, 0)
            self.given[asks] = index + 1
            return str(answer[min(index, len(answer) - 1)])
        if isinstance(answer, dict):
            return next(
                (str(text) for cue, text in answer.items() if re.search(cue, question)), answer.get("else")
            )
        return None if answer is None else str(answer)


def faults(talk: dict[str, Any], played: Played) -> list[str]:
    """Every difference between what was expected and what came; empty when all is right."""
    expect = talk.get("expect", {})
    found = [] if played.stuck is None else [played.stuck]
    for index, one in enumerate(played.heard, start=1):
        found += [f"turn {index}: {fault}" for fault in _reply_faults(one, played, index)]
    found += _order_faults(expect, list(played.orders.values()))
    for flag in ("emergency", "handoff"):
        default: Any = "any" if flag == "handoff" and expect.get("emergency") else False
        wanted = expect.get(flag, default)
        came = any(one.reply[flag] for one in played.heard)
        if wanted != "any" and wanted != came:
            found.append(f"{flag} is {came}, expected {wanted}")
    found += _talk_faults(expect, played)
    return found


def _talk_faults(expect: dict[str, Any], played: Played) -> Iterator[str]:
    asked = [one.reply["asks"] for one in played.heard]
    words = [one.reply["reply"] for one in played.heard]
    for slot in expect.get("asks_never", ()):
        if slot in asked:
            yield f"asked for {slot}, which it had to know"
    for slot in expect.get("asks_some", ()):
        if slot not in asked:
            yield f"never asked for {slot}"
    for slot in expect.get("asks_once", ()):
        if asked.count(slot) > 1:
            yield f"asked {asked.count(slot)} times for {slot}"
    for pattern in expect.get("reply_never", ()):
        yield from (
            f"said {text!r}, never expected {pattern!r}" for text in words if re.search(pattern, text)
        )
    for pattern in expect.get("reply_says", ()):
        if not any(re.search(pattern, text) for text in words):
            yield f"never said {pattern!r}"
    most = expect.get("max_turns", MOST_TURNS + 4)
    said = len([one for one in played.heard if one.sent["text"] != NOTHING_ELSE])
    if said > most:
        yield f"took {said} turns, at most {most} expected"


def _reply_faults(one: Heard, played: Played, turn: int) -> Iterator[str]:
    reply, expected = one.reply, one.expected or {}
    if not reply["reply"].strip():
        yield "the reply is empty"
    for key in ("emergency", "handoff", "ended"):
        if key in expected and reply[key] != expected[key]:
            yield f"{key} is {reply[key]}, expected {expected[key]}"
    if "asks" in expected and reply["asks"] not in _either(expected["asks"]):
        yield f"asks {reply['asks']}, expected {expected['asks']}"
    if reply["asks"] in expected.get("asks_not", ()):
        yield f"asks {reply['asks']}"
    for pattern in (*_either(expected.get("says", [])), *expected.get("says_all", ())):
        if not re.search(pattern, reply["reply"], re.DOTALL):
            yield f"does not say {pattern!r}: {reply['reply']}"
    if "says_not" in expected and re.search(expected["says_not"], reply["reply"]):
        yield f"says {expected['says_not']!r}: {reply['reply']}"
    standing = [order for order in reply["orders"] if order["status"] not in CLOSED]
    if "orders" in expected and len(standing) != expected["orders"]:
        yield f"{len(standing)} orders stand after it, expected {expected['orders']}"


def _order_faults(expect: dict[str, Any], orders: list[dict[str, Any]]) -> Iterator[str]:
    wanted = expect.get("orders", [])
    if wanted == "any":
        return
    left = list(orders)
    for want in wanted:
        ranked = sorted(left, key=lambda order: len(list(_mismatches(want, order))))
        if not ranked:
            yield f"no order for {want}"
            continue
        left.remove(ranked[0])
        yield from _mismatches(want, ranked[0])
    if expect.get("cancelled_besides"):  # the way there may have led over a cancelled order
        left = [order for order in left if order["status"] != "cancelled"]
    yield from (f"an order too many: {order}" for order in left)


def _mismatches(want: dict[str, Any], order: dict[str, Any]) -> Iterator[str]:
    for key in ("item", "beneficiary", "time", "phone", "place"):
        if key in want and order[key] not in [None if v is None else str(v) for v in _either(want[key])]:
            yield f"{want['item']}: {key} is {order[key]!r}, expected {want[key]!r}"
    if "time_startswith" in want and not (order["time"] or "").startswith(str(want["time_startswith"])):
        yield f"{want['item']}: time is {order['time']!r}, expected {want['time_startswith']}…"
    for words in _either(want.get("place_contains", [])):
        if words not in (order["place"] or ""):
            yield f"{want['item']}: place is {order['place']!r}, expected …{words}…"
    is_open = order["status"] not in CLOSED
    if (want.get("status", "open") == "open") != is_open:
        yield f"{want['item']}: status is {order['status']}, expected {want.get('status', 'open')}"


def _either(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
