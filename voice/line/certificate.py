"""Whether a trunk proves by its certificate that it is who we think: the same look that the stack takes, in plain words."""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_address
from pathlib import Path

LOOK_S = 5
TLS_PORT = 5061


def system_authorities() -> Path | None:
    """Where this machine keeps the certificates of the authorities that it trusts."""
    found = ssl.get_default_verify_paths().cafile
    return Path(found) if found else None


def host_and_port(address: str, default_port: int) -> tuple[str, int]:
    """`host`, `host:port`, `sip:host:port;transport=tls`, also with an IPv6 address in brackets."""
    bare = address.removeprefix("sips:").removeprefix("sip:").partition(";")[0]
    host, colon, port = bare.rpartition(":")
    if not colon or bare.endswith("]"):
        host, port = bare, ""
    return host.strip("[]"), int(port) if port.isdigit() else default_port


def is_address(host: str) -> bool:
    """An IP address instead of a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def certificate_problem(host: str, port: int, trusted: Path | None) -> str | None:
    """What is wrong with the certificate of this server; None when it is fine, or nobody answers there. Blocks (LOOK_S)."""
    try:
        context = ssl.create_default_context(cafile=trusted)
        with (
            socket.create_connection((host, port), timeout=LOOK_S) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        return f"the certificate of {host}:{port} proves nothing: {error.verify_message}"
    except OSError:
        return None
