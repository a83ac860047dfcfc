"""`nuanxian audit verify` says whether the trail is intact, and exits with 1 when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from backend.store.open import Store
from bot.commands.audit import app
from bot.conversations import Conversations
from tests.integration.bot.test_conversations import order_lunch


def test_the_command_tells_what_it_found(
    store: Store, conversations: Conversations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "keys"))
    number = order_lunch(conversations).orders[0].number
    db = ["--db", f"sqlite:///{tmp_path}/line.sqlite"]
    whole = CliRunner().invoke(app, ["verify", *db])
    assert (whole.exit_code, "intact: 2 rows of 1 orders" in whole.output) == (0, True)
    assert CliRunner().invoke(app, ["verify", "--order", number, *db]).exit_code == 0
    assert CliRunner().invoke(app, ["verify", "--order", "1", *db]).exit_code == 1
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE orders SET state = 'done'"))
    broken = CliRunner().invoke(app, ["verify", *db])
    assert broken.exit_code == 1
    assert f"BROKEN at order {number}" in broken.output
