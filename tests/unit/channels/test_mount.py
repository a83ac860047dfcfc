"""Channels are switched on by their settings, and half a setting is told before the server starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from backend.store.open import open_store
from bot.channels.mount import channels_on, mount_channels
from bot.composition import House
from config.settings import Settings, SettingsError, load_settings

WECHAT = {"wechat_app_id": "wx1", "wechat_app_secret": "s", "wechat_token": "t"}


def settings(folder: Path, **given: Any) -> Settings:
    return load_settings(db="sqlite://", keys=folder, media=folder, **given)


def mount(settings: Settings) -> None:
    store = open_store(settings)
    try:
        mount_channels(FastAPI(), House(settings, store, None))  # type: ignore[arg-type]
    finally:
        store.close()


def test_a_plain_installation_has_no_other_channels(tmp_path: Path) -> None:
    assert channels_on(settings(tmp_path)) == ()


def test_each_channel_has_its_switch(tmp_path: Path) -> None:
    given = {"webhook_secret": "x" * 32, "telegram_token": "1:a", **WECHAT}
    assert channels_on(settings(tmp_path, **given)) == ("webhook", "telegram", "wechat")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"webhook_secret": "short"}, "NUANXIAN_WEBHOOK_SECRET"),
        ({"telegram_token": "1:a", "public_url": "https://x.example"}, "NUANXIAN_TELEGRAM_SECRET"),
        (
            {
                "telegram_token": "1:a",
                "public_url": "https://x.example",
                "telegram_secret": "has a blank in it",
            },
            "NUANXIAN_TELEGRAM_SECRET",
        ),
        ({"wechat_app_id": "wx1"}, "NUANXIAN_WECHAT_APP_SECRET"),
        (WECHAT | {"wechat_aes_key": "short"}, "NUANXIAN_WECHAT_AES_KEY"),
    ],
)
def test_half_a_setting_is_told_by_name(given: dict[str, Any], what: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=what):
        mount(settings(tmp_path, **given))


def test_every_setting_of_a_channel_stands_in_the_docs() -> None:
    docs = (Path(__file__).parents[3] / "docs/channels.md").read_text("utf-8")
    of_channels = [
        name
        for name in Settings.model_fields
        if name.startswith(("webhook_", "telegram_", "wechat_")) or name in {"media", "public_url"}
    ]
    assert len(of_channels) > 10
    assert [name for name in of_channels if f"`NUANXIAN_{name.upper()}`" not in docs] == []


def test_what_is_not_switched_on_is_not_loaded() -> None:
    code = (
        "import sys, bot.server; "
        "print([name for name in ('telegram', 'wechatpy', 'requests', 'defusedxml') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
