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
_CLAUSE_END = re.compile(r"[,。!;:~…\s]+|(?<=\?)")
_MEANS_SOMETHING = re.compile(r"[\u3400-\u9fffa-z0-9]")
_GONE = (
    "·"  # stands where something was explained, so that what is left and right of it does not grow together
)


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
            if best := self._best(found, question, part, items):
                return best
        return self._for_item(question, items[0]) if items else None

    def _could_answer(self, entry: Entry, question: str) -> bool:
        return (
            entry.words.search(question) is not None
            and (entry.also is None or entry.also.search(question) is not None)
            and (entry.without is None or entry.without.search(question) is None)
        )

    def _best(
        self, entries: Sequence[Entry], question: str, part: _Part, items: Sequence[str]
    ) -> Entry | None:
        """The entry that leaves least unexplained; then the one that is being spoken of, then the first in the file."""
        ranked = [
            (left, entry.item not in items, place)
            for place, entry in enumerate(entries)
            if entry.words.search(part.text) and (entry.also is None or entry.also.search(part.text))
            if (left := self._unexplained(entry, question, part)) is not None
        ]
        return entries[min(ranked)[2]] if ranked else None

    def _for_item(self, question: str, item: str) -> Entry | None:
        """The answer to a question that names nothing, while an item is being spoken of."""
        part = _Part(question, ())
        for entry in self._known.entries:
            if entry.alone and entry.item == item and not (entry.without and entry.without.search(question)):
                if self._unexplained(entry, question, part) is not None:
                    return entry
        return None

    def _unexplained(self, entry: Entry, question: str, part: _Part) -> int | None:
        """How many characters of the part the entry does not account for; None when that is too many, when
        another kind of question is asked, or when the question is a case of its own."""
        known = self._known
        if not any(known.aspects[aspect].search(part.text) for aspect in entry.aspects):
            return None
        rest = part.text
        for explained in (entry.words, *(known.aspects[aspect] for aspect in entry.aspects), entry.also):
            rest = explained.sub(_GONE, rest) if explained else rest
        allowed = known.harmless.union(entry.aspects)
        if any(other.search(rest) for name, other in known.aspects.items() if name not in allowed):
            return None
        rest = entry.ignore.sub(_GONE, rest) if entry.ignore else rest
        if known.particular.search(rest) or any(known.particular.search(clause) for clause in part.around):
            return None
        left = len(_MEANS_SOMETHING.findall(known.fillers.sub("", rest)))
        return left if left <= (0 if known.exact.intersection(entry.aspects) else known.leftover) else None


def _parts(question: str) -> Iterator[_Part]:
    """The whole question, then ever shorter runs of up to three clauses of it."""
    clauses = [clause for clause in _CLAUSE_END.split(question) if clause]
    yield _Part(question, ())
    for length in range(min(3, len(clauses) - 1), 0, -1):
        for start in range(len(clauses) - length + 1):
            around = (*clauses[:start], *clauses[start + length :])
            yield _Part(",".join(clauses[start : start + length]), around)
