"""Finds the answer to a question about rules, or finds that there is none: then a person is offered.

A wrong answer is worse than none. So an entry answers only a question that it explains nearly to the last word: what
is asked about, what kind of question it is, and nothing more than words without weight. Pure; well under 1 ms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from config.knowledge import Entry, KnowledgeFile, load_knowledge
from nlu.speech import even

__all__ = ["Entry", "Knowledge"]

LONGEST = 160  # characters; what is longer tells a whole case, and a case is for a person
MOST_CLAUSES = 12  # more than that is a tale, and is looked at only as a whole
_CLAUSE_END = re.compile(r"[,。!;:~…\s]+|(?<=\?)")
_MEANS_SOMETHING = re.compile(r"[\u3400-\u9fffa-z0-9]")


@dataclass(frozen=True, slots=True)
class _Part:
    """A run of consecutive clauses, and the clauses around it."""

    text: str
    around: tuple[str, ...]


class Knowledge:
    """The look-up over `config/knowledge.yaml`."""

    def __init__(self, knowledge: KnowledgeFile | None = None) -> None:
        self._known = knowledge or load_knowledge()
        heard_as = self._known.heard_as
        even("")  # reads the table of characters now, not within the first question
        self._misheard = re.compile(
            "|".join(map(re.escape, sorted(heard_as, key=len, reverse=True))) or r"(?!)"
        )

    def answer(self, text: str, items: Sequence[str] = ()) -> Entry | None:
        """The entry that answers this question, or None. `items`: what the talk seems to be about, best first."""
        if len(text) > LONGEST:
            return None
        question = self._misheard.sub(lambda heard: self._known.heard_as[heard.group()], even(text).strip())
        found = [entry for entry in self._known.entries if self._could_answer(entry, question)]
        for part in _parts(question) if found else ():
            if any(self._known.asking.search(clause) for clause in part.around):
                continue
            if best := self._best(found, part, items):
                return best
        return self._for_item(question, items[0]) if items else None

    def _could_answer(self, entry: Entry, question: str) -> bool:
        return (
            entry.words.search(question) is not None
            and (entry.also is None or entry.also.search(question) is not None)
            and (entry.without is None or entry.without.search(question) is None)
        )

    def _best(self, entries: Sequence[Entry], part: _Part, items: Sequence[str]) -> Entry | None:
        """The entry that leaves least unexplained; then the one that is being spoken of, then the first in the file."""
        ranked = [
            (left, entry.item not in items, place)
            for place, entry in enumerate(entries)
            if entry.words.search(part.text) and (entry.also is None or entry.also.search(part.text))
            if (left := self._unexplained(entry, part)) is not None
        ]
        return entries[min(ranked)[2]] if ranked else None

    def _for_item(self, question: str, item: str) -> Entry | None:
        """The answer to a question that names nothing, while an item is being spoken of."""
        part = _Part(question, ())
        fitting = (
            entry
            for entry in self._known.entries
            if entry.alone and entry.item == item and not (entry.without and entry.without.search(question))
        )
        return next((entry for entry in fitting if self._unexplained(entry, part) == 0), None)

    def _unexplained(self, entry: Entry, part: _Part) -> int | None:
        """How many characters of the part the entry does not account for; None when that is too many, when
        another kind of question is asked, or when the question is a case of its own."""
        known, text = self._known, part.text
        asked = [aspect for aspect in entry.aspects if known.aspects[aspect].search(text)]
        if not asked or any(known.particular.search(clause) for clause in part.around):
            return None
        question_words = _covered(text, *(known.aspects[aspect] for aspect in asked))
        explained = question_words | _covered(text, entry.words, entry.also)
        allowed = known.harmless.union(entry.aspects)
        others = (pattern for aspect, pattern in known.aspects.items() if aspect not in allowed)
        if any(_asks_more(pattern, text, question_words, explained) for pattern in others):
            return None
        explained |= _covered(text, entry.ignore)
        if _stands_outside(known.particular, text, explained):
            return None
        explained |= _covered(text, known.fillers)
        left = sum(1 for found in _MEANS_SOMETHING.finditer(text) if found.start() not in explained)
        return left if left <= (0 if known.exact.issuperset(asked) else known.leftover) else None


def _covered(text: str, *patterns: re.Pattern[str] | None) -> set[int]:
    """The places of all characters that these expressions match."""
    return {
        place
        for pattern in patterns
        if pattern
        for found in pattern.finditer(text)
        for place in range(*found.span())
    }


def _asks_more(other: re.Pattern[str], text: str, question_words: set[int], explained: set[int]) -> bool:
    """Whether another kind of question is asked in words of its own: «what is it for» within «what grade» is not."""
    spans = (range(*found.span()) for found in other.finditer(text))
    return any(question_words.isdisjoint(span) and not explained.issuperset(span) for span in spans)


def _stands_outside(pattern: re.Pattern[str], text: str, explained: set[int]) -> bool:
    """Whether the expression occurs somewhere that is not explained already, at least in part."""
    return any(not explained.issuperset(range(*found.span())) for found in pattern.finditer(text))


def _parts(question: str) -> Iterator[_Part]:
    """The whole question, then ever shorter runs of up to three clauses of it."""
    clauses = [clause for clause in _CLAUSE_END.split(question) if clause]
    yield _Part(question, ())
    for length in range(min(3, len(clauses) - 1), 0, -1) if len(clauses) <= MOST_CLAUSES else ():
        for start in range(len(clauses) - length + 1):
            around = (*clauses[:start], *clauses[start + length :])
            yield _Part(",".join(clauses[start : start + length]), around)
