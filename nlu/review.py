"""The learning loop: sentences that were not understood are labelled by staff and go into the data files, masked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nlu.answers import strip_marks
from nlu.data_files import (
    DATA_FOLDER,
    DataFileError,
    Example,
    mark_sentence,
    read_folder,
    read_sentence,
    write_file,
)
from nlu.train import all_labels

# Digits of phones, cards and doors, written or spoken, are replaced one for one.
DIGITS = re.compile(r"[0-9０-９]{3,}[0-9Xx]?")
STAND_IN = "0"
SKIP, STOP = "", "q"


@dataclass(frozen=True, slots=True)
class Entry:
    """A sentence on the review list; without labels it waits for staff."""

    text: str
    labels: tuple[str, ...] = ()
    style: str = "reviewed"
    rejected: bool = False  # looked at, and not fit for the data files


def mask(text: str, spoken_digits: str = "") -> str:
    """The sentence without numbers that belong to a person; `spoken_digits` are the characters that say digits."""
    text = DIGITS.sub(lambda found: STAND_IN * len(found.group()), text)
    if spoken_digits:
        run = re.compile(f"[{re.escape(spoken_digits)}]{{5,}}")
        text = run.sub(lambda found: spoken_digits[0] * len(found.group()), text)
    return text


def read_list(path: Path) -> list[Entry]:
    """The entries of a JSON-lines file."""
    entries: list[Entry] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            labels = tuple(row.get("labels") or ())
            entries.append(
                Entry(row["text"], labels, row.get("style", "reviewed"), bool(row.get("rejected")))
            )
    return entries


def write_list(path: Path, entries: Sequence[Entry]) -> None:
    rows = [
        {"text": one.text, "labels": list(one.labels), "style": one.style, "rejected": one.rejected}
        for one in entries
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def ask_for_labels(
    entries: Sequence[Entry], *, ask: Callable[[str], str], say: Callable[[str], None]
) -> list[Entry]:
    """Ask for the labels of each waiting entry: `a+b`, empty to skip, `-` to reject, `q` to stop."""
    known, reviewed, stopped = set(all_labels()), list(entries), False
    for place, entry in enumerate(reviewed):
        if stopped or entry.labels or entry.rejected:
            continue
        say(mask(entry.text))
        while True:
            answer = ask("labels (a+b; empty: skip; -: reject; q: stop)").strip()
            labels = tuple(part.strip() for part in answer.split("+") if part.strip())
            if answer in (SKIP, STOP, "-") or set(labels) <= known:
                break
            say(f"unknown: {', '.join(sorted(set(labels) - known))}; known: {', '.join(sorted(known))}")
        if answer == STOP:
            stopped = True
        elif answer == "-":
            reviewed[place] = replace(entry, rejected=True)
        elif labels:
            reviewed[place] = replace(entry, labels=labels)
    return reviewed


def export_reviewed(entries: Sequence[Entry], path: Path, *, data: Path = DATA_FOLDER) -> int:
    """Add the labelled entries, masked, to a data file; what the data files hold already is left out. How many went."""
    held = {strip_marks(example.text) for example in read_folder(data)}
    kept = _read_kept(path)
    held |= {strip_marks(example.text) for example in kept}
    fresh: list[Example] = []
    for entry in entries:
        if not entry.labels:
            continue
        text, spans = read_sentence(mask(entry.text))
        if strip_marks(text) and strip_marks(text) not in held:
            held.add(strip_marks(text))
            fresh.append(Example(text, entry.labels, spans, entry.style))
    if fresh:
        ordered = sorted([*kept, *fresh], key=lambda example: (example.labels, example.style))
        if any("\n" in mark_sentence(example) for example in ordered):
            raise DataFileError(f"{path}: a sentence can not span lines")
        write_file(path, ordered)
    return len(fresh)


def _read_kept(path: Path) -> list[Example]:
    from nlu.data_files import read_file

    return read_file(path) if path.is_file() else []
