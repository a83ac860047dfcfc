"""The documents say what stands: links lead somewhere, every setting, command, document and decision is listed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from bot.cli import app
from bot.commands import SUB_COMMANDS
from config.messaging import Messaging
from config.settings import Settings, project_folder
from config.telephone import TelephoneSettings
from voice.hearing.settings import HearingSettings

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("backend", "bot", "config", "deploy", "docs", "nlu", "tests", "voice")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))]
)
READMES = ("README.md", "README.zh-CN.md")
SETTINGS = (Settings, TelephoneSettings, HearingSettings, Messaging)

FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
ROW = re.compile(r"^\| `(NUANXIAN_\w+)` \| (?:`([^`]*)`)?[^|]*\|", re.MULTILINE)
COMMAND_ROW = re.compile(r"^\| (`[a-z][^|]*?) \|", re.MULTILINE)
CODE_FILE = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]+\.(?:py|yaml|html|md|conf))`")


@cache
def text_of(path: Path) -> str:
    """A document without its code blocks."""
    return FENCED.sub("", path.read_text("utf-8"))


def anchors_of(path: Path) -> set[str]:
    """The headings as GitHub makes them addresses."""
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text_of(path))
    }


def links_of(document: Path) -> list[tuple[str, str]]:
    """Target and anchor of every link within the repository; either may be empty."""
    return LINK.findall(INLINE.sub("", text_of(document)))


def wrong_links(document: Path) -> Iterator[str]:
    for target, anchor in links_of(document):
        path = (document.parent / target).resolve() if target else document
        if not path.exists():
            yield target
        elif anchor and anchor not in anchors_of(path):
            yield f"{target}#{anchor}"


def linked_from(document: Path) -> set[Path]:
    return {(document.parent / target).resolve() for target, _ in links_of(document) if target}


def settings_with_defaults() -> dict[str, str]:
    """Name of the environment variable -> its default as the documents write it."""
    return {
        str(field.validation_alias or f"{kind.model_config.get('env_prefix', '')}{name}".upper()): shown(
            field.get_default(call_default_factory=True)
        )
        for kind in SETTINGS
        for name, field in kind.model_fields.items()
    }


def shown(default: Any) -> str:
    if default is None:
        return ""
    if isinstance(default, (str, Path)):
        return str(default).replace(f"{project_folder()}/", "")
    return json.dumps(default)


def commands() -> set[str]:
    """«run», «orders list»: everything that can be typed after `nuanxian`, without what stands deeper."""
    found = set(get_command(app).commands)  # type: ignore[attr-defined]
    for name, (module, _) in SUB_COMMANDS.items():
        child: typer.Typer = import_module(module).app
        found |= {f"{name} {word}" for word in get_command(child).commands}  # type: ignore[attr-defined]
    return found


def commands_listed_in(readme: str) -> set[str]:
    """The first words of the table rows: `orders list` · `show` stands for «orders list» and «orders show»."""
    found = set()
    for row in COMMAND_ROW.findall(text_of(ROOT / readme)):
        group = ""
        for name in re.findall(r"`([^`]+)`", row):
            first, _, second = name.partition(" ")
            group = first if second else group
            found.add(name if second or not group else f"{group} {first}")
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    assert list(wrong_links(document)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_exists(document: Path) -> None:
    assert [name for name in CODE_FILE.findall(text_of(document)) if not (ROOT / name).exists()] == []


def test_every_setting_is_listed_with_its_default() -> None:
    listed = dict(ROW.findall(text_of(ROOT / "docs/settings.md")))
    del listed["NUANXIAN_HOME"]  # read before all others: it says where `.env` and `var/` may be
    assert listed == settings_with_defaults()


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {*settings_with_defaults(), "NUANXIAN_HOME"}
    # «NUANXIAN_HEARING_…» is no name: it goes on behind its last letter.
    named = {
        name
        for path in DOCUMENTS
        for name in re.findall(r"\bNUANXIAN_[A-Z_]*[A-Z]\b", path.read_text("utf-8"))
    }
    assert named <= known


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_listed(readme: str) -> None:
    listed, there = commands_listed_in(readme), commands()
    assert there - listed == set()
    assert {name for name in listed if name.split()[0] in {word.split()[0] for word in there}} <= there


@pytest.mark.parametrize("readme", READMES)
def test_every_document_is_linked_from_the_readme(readme: str) -> None:
    assert set((ROOT / "docs").glob("*.md")) - linked_from(ROOT / readme) == set()


def test_every_decision_has_its_number_and_stands_in_the_list() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    assert set(decisions) <= linked_from(ROOT / "docs/architecture.md")
