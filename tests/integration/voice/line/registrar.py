"""A trunk that does what a test wants: answers REGISTER, refuses it, or says nothing; over UDP or TLS."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any, Self

from voice.simulate.ports import free_ports

_REPEATED = ("Via", "From", "To", "Call-ID", "CSeq")
NAME = "trunk.example"  # what the trunk is called, and its certificate says


class Registrar(asyncio.DatagramProtocol):
    """`status` is what it answers with, such as «200 OK»; None: nothing at all."""

    def __init__(self, status: str | None, *, lasts_s: int = 120) -> None:
        self.status, self._lasts_s = status, lasts_s
        self.port = free_ports(1)
        self.asked = 0
        self._transport: Any = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", self.port)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if answer := self._answer(data.decode(errors="replace")):
            self._transport.sendto(answer, addr)

    def _answer(self, message: str) -> bytes | None:
        self.asked += message.startswith("REGISTER")
        if self.status is None:
            return None
        found = [re.search(rf"^{name}: .*$", message, re.MULTILINE) for name in _REPEATED]
        lines = [f"SIP/2.0 {self.status}", *(line[0].strip() for line in found if line)]
        if contact := re.search(r"^Contact: (<[^>]*>)", message, re.MULTILINE):
            lines.append(f"Contact: {contact[1]};expires={self._lasts_s}")
        lines += ["Content-Length: 0", "", ""]
        return "\r\n".join(lines).encode()


class TlsRegistrar(Registrar):
    """The same over TLS, with the certificate of this name."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__("200 OK")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate(folder, name))

    async def __aenter__(self) -> Self:
        self._transport = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._context)
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                writer.write(self._answer((await reader.readuntil(b"\r\n\r\n")).decode()) or b"")
        writer.close()


def authority(folder: Path) -> Path:
    """The certificate of an authority of our own, made when it is first asked for."""
    if not (folder / "ca.pem").exists():
        _openssl(
            folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=authority", "-days", "2",
        )  # fmt: skip
    return folder / "ca.pem"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Certificate and key of this name, vouched for by `authority`."""
    authority(folder)
    _openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
             "-subj", f"/CN={name}")  # fmt: skip
    (folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{name}\n")
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
             "-out", f"{name}.crt", "-days", "2", "-extfile", f"{name}.ext")  # fmt: skip
    return folder / f"{name}.crt", folder / f"{name}.key"


def _openssl(folder: Path, *command: str) -> None:
    subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)


class Names:
    """A name server that knows every name to be on this machine. Runs as long as the context lasts."""

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            asked, sender = self._socket.recvfrom(2048)
            if not asked:
                return
            self._socket.sendto(_told(asked), sender)


def _told(asked: bytes) -> bytes:
    """For an address: this machine. For anything else: there is no such record."""
    end = asked.index(b"\x00", 12) + 5
    question, wants_address = asked[12:end], asked[end - 4 : end - 2] == b"\x00\x01"
    if not wants_address:
        return asked[:2] + b"\x81\x83\x00\x01\x00\x00\x00\x00\x00\x00" + question
    record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04" + socket.inet_aton("127.0.0.1")
    return asked[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + question + record
