"""Kamailio as the telephone provider: a registrar with digest, and a proxy that challenges calls (407)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from string import Template

from voice.simulate.ports import free_ports

USER, PASSWORD = "line", "geheim-und-lang"
# Calls to numbers go to `$target`, where sipp plays the called person.
CONFIG = Template("""
debug=1
log_stderror=yes
fork=no
children=1
auto_aliases=no
listen=udp:127.0.0.1:$port
loadmodule "pv.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "auth.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("usrloc", "db_mode", 0)
request_route {
    if (has_totag()) {
        loose_route();
        t_relay();
        exit;
    }
    if (is_method("CANCEL")) { t_relay(); exit; }
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("trunk", "$password", "0")) { www_challenge("trunk", "1"); exit; }
        save("location");
        exit;
    }
    if (is_method("INVITE") && $$fU == "$user" && !pv_proxy_authenticate("trunk", "$password", "0")) {
        proxy_challenge("trunk", "1");
        exit;
    }
    if (is_method("ACK")) { t_relay(); exit; }
    record_route();
    if ($$rU == "$user") {
        if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
        t_relay();
        exit;
    }
    $$du = "sip:127.0.0.1:$target";
    t_relay();
}
""")


class Proxy:
    def __init__(self, process: Process, port: int) -> None:
        self._process, self.port = process, port

    @classmethod
    async def start(cls, folder: Path, *, target: int) -> Proxy:
        port = free_ports(1)
        config = folder / "kamailio.cfg"
        config.write_text(CONFIG.substitute(port=port, target=target, user=USER, password=PASSWORD))
        process = await asyncio.create_subprocess_exec(
            "kamailio", "-DD", "-E", "-m", "32", "-M", "8", "-Y", str(folder), "-f", str(config),
            stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True,
        )  # fmt: skip
        proxy = cls(process, port)
        await proxy._ready()
        return proxy

    async def _ready(self) -> None:
        """It answers OPTIONS with something, be it 404."""
        loop = asyncio.get_running_loop()
        answered = asyncio.Event()

        class Client(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                answered.set()

        transport, _ = await loop.create_datagram_endpoint(Client, local_addr=("127.0.0.1", 0))
        own = transport.get_extra_info("sockname")[1]
        message = (
            f"OPTIONS sip:{USER}@127.0.0.1:{self.port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bKready\r\n"
            f"From: <sip:test@127.0.0.1>;tag=1\r\nTo: <sip:{USER}@127.0.0.1>\r\nCall-ID: ready\r\n"
            "CSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n"
        )
        try:
            for _ in range(60):
                transport.sendto(message.encode(), ("127.0.0.1", self.port))
                try:
                    await asyncio.wait_for(answered.wait(), 0.1)
                    return
                except TimeoutError:
                    if self._process.returncode is not None:
                        break
            await self.stop()
            raise AssertionError("Kamailio did not start")
        finally:
            transport.close()

    async def stop(self) -> None:
        """It has children, and waits a minute for them when asked politely."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
