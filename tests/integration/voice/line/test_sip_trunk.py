"""Registered at a trunk: one that is silent, refuses, comes back, is lost, or is somebody else."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.integration.voice.line.conftest import Answered, settings, until
from tests.integration.voice.line.registrar import NAME, Names, Registrar, TlsRegistrar, authority
from tests.integration.voice.line.sipp import Sipp
from voice.line import sip, sip_registration, trunk_look
from voice.line.sip import SipLine
from voice.line.sip_settings import SipSettings, Trunk, stack_config
from voice.line.trunk_look import trunk_problem


@asynccontextmanager
async def at(trunk: Registrar, answered: Answered, **given: object) -> AsyncIterator[SipLine]:
    line = SipLine(replace(settings(), trunk=Trunk(f"127.0.0.1:{trunk.port}", "line", "secret"), **given))  # type: ignore[arg-type]
    await line.open(answered.take)
    try:
        yield line
    finally:
        await line.close()


def registered(line: SipLine) -> bool:
    return line.health()["registered"] is True


async def test_a_silent_trunk_does_not_close_the_line_and_is_registered_at_when_it_wakes(
    answered: Answered,
) -> None:
    async with Registrar(None) as trunk, at(trunk, answered) as line:
        await until(lambda: trunk.asked >= 2)
        health = line.health()
        assert (health["open"], health["registered"]) == (True, False)
        assert "not registered at the trunk" in health["problem"]
        await (await Sipp.start("call", line_port=line._settings.port, ms=200)).finish()
        assert len(answered.connections) == 1
        trunk.status = "200 OK"
        await until(lambda: registered(line))
        assert line.health()["problem"] is None


async def test_a_trunk_that_is_not_ready_is_asked_again_with_growing_pauses(
    answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip_registration, "FIRST_PAUSE_S", 0.1)
    with capture_logs() as logs:
        async with Registrar("503 Service Unavailable") as trunk, at(trunk, answered) as line:
            await until(lambda: trunk.asked >= 4)
            trunk.status = "200 OK"
            await until(lambda: registered(line))
    told = [line for line in logs if line["event"] == "line.not_registered"]
    assert [line["tries"] for line in told[:3]] == [1, 2, 3]
    assert [line["again_s"] for line in told[:3]] == [0.1, 0.2, 0.4]
    assert told[0]["why"] == "503 Service Unavailable" and told[0]["kind"] == "no_answer"
    assert "secret" not in str(logs)


async def test_a_lost_registration_is_told_and_made_again(
    answered: Answered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip_registration, "FIRST_PAUSE_S", 0.1)
    async with Registrar("200 OK", lasts_s=1) as trunk, at(trunk, answered) as line:
        await until(lambda: registered(line))
        trunk.status = "500 Server Internal Error"
        await until(lambda: not registered(line))
        trunk.status = "200 OK"
        await until(lambda: registered(line))


async def test_a_refusal_is_not_hammered_on(answered: Answered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_registration, "FIRST_PAUSE_S", 0.01)
    with capture_logs() as logs:
        async with Registrar("403 Forbidden") as trunk, at(trunk, answered) as line:
            await until(lambda: "403" in line.health()["problem"])
            await (await Sipp.start("call", line_port=line._settings.port, ms=1000)).finish()
            assert trunk.asked == 1
    (told,) = [line for line in logs if line["event"] == "line.not_registered"]
    assert (told["kind"], told["again_s"]) == ("refused", None)


@pytest.fixture
def over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SipSettings]:
    """Settings that find the trunk by its name."""
    with Names() as names:
        look_up = f"dns_server 127.0.0.1:{names.port}\n"

        def config(chosen: SipSettings) -> object:
            made = stack_config(chosen)
            return replace(made, extra_config_text=made.extra_config_text + look_up)

        monkeypatch.setattr(sip, "stack_config", config)
        monkeypatch.setattr(socket, "create_connection", partial(_connect_here, socket.create_connection))
        yield replace(settings(), trusted=authority(tmp_path))


def _connect_here(connect: object, where: tuple[str, int], **given: object) -> object:
    return connect(("127.0.0.1", where[1]), **given)  # type: ignore[operator]


def trunk_of(server: TlsRegistrar) -> Trunk:
    return Trunk(f"{NAME}:{server.port}", "line", "secret", transport="tls")


async def test_over_tls_the_trunk_is_known_by_its_certificate(
    over_tls: SipSettings, answered: Answered, tmp_path: Path
) -> None:
    async with TlsRegistrar(tmp_path, NAME) as server:
        line = SipLine(replace(over_tls, trunk=trunk_of(server)))
        await line.open(answered.take)
        await until(lambda: registered(line))
        await line.close()


@pytest.mark.parametrize(
    ("name", "authorities", "told"),
    [
        ("other.example", True, "Hostname mismatch"),
        (NAME, False, "self-signed|self signed|unable to get local issuer"),
    ],
    ids=["another name", "an authority that nobody knows"],
)
async def test_who_can_not_prove_to_be_the_trunk_gets_nothing_from_us(
    over_tls: SipSettings, answered: Answered, tmp_path: Path, name: str, authorities: bool, told: str
) -> None:
    chosen = over_tls if authorities else replace(over_tls, trusted=None)
    async with TlsRegistrar(tmp_path, name) as server:
        line = SipLine(replace(chosen, trunk=trunk_of(server)))
        await line.open(answered.take)
        await until(lambda: "certificate" in line.health()["problem"])
        assert re.search(told, line.health()["problem"])
        await line.close()
        assert server.asked == 0


async def test_who_looks_for_a_fault_learns_whether_the_trunk_is_there(
    over_tls: SipSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trunk_look, "TRY_S", 0.1)
    async with Registrar("200 OK") as there:
        chosen = replace(settings(), trunk=Trunk(f"127.0.0.1:{there.port}", "line", "secret"))
        assert await asyncio.to_thread(trunk_problem, chosen) is None
        there.status = None
        told = await asyncio.to_thread(trunk_problem, chosen)
        assert told and "says nothing" in told
    async with TlsRegistrar(tmp_path, "other.example") as impostor:
        told = await asyncio.to_thread(trunk_problem, replace(over_tls, trunk=trunk_of(impostor)))
        assert told and "Hostname mismatch" in told
    told = await asyncio.to_thread(trunk_problem, replace(over_tls, trunk=trunk_of(impostor)))
    assert told and "can not be reached" in told


async def test_eight_people_who_withhold_their_number_get_through_at_once(answered: Answered) -> None:
    plain = SipSettings()
    limits = {name: getattr(plain, name) for name in ("caller_per_minute", "caller_burst")}
    line = SipLine(replace(settings(), **limits))
    await line.open(answered.take)
    await (await Sipp.start("anonymous", line_port=line._settings.port, calls=8, rate=8, ms=300)).finish()
    assert (line.health()["calls_in_all"], line.health()["refused"]) == (8, 0)
    await line.close()
