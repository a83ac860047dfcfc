"""Settings: what is made by itself in demo mode, and what is refused outside it."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from config.settings import SettingsError, load_settings

GOOD_KEY = base64.b64encode(bytes(range(32))).decode()
GOOD_SECRET = "k" * 20 + "abcdefghijklmnop"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUANXIAN_HOME", str(tmp_path))
    for name in ("DB", "DEMO", "SECRET", "DATA_KEY", "PORT"):
        monkeypatch.delenv(f"NUANXIAN_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_in_demo_mode_keys_are_made_once_for_their_owner_only(home: Path) -> None:
    first, second = load_settings(), load_settings()
    assert first.data_key_bytes() == second.data_key_bytes()
    assert first.cookie_secret() == second.cookie_secret()
    assert first.db == f"sqlite:///{home}/var/nuanxian.sqlite"
    files = sorted((home / "var" / "keys").iterdir())
    assert [file.name for file in files] == ["cookie.secret", "data.key"]
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "NUANXIAN_SECRET is not set"),
        ({"secret": "changeme", "data_key": GOOD_KEY}, "too short or publicly known"),
        ({"secret": GOOD_SECRET}, "NUANXIAN_DATA_KEY is not set"),
        ({"secret": GOOD_SECRET, "data_key": base64.b64encode(bytes(32)).decode()}, "no random key"),
        ({"secret": GOOD_SECRET, "data_key": "short"}, "32 bytes in base64"),
    ],
)
def test_outside_demo_mode_missing_and_public_secrets_are_refused(
    home: Path, given: dict[str, str], reason: str
) -> None:
    with pytest.raises(SettingsError, match=reason):
        load_settings(demo=False, **given)
    assert not (home / "var").exists()


def test_outside_demo_mode_real_secrets_are_accepted_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NUANXIAN_DEMO", "false")
    monkeypatch.setenv("NUANXIAN_SECRET", GOOD_SECRET)
    monkeypatch.setenv("NUANXIAN_DATA_KEY", GOOD_KEY)
    monkeypatch.setenv("NUANXIAN_DB", "postgresql://x/y")
    settings = load_settings()
    assert settings.data_key_bytes() == bytes(range(32))
    assert settings.db == "postgresql://x/y"
    assert load_settings(db="sqlite:///z").db == "sqlite:///z"


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = load_settings(secret=GOOD_SECRET, data_key=GOOD_KEY)
    assert GOOD_SECRET not in repr(settings)
    assert GOOD_KEY not in repr(settings)


def test_a_setting_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANXIAN_PORT", "front door")
    with pytest.raises(SettingsError, match="NUANXIAN_PORT"):
        load_settings()
