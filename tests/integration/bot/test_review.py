"""The learning loop as a whole: said on the line, kept with the turn, labelled in the terminal, exported to a data file."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.domain.review import Reason
from backend.store.open import Store
from bot.commands.nlu import app
from bot.conversations import Conversations
from nlu.data_files import read_file
from tests.integration.bot.test_conversations import turn

NONSENSE = "我叫王桂兰，院里那棵树叶子黄了"


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "keys"))
    return ["--db", f"sqlite:///{tmp_path}/line.sqlite"]


def noted(store: Store) -> list[tuple[str, Reason, int]]:
    with store.reading() as uow:
        return [(one.text, one.reason, one.times) for one in uow.review.waiting(10)]


def test_what_was_not_understood_is_kept_once_with_its_turn(
    conversations: Conversations, store: Store
) -> None:
    for session in ("a", "b"):
        conversations.handle(turn(NONSENSE, session=session, sender=f"139{session}", message_id="1"))
        conversations.handle(turn(NONSENSE, session=session, sender=f"139{session}", message_id="1"))
    conversations.handle(turn("明天中午给我送个饭", session="c", sender="139c"))
    assert noted(store) == [("我叫某某，院里那棵树叶子黄了", Reason.NOT_UNDERSTOOD, 2)]


def test_what_the_caller_corrected_is_kept(conversations: Conversations, store: Store) -> None:
    conversations.handle(turn("我想订个午饭，明天中午，送到金凤区长城花园三号楼二单元501"))
    conversations.handle(turn("马建国"))
    conversations.handle(turn("不对，我要的是上门打扫卫生"))
    assert noted(store) == [("我想订个午饭，明天中午，送到某地", Reason.CORRECTED, 1)]


def test_it_is_labelled_in_the_terminal_and_goes_into_a_data_file(
    conversations: Conversations, store: Store, db: list[str], tmp_path: Path
) -> None:
    for number, said in enumerate(("院里那棵树叶子黄了", "咕噜咕噜哒哒", "嗯那棵枣树咋整")):
        conversations.handle(turn(said, session=str(number), sender=f"139{number}"))
    assert len(noted(store)) == 3
    told = CliRunner().invoke(app, ["review", *db], input="pizza\nout_of_scope\n-\n\n")
    assert told.exit_code == 0, told.output
    assert "3 sentences wait" in told.output and "unknown: pizza" in told.output
    assert len(noted(store)) == 1
    target = tmp_path / "reviewed.yml"
    for count, command in (
        (1, ["review", "export", str(target), *db]),
        (0, ["review", *db, "export", str(target)]),
    ):
        exported = CliRunner().invoke(app, command)
        assert f"{count} sentences added" in exported.output
    assert [(one.labels, one.style) for one in read_file(target)] == [(("out_of_scope",), "reviewed")]


def test_q_ends_and_leaves_the_rest(conversations: Conversations, store: Store, db: list[str]) -> None:
    conversations.handle(turn(NONSENSE))
    assert CliRunner().invoke(app, ["review", *db], input="q\n").exit_code == 0
    assert len(noted(store)) == 1
