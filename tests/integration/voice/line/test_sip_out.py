"""Calls that go out: to sipp directly, and through Kamailio as a trunk with digest."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.voice.line.conftest import Answered, settings, until
from tests.integration.voice.line.proxy import PASSWORD, USER, Proxy
from tests.integration.voice.line.rtp_phone import RtpPhone
from tests.integration.voice.line.sipp import Sipp
from tests.tones import loudest_hz, tone
from voice.line.line import Connection, Ended, Hangup, LineError, NotAnswered, NotAnsweredError, Sound
from voice.line.sip import SipLine
from voice.line.sip_settings import Trunk
from voice.simulate.ports import free_ports

NUMBER = "13900000001"


async def listen(connection: Connection, ms: int) -> list[Sound]:
    heard = []
    async for event in connection.events():
        if isinstance(event, Sound):
            heard.append(event)
            if event.at_ms >= ms:
                break
    return heard


async def test_we_call_talk_and_hang_up(line: SipLine) -> None:
    with RtpPhone() as phone:
        person = await Sipp.start("answers", rtp_port=phone.port)
        connection = await line.dial(f"sip:{NUMBER}@127.0.0.1:{person.port}")
        assert connection.caller == NUMBER
        connection.play(tone(440, 1))
        phone.say(tone(1000, 1))
        heard = await listen(connection, 1200)
        await connection.hang_up()
        await person.finish()
        assert loudest_hz(phone.heard()[2400:6400]) == pytest.approx(440, abs=5)
    assert sum(bool(sound.samples.any()) for sound in heard) > 40


@pytest.mark.parametrize(
    ("scenario", "why"),
    [
        ("is_busy", NotAnswered.BUSY),
        ("declines", NotAnswered.REFUSED),
        ("unknown_number", NotAnswered.UNREACHABLE),
        ("never_answers", NotAnswered.NO_ANSWER),
    ],
)
async def test_a_call_that_is_not_answered_says_why(line: SipLine, scenario: str, why: NotAnswered) -> None:
    person = await Sipp.start(scenario)
    with pytest.raises(NotAnsweredError) as caught:
        await line.dial(
            f"sip:{NUMBER}@127.0.0.1:{person.port}", ring_s=0.6 if why is NotAnswered.NO_ANSWER else 5
        )
    assert caught.value.why is why
    await person.finish()
    assert line.health()["calls"] == 0


async def test_a_cancelled_dial_stops_the_ringing(line: SipLine) -> None:
    person = await Sipp.start("never_answers")
    dialling = asyncio.create_task(line.dial(f"sip:{NUMBER}@127.0.0.1:{person.port}"))
    await asyncio.sleep(0.4)
    dialling.cancel()
    await asyncio.gather(dialling, return_exceptions=True)
    await person.finish()


@pytest.mark.parametrize("number", [NUMBER, "", "12;rm", "sip:\r\nX: 1"])
async def test_what_can_not_be_dialled_is_refused(line: SipLine, number: str) -> None:
    with pytest.raises(LineError):
        await line.dial(number)


@pytest.fixture
async def person() -> AsyncIterator[tuple[int, RtpPhone]]:
    with RtpPhone() as phone:
        yield free_ports(1), phone


@pytest.fixture
async def proxy(tmp_path: Path, person: tuple[int, RtpPhone]) -> AsyncIterator[Proxy]:
    kamailio = await Proxy.start(tmp_path, target=person[0])
    yield kamailio
    await kamailio.stop()


def trunk(proxy: Proxy, password: str = PASSWORD) -> Trunk:
    return Trunk(registrar=f"127.0.0.1:{proxy.port}", user=USER, password=password)


async def test_registered_at_a_trunk_we_call_out_through_its_challenge(
    proxy: Proxy, person: tuple[int, RtpPhone], answered: Answered
) -> None:
    port, phone = person
    line = SipLine(replace(settings(), trunk=trunk(proxy)))
    await line.open(answered.take)
    await until(lambda: line.health()["registered"] is True)
    called = await Sipp.start("answers", rtp_port=phone.port, port=port)
    connection = await line.dial(NUMBER)
    assert (connection.caller, connection.called) == (NUMBER, USER)
    connection.play(tone(440, 0.6))
    await listen(connection, 600)
    await connection.hang_up()
    await called.finish()
    assert loudest_hz(phone.heard()[1600:4000]) == pytest.approx(440, abs=5)
    await line.close()


async def test_calls_come_in_through_the_registration(
    proxy: Proxy, person: tuple[int, RtpPhone], answered: Answered
) -> None:
    line = SipLine(replace(settings(), trunk=trunk(proxy)))
    await line.open(answered.take)
    await until(lambda: line.health()["registered"] is True)
    caller = await Sipp.start("call", line_port=proxy.port, rtp_port=person[1].port, ms=500, service=USER)
    await caller.finish()
    connection, events = await answered.first()
    assert (connection.caller, connection.called) == ("13912345678", USER)
    await until(lambda: isinstance(events[-1], Ended) and events[-1].reason is Hangup.CALLER)
    await line.close()


async def test_a_wrong_password_is_told_and_the_right_one_accepted(proxy: Proxy, answered: Answered) -> None:
    wrong = SipLine(replace(settings(), trunk=trunk(proxy, "wrong")))
    await wrong.open(answered.take)
    await until(lambda: "401" in str(wrong.health()["problem"]))
    await wrong.close()
    right = SipLine(replace(wrong._settings, trunk=trunk(proxy)))
    await right.open(answered.take)
    await until(lambda: right.health()["problem"] is None)
    await right.close()


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
async def test_a_taken_port_is_told_at_the_start_and_another_one_works(
    kind: socket.SocketKind, answered: Answered
) -> None:
    chosen = settings()
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", chosen.port))
        if kind is socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(LineError, match=f"{chosen.port}.*in use"):
            await SipLine(chosen).open(answered.take)
    line = SipLine(chosen)
    await line.open(answered.take)
    with pytest.raises(LineError, match="only one"):
        await SipLine(settings()).open(answered.take)
    await line.close()
