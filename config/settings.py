"""Every setting of an installation, read from the environment (`NUANXIAN_…`) or `.env` once, at start-up."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

KEY_BYTES = 32
SHORTEST_SECRET = 32  # characters
# Values that stand in examples and tutorials: as good as none.
PUBLIC_SECRETS = frozenset({"changeme", "change-me", "secret", "demo", "nuanxian", "password"})


class SettingsError(ValueError):
    """A setting is missing or wrong; the message says which one and what to do."""


def project_folder() -> Path:
    """Where `var/` lives: NUANXIAN_HOME, else the checkout this code runs from, else the current folder."""
    if home := os.environ.get("NUANXIAN_HOME"):
        return Path(home)
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def _default_db() -> str:
    return f"sqlite:///{project_folder() / 'var' / 'nuanxian.sqlite'}"


class Settings(BaseSettings):
    """The settings of one installation. Use `load_settings()`, which also checks the secrets."""

    model_config = SettingsConfigDict(env_prefix="NUANXIAN_", env_file=".env", extra="ignore", frozen=True)

    db: str = Field(default_factory=_default_db, description="SQLAlchemy URL of the database")
    demo: bool = Field(
        default=True, description="demo mode: missing secrets are made at random, demo logins work"
    )
    secret: SecretStr | None = Field(
        default=None, description=f"signs the login cookies, {SHORTEST_SECRET} characters or more"
    )
    data_key: SecretStr | None = Field(
        default=None,
        description="encrypts personal data: 32 bytes in base64; several, the oldest first, separated by commas",
    )
    keys: Path = Field(
        default_factory=lambda: project_folder() / "var" / "keys", description="folder of the key files"
    )
    host: str = Field(default="127.0.0.1", description="address the web server listens on")
    port: int = Field(default=8000, ge=1, le=65535, description="port the web server listens on")
    log_level: str = Field(default="info", description="debug, info, warning or error")
    media: Path = Field(
        default_factory=lambda: project_folder() / "var" / "media",
        description="folder of the pictures that people send, sealed with the data key",
    )
    callers: Path = Field(
        default_factory=lambda: project_folder() / "var" / "callers",
        description="folder of what is known of how callers speak, sealed; one for all voice nodes",
    )
    public_url: str | None = Field(
        default=None,
        description="https://… where the platforms reach this server; Telegram is polled without it",
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="switches the plain HTTP channel on: the secret that its messages are signed with",
    )
    telegram_token: SecretStr | None = Field(
        default=None, description="switches Telegram on: the token that @BotFather gives"
    )
    telegram_secret: SecretStr | None = Field(
        default=None,
        description="what Telegram shows when it sends updates: A-Z a-z 0-9 _ - (needed with public_url)",
    )
    telegram_api: str = Field(
        default="https://api.telegram.org", description="address of the Telegram Bot API"
    )
    wechat_app_id: str | None = Field(
        default=None, description="switches WeChat on: AppID of the official account"
    )
    wechat_app_secret: SecretStr | None = Field(default=None, description="AppSecret of the official account")
    wechat_token: SecretStr | None = Field(
        default=None, description="token that signs the messages of WeChat"
    )
    wechat_aes_key: SecretStr | None = Field(
        default=None, description="EncodingAESKey (43 characters); with it only encrypted messages are taken"
    )
    wechat_template: str | None = Field(
        default=None,
        description="id of a template message with one value, content, for answers after 48 hours",
    )
    wechat_api: str = Field(
        default="https://api.weixin.qq.com", description="address of the WeChat interfaces"
    )

    rasa_url: str | None = Field(
        default=None,
        description="http(s)://host:5005 of a Rasa server that understands the sentences; ours answers when it does not",
    )
    rasa_token: SecretStr | None = Field(
        default=None, description="the token that the Rasa server was started with (--auth-token)"
    )

    def data_key_bytes(self) -> bytes:
        """The keys of personal data, 32 bytes each, the oldest first: the setting, else the lines of the file `data.key`.

        Made at random in demo mode when neither is there.
        """
        if self.data_key is not None:
            return _decode_key(self.data_key.get_secret_value(), "NUANXIAN_DATA_KEY")
        path = self.keys / "data.key"
        text = self._file_secret(path)
        if text is None:
            raise SettingsError(
                f"NUANXIAN_DATA_KEY is not set and {path} does not exist. Personal data can not be stored without it. "
                f"Make it once and keep a copy in a safe place: openssl rand -base64 32 > {path} && chmod 600 {path}"
            )
        return _decode_key(text, str(path))

    def cookie_secret(self) -> str:
        """What signs login cookies: the setting, else the file `cookie.secret`. Made at random in demo mode when neither is there."""
        if self.secret is not None:
            return self.secret.get_secret_value()
        text = self._file_secret(self.keys / "cookie.secret")
        if text is None:
            raise SettingsError(
                "NUANXIAN_SECRET is not set. Outside demo mode it must be: openssl rand -base64 32 makes a good one."
            )
        return text

    def check_secrets(self) -> None:
        """Raise SettingsError when a secret is missing, too short or publicly known."""
        secret = self.cookie_secret()
        if not self.demo and (len(secret) < SHORTEST_SECRET or secret.lower() in PUBLIC_SECRETS):
            raise SettingsError(
                f"NUANXIAN_SECRET is too short or publicly known: outside demo mode it needs {SHORTEST_SECRET} "
                "characters nobody else knows. openssl rand -base64 32 makes a good one."
            )
        key = self.data_key_bytes()
        if not self.demo and len(set(key)) < KEY_BYTES // 4:
            raise SettingsError("NUANXIAN_DATA_KEY is no random key: make one with openssl rand -base64 32.")

    def _file_secret(self, path: Path) -> str | None:
        if not path.is_file():
            if not self.demo:
                return None
            _create_secret_file(path)
        return path.read_text("ascii").strip()


def _decode_key(text: str, where: str) -> bytes:
    """One or several keys, separated by commas or lines."""
    try:
        keys = [base64.b64decode(part, validate=True) for part in text.replace(",", " ").split()]
    except (binascii.Error, ValueError):
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise SettingsError(
            f"{where} must be {KEY_BYTES} bytes in base64 (openssl rand -base64 32 makes one)"
        )
    return b"".join(keys)


def _create_secret_file(path: Path) -> None:
    """Write a random secret that only its owner may read. When two processes start at once, both use the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it readable by the owner only
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii") + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)


def load_settings(db: str | None = None, **given: Any) -> Settings:
    """The settings of this start; what is given here wins over the environment. Raises SettingsError in plain words."""
    if db is not None:
        given["db"] = db
    try:
        settings = Settings(**given)
    except ValidationError as error:
        lines = [
            f"NUANXIAN_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()
        ]
        raise SettingsError("; ".join(lines)) from None
    settings.check_secrets()
    return settings
