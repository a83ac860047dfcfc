"""The answers to questions about rules, as an operator wrote them in `knowledge.yaml`, each with who says so."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from config.catalogue import load_catalogue
from config.wording import sentences

MOST_CHARACTERS = 22  # Chinese characters of one spoken sentence
MOST_SENTENCES = 2
_COUNTED = re.compile(r"[\u3400-\u9fff\d]")  # a digit is spoken as one character
_LOOKAHEAD = re.compile(r"\(\?[=!](?:[^()]|\([^()]*\))*\)")
_DOT = re.compile(r"(?<!\\)\.")
_REQUIRED = frozenset({"id", "item", "aspects", "words", "answer", "source"})
_OPTIONAL = frozenset({"with", "ignore", "without", "alone"})


class KnowledgeError(ValueError):
    """`config/knowledge.yaml` is wrong at `where`; the message says what to change."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"config/knowledge.yaml: {where}: {problem}")


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
            raise KnowledgeError(where, f"{part!r} is no regular expression: {problem}") from None
        if matches_nothing:
            raise KnowledgeError(where, f"{part!r} matches an empty text; make a part of it required")
        if not gaps and _DOT.search(_LOOKAHEAD.sub("", part)):
            raise KnowledgeError(where, f"{part!r} has a gap; put it into a lookahead (?=…)")
    return re.compile("|".join(f"(?:{part})" for part in parts))


def _answer(where: str, answer: str | Mapping[str, str]) -> tuple[str, str]:
    """The spoken and the written text; both checked for length."""
    spoken, text = (answer, answer) if isinstance(answer, str) else (answer["spoken"], answer["text"])
    for variant in (spoken, text):
        if not 1 <= len(sentences(variant)) <= MOST_SENTENCES:
            raise KnowledgeError(where, f"{variant!r} must be one to {MOST_SENTENCES} sentences")
    for sentence in sentences(spoken):
        if (length := len(_COUNTED.findall(sentence))) > MOST_CHARACTERS:
            raise KnowledgeError(where, f"{sentence!r} has {length} characters; at most {MOST_CHARACTERS}")
    return spoken, text


def _check(where: str, row: Mapping[str, Any], known: Mapping[str, Collection[str]]) -> None:
    """Raise KnowledgeError where a field is missing or strange, or names something that does not exist."""
    if missing := _REQUIRED - row.keys():
        raise KnowledgeError(where, f"has no {sorted(missing)}; add it")
    if unknown := row.keys() - _REQUIRED - _OPTIONAL:
        raise KnowledgeError(where, f"has {sorted(unknown)}, which nothing reads")
    if strange := set(row["aspects"]) - set(known["aspects"]):
        raise KnowledgeError(where, f"{sorted(strange)} are not under `aspects`")
    if row["source"] not in known["sources"]:
        raise KnowledgeError(where, f"source {row['source']!r} is not under `sources`")
    if row["item"] is not None and row["item"] not in known["items"]:
        raise KnowledgeError(where, f"item {row['item']!r} is not in catalogue.yaml")


def _entry(row: Mapping[str, Any], sources: Mapping[str, Source]) -> Entry:
    name = str(row["id"])
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


def read_knowledge(raw: Mapping[str, Any], items: Collection[str]) -> KnowledgeFile:
    """Check and compile the file's content; `items` are the codes of the catalogue. Raises KnowledgeError."""
    sources = {file: Source(file, row["short"], row["title"]) for file, row in raw["sources"].items()}
    aspects = {name: compiled(f"aspects.{name}", pattern) for name, pattern in raw["aspects"].items()}
    known: dict[str, Collection[str]] = {"aspects": aspects, "sources": sources, "items": items}
    for row in raw["entries"]:
        _check(f"entry {row.get('id')}", row, known)
    entries = tuple(_entry(row, sources) for row in raw["entries"])
    if len({entry.id for entry in entries}) != len(entries):
        raise KnowledgeError("entries", "two have the same id")
    harmless, exact = frozenset(raw["harmless"]), frozenset(raw["exact"])
    if strange := (harmless | exact) - aspects.keys():
        raise KnowledgeError("harmless, exact", f"{sorted(strange)} are not under `aspects`")
    return KnowledgeFile(
        entries=entries, aspects=aspects, particular=compiled("particular", raw["particular"], gaps=True),
        fillers=compiled("fillers", raw["fillers"], gaps=True), asking=compiled("asking", raw["asking"], gaps=True),
        heard_as=raw["heard_as"], harmless=harmless, exact=exact, leftover=int(raw["leftover"]),
    )  # fmt: skip


@cache
def load_knowledge() -> KnowledgeFile:
    """Read and check `config/knowledge.yaml`."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = files("config").joinpath("knowledge.yaml").read_text("utf-8")
    raw = yaml.load(content, Loader=loader)  # noqa: S506 (both are the safe loader)
    return read_knowledge(raw, load_catalogue())
