"""The telephone lines of one process: each is opened in a task of its own, again and again until it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from config.settings import SettingsError
from config.telephone import TelephoneSettings
from voice.line.audiosocket import AudioSocketLine, AudioSocketSettings
from voice.line.line import Line, LineError, OnCall
from voice.line.media_stream import MediaStreamLine, MediaStreamSettings
from voice.line.pauses import growing
from voice.line.sip import SipLine
from voice.line.sip_settings import Codec, SipSettings, Srtp, Trunk

log = structlog.get_logger()

# So many more at once are answered and told that all places are taken; who comes then hears the busy tone.
TURNED_AWAY = 4
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class LineState:
    """How a line stands: for operators. `problem`: what keeps calls from coming in, in plain words; None: nothing."""

    name: str
    problem: str | None
    registered: bool | None  # None: this line has no trunk to register at
    calls: int
    calls_in_all: int
    refused: int
    malformed: int = 0  # packets that could not be read


class Lines:
    """`start` once, then `close`."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._open: list[Line] = []
        self._why_not = {line.name: "opening" for line in lines}
        self._opening: list[asyncio.Task[None]] = []

    @property
    def open(self) -> Sequence[Line]:
        """Those that take calls now."""
        return self._open

    def start(self, on_call: OnCall) -> None:
        self._opening = [asyncio.create_task(self._keep_opening(line, on_call)) for line in self._lines]

    async def close(self) -> None:
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for line in self._open:
            await line.close()

    def states(self) -> list[LineState]:
        return [self._state(line) for line in self._lines]

    def _state(self, line: Line) -> LineState:
        health = line.health()
        return LineState(
            line.name,
            health.get("problem") if line in self._open else self._why_not[line.name],
            health.get("registered"),
            calls=health["calls"],
            calls_in_all=health["calls_in_all"],
            refused=health.get("refused", 0),
            malformed=health.get("malformed", 0),
        )

    async def _keep_opening(self, line: Line, on_call: OnCall) -> None:
        for tries, pause_s in enumerate(growing(FIRST_PAUSE_S, LONGEST_PAUSE_S), start=1):
            try:
                await line.open(on_call)
            except LineError as problem:
                self._why_not[line.name] = str(problem)
                log.error("line_not_open", line=line.name, problem=str(problem), tries=tries, again_s=pause_s)
                await asyncio.sleep(pause_s)
            else:
                self._open.append(line)
                return


def lines_of(settings: TelephoneSettings) -> list[Line]:
    """The lines that are wanted, none of them open. Raises SettingsError in plain words for settings that can not work."""
    most = settings.line_talking + settings.line_waiting + TURNED_AWAY
    try:
        lines: list[Line] = [SipLine(sip_settings(settings, most))]
    except ValueError as problem:
        raise SettingsError(f"NUANXIAN_SIP_…: {problem}") from None
    if settings.audiosocket_port:
        exchange = AudioSocketSettings(
            address=settings.audiosocket_address, port=settings.audiosocket_port,
            allowed=settings.audiosocket_allowed, max_calls=most,
        )  # fmt: skip
        lines.append(AudioSocketLine(exchange))
    if settings.media_stream_port:
        secret = settings.media_stream_secret.get_secret_value() if settings.media_stream_secret else None
        lines.append(
            MediaStreamLine(
                MediaStreamSettings(port=settings.media_stream_port, secret=secret, max_calls=most)
            )
        )
    return lines


def sip_settings(settings: TelephoneSettings, max_calls: int) -> SipSettings:
    """Raises ValueError in plain words."""
    return SipSettings(
        address=settings.sip_address,
        port=settings.sip_port,
        rtp_ports=settings.sip_rtp_ports,
        trunk=_trunk(settings),
        codecs=tuple(Codec(codec) for codec in settings.sip_codecs),
        certificate=settings.sip_certificate,
        trusted=settings.sip_trusted,
        verify=settings.sip_verify,
        srtp=Srtp(settings.sip_srtp),
        keys_by_info=settings.sip_keys_by_info,
        max_calls=max_calls,
        calls_per_second=settings.sip_calls_per_second,
        call_burst=settings.sip_call_burst,
        caller_per_minute=settings.sip_caller_per_minute,
        caller_burst=settings.sip_caller_burst,
        withheld_per_minute=settings.sip_withheld_per_minute,
        withheld_burst=settings.sip_withheld_burst,
    )


def _trunk(settings: TelephoneSettings) -> Trunk | None:
    if not settings.sip_registrar or not settings.sip_user:
        return None
    return Trunk(
        settings.sip_registrar,
        settings.sip_user,
        settings.sip_password.get_secret_value() if settings.sip_password else "",
        auth_user=settings.sip_auth_user,
        proxy=settings.sip_proxy,
        transport=settings.sip_transport,
        register=settings.sip_register,
        refresh_s=settings.sip_refresh_s,
    )
