"""What exactly is wanted: words of the items, quantities, tagged spans, or the whole answer when it was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from config.lexicon import load
from nlu.slots.amount import AmountSpan, find_amounts
from nlu.slots.wanted import Candidate, is_wanted
from nlu.slots.words import alternation
from nlu.speech import sounds
from nlu.understanding import Expecting, TaggedSpan

TRUSTED = 0.35  # confidence from which a tagged detail is believed
MOST = 60  # words and quantities of one sentence that are looked at
MOST_OF_IT = 0.5  # share of an answer that known words must cover to stand for all of it
LONGEST_ANSWER = 60
LONGEST_THING = 5  # characters
FULL_STOPS = re.compile("[^。！？!?；;…]+")  # what stands between them


@dataclass(frozen=True, slots=True)
class DetailSpan:
    start: int
    end: int


@lru_cache(maxsize=1)
def _vocabulary() -> re.Pattern[str]:
    return re.compile(alternation(word for words in load("details")["items"].values() for word in words))


def as_meant(text: str, item: str) -> str:
    """The text with the things of this item that a recogniser wrote by their sound («垫费» is 电费); same length."""
    for word in load("details")["by_sound"].get(item, ()):
        for found in _by_sound(text, word):
            text = text[:found] + word + text[found + len(word) :]
    return text


def _by_sound(text: str, word: str) -> list[int]:
    """Where letters stand that sound like the word, and are no known word themselves."""
    heard, wanted = sounds(text), sounds(word)
    width = len(word)
    return [
        at
        for at in range(len(text) - width + 1)
        if (heard[at : at + width] == wanted).all() and not _vocabulary().search(text, at, at + width)
    ]


@lru_cache(maxsize=1)
def _edges() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = load("details")
    marks = r"[\s，,。、！!？?；;：:…]"
    return (
        re.compile(f"(?:{marks}|{words['fillers']})*"),
        re.compile(f"(?:{marks}|{words['tails']})*$"),
    )


@lru_cache(maxsize=1)
def _buying() -> re.Pattern[str]:
    """What stands right before things that are certainly wanted."""
    return re.compile(load("details")["bought"])


def _bought(text: str, span: DetailSpan) -> bool:
    return _buying().search(text, 0, span.start) is not None


def _overlaps(span: DetailSpan, others: Iterable[DetailSpan]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


def find_details(
    text: str,
    *,
    expecting: Expecting | None = None,
    spans: Sequence[TaggedSpan] = (),
    tagged: bool = False,
    taken: Iterable[tuple[int, int]] = (),
) -> list[DetailSpan]:
    """Details in order, outside the stretches that other slots have taken. `tagged`: a tagger looked at the text."""
    busy = list(taken)
    found = [
        piece
        for span in spans
        if span.slot == "detail" and span.confidence >= TRUSTED
        for piece in _sentences(text, span)
    ]
    if not found and not tagged:
        asked = expecting is Expecting.DETAIL
        found = [span for span in _by_words(text) if is_wanted(text, _candidate(span, text), asked=asked)]
    found += [span for span in _by_words(text) if _bought(text, span) and not _overlaps(span, found)]
    found += _in_one_list(text, found)
    found = [_with_its_thing(text, span, found) for span in found]
    found = [span for span in found if not any(span.start < end and start < span.end for start, end in busy)]
    if expecting is Expecting.DETAIL:
        return _answer(text, found, busy)
    return found


def _sentences(text: str, span: TaggedSpan) -> list[DetailSpan]:
    """A tagged stretch without the marks that end a sentence: «不吃肉！不吃辣！» are two details."""
    return [
        DetailSpan(span.start + part.start(), span.start + part.end())
        for part in FULL_STOPS.finditer(text[span.start : span.end])
    ]


def _with_its_thing(text: str, span: DetailSpan, others: Sequence[DetailSpan]) -> DetailSpan:
    """«二斤» with what stands right behind it up to the next mark, however unknown: «二斤馍馍，一袋盐»; «鸡蛋» with the
    «二斤» right before it."""
    amounts = find_amounts(text)
    before = (one.start for one in amounts if one.strong and one.start < span.start <= one.end)
    start = min(before, default=span.start)
    counted = any(one.end == span.end and not one.goods for one in amounts)
    thing = _unknown_thing().match(text, span.end) if counted else None
    whole = DetailSpan(start, thing.end() if thing else span.end)
    return span if _overlaps(whole, (one for one in others if one != span)) else whole


@lru_cache(maxsize=1)
def _unknown_thing() -> re.Pattern[str]:
    return re.compile(load("details")["unknown_thing"])


def _in_one_list(text: str, found: Sequence[DetailSpan]) -> list[DetailSpan]:
    """Known words that stand in one list with what was found: «白菜土豆，再来两斤鸡蛋，还有盐»."""
    added: list[DetailSpan] = []
    left = [span for span in _by_words(text) if not _overlaps(span, found)] if found else []
    for word in (*left, *reversed(left)):
        beside = (text[min(word.end, one.end) : max(word.start, one.start)] for one in (*found, *added))
        if word not in added and any(_joint().fullmatch(gap) for gap in beside):
            added.append(word)
    return added


@lru_cache(maxsize=1)
def _joint() -> re.Pattern[str]:
    """What stands between two things of one list."""
    return re.compile(load("details")["joint"])


def possible(text: str) -> list[Candidate]:
    """Known words and quantities that can be a detail."""
    return [_candidate(span, text) for span in _by_words(text)]


def _candidate(span: DetailSpan, text: str) -> Candidate:
    return Candidate(
        "detail",
        span.start,
        span.end,
        "known" if _vocabulary().search(text, span.start, span.end) else "amount",
    )


def _by_words(text: str) -> list[DetailSpan]:
    """Known words and quantities; a quantity right before a known word, or right behind a thing to buy, belongs to it."""
    counted = find_amounts(text)
    amounts = [DetailSpan(span.start, span.end) for span in counted if span.strong]
    amounts += [
        DetailSpan(start, span.end) for span in counted if (start := _thing_before(text, span)) is not None
    ]
    found: list[DetailSpan] = []
    known = (DetailSpan(match.start(), match.end()) for match in _vocabulary().finditer(text))
    for span in sorted((*amounts, *known), key=lambda span: (span.start, -span.end))[:MOST]:
        last = found[-1] if found else None
        if last and (span.start < last.end or (span.start == last.end and last in amounts)):
            found[-1] = DetailSpan(last.start, max(last.end, span.end))
        else:
            found.append(span)
    return found


def _thing_before(text: str, amount: AmountSpan) -> int | None:
    """Where the thing begins that this amount is of («白菜两颗», «鸡蛋30个»); None when no thing to buy stands before it."""
    if amount.goods:
        return None
    found = _things().search(text, max(0, amount.start - LONGEST_THING), amount.start)
    return found.start() if found else None


@lru_cache(maxsize=1)
def _things() -> re.Pattern[str]:
    words = load("details")
    things = alternation((*words["items"]["errand"], *words["counted_behind"]))
    return re.compile(f"(?:{things})$")


def _answer(text: str, found: list[DetailSpan], busy: list[tuple[int, int]]) -> list[DetailSpan]:
    """The answer to «what exactly?»: the known words when they say most of it, else all of it without politeness."""
    if busy and not found:
        return []
    head, tail = _edges()
    start = match.end() if (match := head.match(text)) else 0
    left = text[start : start + LONGEST_ANSWER]
    end = start + (match.start() if (match := tail.search(left)) else len(left))
    answer = text[start:end]
    covered = sum(span.end - span.start for span in found)
    if busy or (found and covered >= MOST_OF_IT * len(answer)):
        return found
    refused = load("details")["not_a_detail"]
    if not answer or any(answer.startswith(str(word)) for word in refused):
        return found
    return [DetailSpan(start, end)]
