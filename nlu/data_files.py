"""Training and validation sentences: reads and writes Rasa's YAML (3.1), with annotated spans, styles and several labels.

A file holds blocks of one intent (several labels joined with `+`), its metadata (`style`, `expecting`) and its
examples, one a line: `- 给[我妈](beneficiary)送[三份](detail)饭`. `[text]{"entity": "time", "value": "…"}` is read too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent
DATA_FOLDER = ROOT / "data"
SPAN = re.compile(r"\[(?P<text>[^\[\]]+)\](?:\((?P<slot>[a-z_]+)\)|(?P<json>\{[^{}]*\}))")


class DataFileError(ValueError):
    """A data file can not be read as Rasa YAML with our annotations. The message names file and line."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A marked span; offsets are in the plain text."""

    slot: str
    start: int
    end: int
    text: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence and what it means."""

    text: str
    labels: tuple[str, ...]
    spans: tuple[Annotation, ...] = ()
    style: str = "plain"
    expecting: str | None = None
    source: str = ""
    extra: dict[str, Any] = field(default_factory=dict, compare=False)


def read_sentence(marked: str) -> tuple[str, tuple[Annotation, ...]]:
    """Plain text and spans of one marked sentence."""
    plain: list[str] = []
    spans: list[Annotation] = []
    length = position = 0
    for match in SPAN.finditer(marked):
        before = marked[position : match.start()]
        plain.append(before)
        length += len(before)
        slot, value = match["slot"], None
        if slot is None:
            described = json.loads(match["json"])
            slot, value = described["entity"], described.get("value")
        spans.append(Annotation(slot, length, length + len(match["text"]), match["text"], value))
        plain.append(match["text"])
        length += len(match["text"])
        position = match.end()
    plain.append(marked[position:])
    return "".join(plain), tuple(spans)


def mark_sentence(example: Example) -> str:
    """The sentence with its spans marked, as it stands in a data file."""
    pieces: list[str] = []
    position = 0
    for span in sorted(example.spans, key=lambda span: span.start):
        if span.start < position:
            continue
        pieces.append(f"{example.text[position : span.start]}[{span.text}]({span.slot})")
        position = span.end
    pieces.append(example.text[position:])
    return "".join(pieces)


def read_file(path: Path) -> list[Example]:
    """All examples of one file, in order."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 (both are safe)
    except yaml.YAMLError as problem:
        raise DataFileError(f"{path}: {problem}") from problem
    if not isinstance(content, dict):
        raise DataFileError(f"{path}: no mapping with `nlu:` at its top")
    examples: list[Example] = []
    for block in content.get("nlu") or ():
        if "intent" in block:
            examples.extend(_read_block(path, block))
    return examples


def _read_block(path: Path, block: dict[str, Any]) -> Iterator[Example]:
    labels = tuple(part.strip() for part in str(block["intent"]).split("+"))
    common = dict(block.get("metadata") or {})
    listed = block.get("examples") or ""
    lines = listed.splitlines() if isinstance(listed, str) else listed
    for line in lines:
        metadata = common
        if isinstance(line, dict):
            metadata = common | dict(line.get("metadata") or {})
            line = str(line["text"])
        marked = line.strip().removeprefix("- ").strip() if isinstance(listed, str) else str(line).strip()
        if not marked:
            continue
        if isinstance(listed, str) and not line.strip().startswith("-"):
            raise DataFileError(f"{path}: an example must start with «- »: {line!r}")
        try:
            text, spans = read_sentence(marked)
        except (ValueError, KeyError) as problem:
            raise DataFileError(f"{path}: annotation can not be read: {marked!r}") from problem
        extra = {key: value for key, value in metadata.items() if key not in ("style", "expecting")}
        expecting = metadata.get("expecting")
        style = str(metadata.get("style", "plain"))
        yield Example(text, labels, spans, style, str(expecting) if expecting else None, path.name, extra)


def data_files(folder: Path = DATA_FOLDER) -> list[Path]:
    """The data files under a folder, in a fixed order."""
    return sorted((*folder.rglob("*.yml"), *folder.rglob("*.yaml")))


def read_folder(folder: Path = DATA_FOLDER) -> list[Example]:
    """All examples under a folder."""
    return [example for path in data_files(folder) for example in read_file(path)]


def write_file(path: Path, examples: Iterable[Example]) -> None:
    """Write examples as Rasa YAML, one block for each run of equal labels and metadata."""
    lines = ['version: "3.1"', "nlu:"]
    previous: tuple[object, ...] | None = None
    for example in examples:
        head = (example.labels, example.style, example.expecting)
        if head != previous:
            metadata = f"style: {example.style}" + (
                f", expecting: {example.expecting}" if example.expecting else ""
            )
            lines += [f"- intent: {'+'.join(example.labels)}", f"  metadata: {{{metadata}}}", "  examples: |"]
            previous = head
        lines.append(f"    - {mark_sentence(example)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def fingerprint(folder: Path = DATA_FOLDER) -> str:
    """SHA-256 of all data files, names and contents: tells whether a model was trained on this very data."""
    digest = hashlib.sha256()
    for path in data_files(folder):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()
