"""The learning loop: personal data is masked before a sentence is kept, and what staff labelled goes into the data files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from config.lexicon import load
from nlu.answers import strip_marks
from nlu.data_files import DATA_FOLDER, Example, read_file, read_folder, write_file
from nlu.slots import ANY_MOMENT, find_slots
from nlu.slots.names import led_names, name_at
from nlu.slots.numbers import digit_values
from nlu.speech import even
from nlu.train import all_labels
from nlu.understanding import Person, Place, Slot

STYLE = "reviewed"
# Digits of phones, cards and doors, written or spoken, are replaced one for one.
DIGITS = re.compile(r"[0-9０-９]{3,}[0-9Xx]?")
SPOKEN_RUN = 5  # shorter runs of spoken digits are years and amounts
SHORTEST_NAME = 2  # characters; one alone stands in half of all sentences
# Marked slots are written in brackets, so a bracket that somebody typed becomes a round one.
BRACKETS = str.maketrans("[]", "()")

Stretch = tuple[int, int, str]  # from, to, what stands there instead


class UnknownLabelError(ValueError):
    """Somebody gave a label that the line does not know."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A masked sentence with the labels that staff gave it, and what the line had asked before it."""

    text: str
    labels: tuple[str, ...]
    expecting: str | None = None


def mask(text: str, slots: Iterable[Slot] = (), names: Iterable[str] = ()) -> str:
    """The sentence on one line, without names, addresses and numbers.

    `slots` are those of this very text. `names` stand in the records of the conversation: no reader need find them.
    """
    plain, stands = even(text), load("masks")
    # The rules alone find more than was wanted of the sentence: whoever is only mentioned is masked too.
    slots = (*slots, *find_slots(text, now=ANY_MOMENT))
    stretches = [*_in_slots(text, plain, slots, stands), *_named(plain, names, stands["name"])]
    stretches += [(found.start, found.end, stands["name"]) for found in led_names(plain)]
    masked = DIGITS.sub(lambda run: stands["digit"] * len(run.group()), _replaced(text, stretches))
    masked = _spoken_run().sub(lambda run: stands["spoken_digit"] * len(run.group()), masked)
    shown = "".join(letter if letter.isprintable() else " " for letter in masked)
    return " ".join(shown.split()).translate(BRACKETS)


def key_of(text: str) -> str:
    """What two writings of one sentence have in common; empty when there is no word in it."""
    return strip_marks(text)


def read_labels(answer: str) -> tuple[str, ...]:
    """The labels of an answer like `meal+bath`. Raises UnknownLabelError."""
    labels = tuple(dict.fromkeys(part.strip() for part in answer.split("+") if part.strip()))
    if unknown := sorted(set(labels) - set(all_labels())):
        raise UnknownLabelError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(all_labels()))}")
    return labels


def export_reviewed(sentences: Sequence[Reviewed], path: Path, *, data: Path = DATA_FOLDER) -> int:
    """Add the sentences, masked, to a data file; what the data files hold already is left out. How many went."""
    kept = read_file(path) if path.is_file() else []
    held = {strip_marks(example.text) for example in (*read_folder(data), *kept)}
    fresh: list[Example] = []
    for sentence in sentences:
        text = mask(sentence.text)
        bare = strip_marks(text)
        if bare and bare not in held:
            held.add(bare)
            fresh.append(Example(text, sentence.labels, (), STYLE, sentence.expecting))
    if fresh:
        write_file(path, sorted([*kept, *fresh], key=_order))
    return len(fresh)


def _order(example: Example) -> tuple[tuple[str, ...], str, str]:
    """Examples that share a block stand together; within it they keep their order."""
    return example.labels, example.style, example.expecting or ""


def _in_slots(text: str, plain: str, slots: Iterable[Slot], stands: dict[str, str]) -> Iterator[Stretch]:
    for slot in slots:
        if isinstance(slot.resolved, Place) and not slot.resolved.usual:
            yield slot.start, slot.end, stands["place"]
        elif slot.slot == "phone":
            yield slot.start, slot.end, _without_digits(text[slot.start : slot.end], stands)
        elif isinstance(slot.resolved, Person):
            if slot.resolved.name:
                yield from _named(plain, [slot.resolved.name], stands["name"])
            elif name := name_at(plain, slot.end):  # «我妈李秀英»
                yield slot.end, slot.end + len(name), stands["name"]


def _named(plain: str, names: Iterable[str], stand_in: str) -> Iterator[Stretch]:
    """Every place where one of the names stands."""
    for name in {even(name) for name in names}:
        if len(name) >= SHORTEST_NAME:
            for found in re.finditer(re.escape(name), plain):
                yield found.start(), found.end(), stand_in


def _replaced(text: str, stretches: Iterable[Stretch]) -> str:
    """The text with the stretches replaced; of those that overlap, the first one's stand-in is for all of them."""
    pieces, position = [], 0
    for start, end, stand_in in sorted(stretches, key=lambda one: (one[0], -one[1])):
        if start >= position:
            pieces += [text[position:start], stand_in]
        position = max(position, end)
    return "".join((*pieces, text[position:]))


def _without_digits(said: str, stands: dict[str, str]) -> str:
    spoken = digit_values()
    return "".join(
        stands["digit"] if letter.isdecimal() else stands["spoken_digit"] if letter in spoken else letter
        for letter in said
    )


@lru_cache(maxsize=1)
def _spoken_run() -> re.Pattern[str]:
    spoken = "".join(letter for letter in digit_values() if not letter.isascii())
    return re.compile(f"[{spoken}]{{{SPOKEN_RUN},}}")
