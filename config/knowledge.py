"""The answers to questions about rules, as an operator wrote them in `knowledge.yaml`, each with who says so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from config.wording import sentences

MOST_CHARACTERS = 22  # Chinese characters of one spoken sentence
MOST_SENTENCES = 2
_COUNTED = re.compile(r"[\u3400-\u9fff\d]")  # a digit is spoken as one character
_LOOKAHEAD = re.compile(r"\(\?[=!](?:[^()]|\([^()]*\))*\)")
_DOT = re.compile(r"(?<!\\)\.")
_FIELDS = frozenset(
    {"id", "item", "aspects", "words", "with", "ignore", "without", "alone", "answer", "source"}
)


class KnowledgeError(ValueError):
    """`config/knowledge.yaml` is wrong; the message names the entry and what to change."""


@dataclass(frozen=True, slots=True)
class Source:
    """A public document, or the catalogue. `name` is how an elder hears of it, `title` how a clerk finds it."""

    file: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer, and the questions it is for."""

    id: str
    item: str | None  # code in the catalogue; None: it is about the whole service
    aspects: tuple[str, ...]
    words: re.Pattern[str]
    also: re.Pattern[str] | None  # `with` in the file
    ignore: re.Pattern[str] | None
    without: re.Pattern[str] | None
    alone: bool
    spoken: str
    text: str
    source: Source

    def sentences(self, variant: str) -> tuple[str, ...]:
        """The answer for a channel variant (`spoken`, `text`, `buttons`), sentence by sentence."""
        return sentences(self.spoken if variant == "spoken" else self.text)

    @property
    def source_name(self) -> str:
        """Who says so, in words that fit into the phrase `policy.source`."""
        return self.source.name


@dataclass(frozen=True, slots=True)
class KnowledgeFile:
    """Everything in `config/knowledge.yaml`, checked, its expressions compiled."""

    entries: tuple[Entry, ...]
    aspects: Mapping[str, re.Pattern[str]]
    particular: re.Pattern[str]
    fillers: re.Pattern[str]
    asking: re.Pattern[str]
    heard_as: Mapping[str, str]
    harmless: frozenset[str]  # aspects that may be asked along with any other
    exact: frozenset[str]  # aspects whose entries must explain every character
    leftover: int  # characters of any other question that may stay unexplained


def compiled(where: str, alternatives: str | Sequence[str], *, gaps: bool = False) -> re.Pattern[str]:
    """One expression of several alternatives. Raises KnowledgeError, naming the place, for one that is none.

    Without `gaps` a dot may stand only in a lookahead: what it matched would count as explained, whatever it is.
    """
    parts = [alternatives] if isinstance(alternatives, str) else alternatives
    for part in parts:
        try:
            matches_nothing = re.compile(part).search("") is not None
        except re.error as problem:
            raise KnowledgeError(
                f"config/knowledge.yaml: {where}: {part!r} is no expression: {problem}"
            ) from None
        if not gaps and _DOT.search(_LOOKAHEAD.sub("", part)):
            raise KnowledgeError(
                f"config/knowledge.yaml: {where}: {part!r} has a gap; put it into a lookahead (?=…)"
            )
        if matches_nothing:
            raise KnowledgeError(
                f"config/knowledge.yaml: {where}: {part!r} matches an empty text; make a part required"
            )
    return re.compile("|".join(f"(?:{part})" for part in parts))


def _answer(entry_id: str, answer: str | Mapping[str, str]) -> tuple[str, str]:
    """The spoken and the written text; both checked for length."""
    spoken, text = (answer, answer) if isinstance(answer, str) else (answer["spoken"], answer["text"])
    for variant in (spoken, text):
        said = sentences(variant)
        if not 1 <= len(said) <= MOST_SENTENCES:
            raise KnowledgeError(
                f"config/knowledge.yaml: {entry_id} has {len(said)} sentences; at most {MOST_SENTENCES}"
            )
    for sentence in sentences(spoken):
        if (length := len(_COUNTED.findall(sentence))) > MOST_CHARACTERS:
            raise KnowledgeError(
                f"config/knowledge.yaml: {entry_id}: {sentence!r} has {length} characters; at most {MOST_CHARACTERS}"
            )
    return spoken, text


def _entry(row: Mapping[str, Any], aspects: Mapping[str, Any], sources: Mapping[str, Source]) -> Entry:
    name = str(row.get("id"))
    if missing := {"id", "item", "aspects", "words", "answer", "source"} - row.keys():
        raise KnowledgeError(f"config/knowledge.yaml: entry {name} has no {sorted(missing)}; add it")
    if unknown := row.keys() - _FIELDS:
        raise KnowledgeError(
            f"config/knowledge.yaml: entry {name} has {sorted(unknown)}, which nothing reads"
        )
    if strange := set(row["aspects"]) - aspects.keys():
        raise KnowledgeError(
            f"config/knowledge.yaml: entry {name}: {sorted(strange)} are not under `aspects`"
        )
    if row["source"] not in sources:
        raise KnowledgeError(
            f"config/knowledge.yaml: entry {name}: source {row['source']!r} is not under `sources`"
        )
    spoken, text = _answer(name, row["answer"])
    optional = {
        key: compiled(f"{name}.{key}", row[key], gaps=key == "without") if key in row else None
        for key in ("with", "ignore", "without")
    }
    return Entry(
        id=name, item=row["item"], aspects=tuple(row["aspects"]), words=compiled(f"{name}.words", row["words"]),
        also=optional["with"], ignore=optional["ignore"], without=optional["without"],
        alone=bool(row.get("alone", False)), spoken=spoken, text=text, source=sources[row["source"]],
    )  # fmt: skip


def read_knowledge(raw: Mapping[str, Any]) -> KnowledgeFile:
    """Check the parsed file. Raises KnowledgeError with the place and the remedy."""
    sources = {file: Source(file, row["short"], row["title"]) for file, row in raw["sources"].items()}
    aspects = {name: compiled(f"aspects.{name}", pattern) for name, pattern in raw["aspects"].items()}
    entries = tuple(_entry(row, aspects, sources) for row in raw["entries"])
    if len({entry.id for entry in entries}) != len(entries):
        raise KnowledgeError("config/knowledge.yaml: two entries have the same id")
    heard_as, harmless, exact = raw["heard_as"], frozenset(raw["harmless"]), frozenset(raw["exact"])
    if strange := (harmless | exact) - aspects.keys():
        raise KnowledgeError(
            f"config/knowledge.yaml: harmless, exact: {sorted(strange)} are not under `aspects`"
        )
    if uneven := [wrong for wrong, right in heard_as.items() if wrong in right]:
        raise KnowledgeError(f"config/knowledge.yaml: heard_as: {uneven} stand in their own correction")
    return KnowledgeFile(
        entries=entries, aspects=aspects, particular=compiled("particular", raw["particular"], gaps=True),
        fillers=compiled("fillers", raw["fillers"], gaps=True), asking=re.compile(raw["asking"]), heard_as=heard_as,
        harmless=harmless, exact=exact, leftover=int(raw["leftover"]),
    )  # fmt: skip


@cache
def load_knowledge() -> KnowledgeFile:
    """Read and check `config/knowledge.yaml`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = files("config").joinpath("knowledge.yaml").read_text("utf-8")
    return read_knowledge(yaml.load(content, Loader=loader))  # noqa: S506 (both are the safe loader)
