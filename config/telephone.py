"""The settings of the telephone (`NUANXIAN_…`, like `settings.py`); docs/phone-line.md explains them."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.settings import SettingsError


class TelephoneSettings(BaseSettings):
    """Read once, at start-up, by `load_telephone`."""

    model_config = SettingsConfigDict(env_prefix="NUANXIAN_", env_file=".env", extra="ignore", frozen=True)

    telephone: bool = Field(default=True, description="take calls at all")
    sip_address: str = Field(
        default="127.0.0.1", description="address of the interface that calls come in on"
    )
    sip_port: int = Field(
        default=5060, ge=1, le=65534, description="port of SIP; TLS listens on the next one"
    )
    sip_rtp_ports: tuple[int, int] = Field(
        default=(16384, 17384), description="ports of the sound, four a call"
    )
    sip_registrar: str | None = Field(default=None, description="the trunk: host or host:port")
    sip_user: str | None = Field(default=None, description="our user at the trunk")
    sip_password: SecretStr | None = Field(default=None, description="its password")
    sip_auth_user: str | None = Field(default=None, description="the name for the digest, where it differs")
    sip_proxy: str | None = Field(default=None, description="outbound proxy")
    sip_transport: Literal["udp", "tcp", "tls"] = Field(default="udp", description="towards the trunk")
    sip_register: bool = Field(default=True, description="false: the trunk knows us by our address")
    sip_refresh_s: int = Field(
        default=120,
        ge=30,
        le=3600,
        description="seconds between two registrations; a dead trunk is noticed then",
    )
    sip_verify: bool = Field(
        default=True, description="over TLS, the trunk must prove by its certificate that it has its name"
    )
    sip_trusted: Path | None = Field(
        default=None, description="PEM of who may vouch for it, where that is nobody this machine trusts"
    )
    sip_codecs: tuple[Literal["pcma", "pcmu", "g722"], ...] = Field(
        default=("pcma", "pcmu", "g722"), min_length=1, description="of the sound, the best first"
    )
    sip_keys_by_info: bool = Field(default=False, description="send keys by SIP INFO instead of RFC 4733")
    sip_calls_per_second: float = Field(default=10, gt=0, description="that are answered, of all callers")
    sip_call_burst: int = Field(default=30, ge=1, description="so many of them at once")
    sip_caller_per_minute: float = Field(default=12, gt=0, description="calls of one number")
    sip_caller_burst: int = Field(default=6, ge=1, description="so many of them at once")
    sip_withheld_per_minute: float = Field(
        default=120, gt=0, description="calls without a number, from one address"
    )
    sip_withheld_burst: int = Field(default=20, ge=1, description="so many of them at once")
    sip_certificate: Path | None = Field(default=None, description="PEM with certificate and key: TLS")
    sip_srtp: Literal["off", "offered", "required"] = Field(default="off", description="encrypted sound")
    sip_dial: str | None = Field(
        default=None, description="what is dialled for a number, without a trunk: sip:{number}@gateway"
    )
    audiosocket_port: int | None = Field(default=None, description="switches Asterisk's AudioSocket on")
    audiosocket_address: str = Field(default="127.0.0.1", description="address of its interface")
    audiosocket_allowed: tuple[str, ...] = Field(
        default=("127.0.0.0/8", "::1/128"), min_length=1, description="networks of the exchange"
    )
    media_stream_port: int | None = Field(default=None, description="switches the media-stream WebSocket on")
    media_stream_secret: SecretStr | None = Field(default=None, description="the last part of its path")
    line_talking: int = Field(default=10, ge=1, description="calls that talk at once")
    line_waiting: int = Field(default=10, ge=0, description="calls that may wait for a place")
    line_longest_wait_s: float = Field(
        default=120, gt=0, description="then a person takes over, where there is one"
    )
    line_person: str | None = Field(default=None, description="the number of the people who take over calls")
    record_calls: bool = Field(default=True, description="keep the sound of calls, sealed; callers are told")
    voice: Literal["kokoro", "sherpa", "pyttsx"] = Field(default="kokoro", description="which voice speaks")
    voice_speaker: str = Field(default="zf_xiaobei", description="its speaker")
    voice_folder: Path | None = Field(default=None, description="the model of a voice for sherpa")
    voice_warm: bool = Field(
        default=True, description="render the fixed wording in the background, standing back behind all else"
    )


def load_telephone() -> TelephoneSettings:
    """Raises SettingsError in plain words."""
    try:
        settings = TelephoneSettings()
    except ValidationError as error:
        lines = [
            f"NUANXIAN_{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()
        ]
        raise SettingsError("; ".join(lines)) from None
    if settings.sip_registrar and not settings.sip_user:
        raise SettingsError("NUANXIAN_SIP_REGISTRAR needs NUANXIAN_SIP_USER and NUANXIAN_SIP_PASSWORD")
    if settings.sip_dial and "{number}" not in settings.sip_dial:
        raise SettingsError("NUANXIAN_SIP_DIAL: must hold {number}, as in sip:{number}@gateway")
    for network in settings.audiosocket_allowed:
        _check(network, ip_network, "NUANXIAN_AUDIOSOCKET_ALLOWED")
    for address, name in ((settings.sip_address, "SIP"), (settings.audiosocket_address, "AUDIOSOCKET")):
        _check(address, ip_address, f"NUANXIAN_{name}_ADDRESS")
    if settings.media_stream_port and settings.media_stream_secret is None:
        raise SettingsError("NUANXIAN_MEDIA_STREAM_PORT needs NUANXIAN_MEDIA_STREAM_SECRET")
    return settings


def _check(value: str, read: Callable[[str], object], name: str) -> None:
    try:
        read(value)
    except ValueError as problem:
        raise SettingsError(f"{name}: {problem}") from None
