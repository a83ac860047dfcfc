"""What the SIP line needs to know, and how the stack wants to be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from baresip import Account, Config

from voice.line.certificate import TLS_PORT, host_and_port, is_address, system_authorities

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 (a telephone line listens to the outside)


Transport = Literal["udp", "tcp", "tls"]


class Srtp(StrEnum):
    """Encrypted sound, keys in the SDP (RFC 4568): only sensible where the signalling goes over TLS."""

    OFF = "off"
    OFFERED = "offered"  # used when the other side can
    REQUIRED = "required"


class Codec(StrEnum):
    PCMA = "pcma"
    PCMU = "pcmu"
    G722 = "g722"


# The stack's own names. A bare name means 8 kHz; G.722 samples at 16 kHz.
_CODEC = {Codec.PCMA: "pcma", Codec.PCMU: "pcmu", Codec.G722: "g722/16000/1"}
_MEDIA_ENCRYPTION = {Srtp.OFF: (), Srtp.OFFERED: ("mediaenc=srtp",), Srtp.REQUIRED: ("mediaenc=srtp-mand",)}
# RTP and RTCP, and as many again that the stack sets aside for a picture.
PORTS_A_CALL = 4
# Milliseconds that the adaptive jitter buffer may hold sound back, least and most.
_JITTER_MS = "40-200"
# Our name where no trunk gives us one.
NOBODY = "nuanxian"
# In the To header the called number stands; the stack itself reports only the caller. The first Via names the sender.
TO, VIA = "To", "Via"


@dataclass(frozen=True, slots=True)
class Trunk:
    """The account at the telephone provider or the PBX."""

    registrar: str  # host or host:port
    user: str
    password: str
    auth_user: str | None = None  # where the digest name is not the user
    proxy: str | None = None  # outbound proxy: host, host:port or a SIP address
    transport: Transport = "udp"
    register: bool = True  # False: the provider knows us by address
    # A trunk that dies is noticed when the registration is refreshed. One that wants longer times says so (423), and gets them.
    refresh_s: int = 120

    @property
    def next_hop(self) -> str:
        """Whom we really talk to: the outbound proxy, else the registrar."""
        return self.proxy or self.registrar

    def __repr__(self) -> str:
        return f"Trunk({self.user}@{self.registrar}, {self.transport})"


@dataclass(frozen=True, slots=True)
class SipSettings:
    """One SIP endpoint. Several processes on one machine need different ports and port ranges.

    The stack reports no source addresses, so who may send to these ports is a matter of the firewall or of a
    proxy in front (docs/phone-line.md).
    """

    address: str = ANY_ADDRESS  # of the interface; a loopback address works for that machine only
    port: int = 5060  # UDP and TCP; TLS listens on the next one
    rtp_ports: tuple[int, int] = (16384, 17384)  # see PORTS_A_CALL
    trunk: Trunk | None = None
    codecs: tuple[Codec, ...] = (Codec.PCMA, Codec.PCMU, Codec.G722)  # best first
    certificate: Path | None = None  # PEM with certificate and key: switches TLS on
    trusted: Path | None = None  # PEM of who may vouch for the trunk; None: whom this machine trusts
    verify: bool = True  # certificate and name of a trunk over TLS
    srtp: Srtp = Srtp.OFF
    keys_by_info: bool = False  # we send keys by SIP INFO instead of RFC 4733; both are understood
    max_calls: int = 100  # beyond it the stack answers 486, before anything is allocated
    calls_per_second: float = 10  # all callers together
    call_burst: int = 30
    caller_per_minute: float = 12  # one number
    caller_burst: int = 6
    withheld_per_minute: float = 120  # all whose number is withheld, from one address
    withheld_burst: int = 20
    silent_s: int = 60  # no RTP at all for so long: the other side is gone

    def __post_init__(self) -> None:
        ip_address(self.address)  # ValueError: a name would be resolved differently by each part of the stack
        low, high = self.rtp_ports
        if high - low < PORTS_A_CALL * self.max_calls:
            raise ValueError(
                f"rtp_ports {low}-{high} are too few for {self.max_calls} calls: {PORTS_A_CALL} a call"
            )
        if not self.codecs:
            raise ValueError("codecs must name at least one codec")
        if self.trunk is not None and self.checks_trunk:
            self._can_check(self.trunk)

    def _can_check(self, trunk: Trunk) -> None:
        host, _ = host_and_port(trunk.next_hop, TLS_PORT)
        if is_address(host):
            raise ValueError(
                f"over TLS the trunk needs its name instead of the address {host}: only a name can be checked"
            )
        found = self.authorities
        if found is None or not found.is_file():
            raise ValueError(
                f"trusted: the authorities' certificates are not there ({found or 'none known'})"
            )

    @property
    def checks_trunk(self) -> bool:
        """The trunk has to prove by its certificate who it is."""
        return self.verify and self.trunk is not None and self.trunk.transport == "tls"

    @property
    def authorities(self) -> Path | None:
        return self.trusted or system_authorities()

    @property
    def tls_port(self) -> int:
        return self.port + 1


def stack_config(settings: SipSettings) -> Config:
    """The stack as a whole. It has a thread of its own; with the jitter buffer, sound keeps flowing while Python is busy.

    `rtp_rxmode thread` (yet another one for each call) must not be set: when the first call of a process has ended, no key is
    heard in any other.
    """
    low, high = settings.rtp_ports
    lines = [
        f"sip_listen {settings.address}:{settings.port}",
        f"rtp_ports {low}-{high}",
        "rtp_rxmode main",
        "audio_jitter_buffer_type adaptive",
        f"audio_jitter_buffer_ms {_JITTER_MS}",
    ]
    if settings.certificate:
        lines.append(f"sip_certificate {settings.certificate}")
    if settings.checks_trunk:
        lines += [f"sip_cafile {settings.authorities}", "sip_verify_server yes"]
    else:
        lines.append("sip_verify_server no")
    return Config(
        net_interface=None if settings.address == ANY_ADDRESS else settings.address,
        max_concurrent_calls=settings.max_calls,
        rtp_timeout=settings.silent_s,
        expose_headers=(TO, VIA),
        extra_config_text="\n".join(lines) + "\n",
    )


def stack_accounts(settings: SipSettings) -> list[Account]:
    """Who we are, one account a transport: the stack gives a call to an account of the same transport only.

    The first is the trunk's, or nobody in particular; calls go out by it. Every call that comes in is ours.
    """
    trunk = settings.trunk
    nobody = Account(user=NOBODY, domain=settings.address, password="", reg_interval=0)
    first = nobody
    if trunk:
        first = Account(
            user=trunk.user,
            domain=trunk.registrar,
            password=trunk.password,
            auth_user=trunk.auth_user,
            registrar=trunk.proxy,
            reg_interval=trunk.refresh_s if trunk.register else 0,
            transport=trunk.transport,
        )
    others: list[Transport] = ["udp", "tcp"]
    if settings.certificate:
        others.append("tls")
    # The stack gives no call to an account that has still to register: nobody takes it until then.
    known_at_once = None if trunk and trunk.register else first.transport
    accounts = [first, *(replace(nobody, transport=other) for other in others if other != known_at_once)]
    return [
        replace(
            account,
            audio_codecs=tuple(_CODEC[codec] for codec in settings.codecs),
            dtmf_mode="info" if settings.keys_by_info else "rtpevent",
            extra_params=("catchall=yes", *_MEDIA_ENCRYPTION[settings.srtp]),
        )
        for account in accounts
    ]
