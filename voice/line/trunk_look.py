"""Is the trunk there at all? For whoever looks for what is wrong; the line itself registers and sees."""

from __future__ import annotations

import socket
from secrets import token_hex

from voice.line.certificate import LOOK_S, TLS_PORT, certificate_problem, host_and_port
from voice.line.sip_settings import SipSettings, Trunk

SIP_PORT = 5060
TRIES, TRY_S = 3, 1.0  # a datagram may be lost


def trunk_problem(settings: SipSettings) -> str | None:
    """What is wrong with the way to the trunk, in plain words; None: it answers, or there is none. Blocks for seconds."""
    trunk = settings.trunk
    if trunk is None:
        return None
    host, port = host_and_port(trunk.next_hop, TLS_PORT if trunk.transport == "tls" else SIP_PORT)
    try:
        if trunk.transport == "udp":
            return None if _answers(host, port, trunk) else f"{host}:{port} says nothing over UDP"
        socket.create_connection((host, port), timeout=LOOK_S).close()
    except socket.gaierror:
        return f"the name {host} is not known here"
    except OSError as error:
        return f"{host}:{port} can not be reached: {error.strerror or error}"
    return certificate_problem(host, port, settings.authorities) if settings.checks_trunk else None


def _answers(host: str, port: int, trunk: Trunk) -> bool:
    """Whether anything comes back for an OPTIONS, be it an error."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind) as asking:
        asking.settimeout(TRY_S)
        asking.connect(address)
        own_host, own_port = asking.getsockname()[:2]
        here = f"[{own_host}]:{own_port}" if ":" in own_host else f"{own_host}:{own_port}"
        for _ in range(TRIES):
            asking.send(_options(trunk, here).encode())
            try:
                return bool(asking.recv(4096))
            except TimeoutError:
                continue
    return False


def _options(trunk: Trunk, here: str) -> str:
    to = f"sip:{trunk.registrar}"
    lines = (
        f"OPTIONS {to} SIP/2.0", f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{token_hex(8)};rport",
        f"From: <sip:{trunk.user}@{trunk.registrar}>;tag={token_hex(4)}", f"To: <{to}>",
        f"Call-ID: {token_hex(8)}", "CSeq: 1 OPTIONS", "Max-Forwards: 70", "Content-Length: 0", "", "",
    )  # fmt: skip
    return "\r\n".join(lines)
