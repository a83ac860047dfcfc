"""What must not harm a call that goes on: malformed packets, strangers, storms, loss, floods."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.integration.voice.line.conftest import CALLS, Answered, end_of, settings, sounds, until
from tests.integration.voice.line.rtp_phone import KEY_CODES, LONGEST_GAP_MS, RtpPhone
from tests.integration.voice.line.sipp import Sipp
from tests.tones import loudest_hz, tone
from voice.line.line import Connection, Hangup, Key, LineEvent
from voice.line.sip import SipLine

CORPUS = Path(__file__).parents[3] / "data" / "fuzz"
SIP_PACKETS = {file.stem: file.read_bytes() for file in sorted((CORPUS / "sip").glob("*.bin"))}
RTP_PACKETS = {file.stem: file.read_bytes() for file in sorted((CORPUS / "rtp").glob("*.bin"))}


async def speak(connection: Connection) -> None:
    connection.play(tone(440, 10))


def port(line: SipLine) -> int:
    return line._settings.port


async def test_packets_that_can_not_be_read_are_counted_and_told_without_saying_whose(
    line: SipLine, capfd: pytest.CaptureFixture[str]
) -> None:
    before = line.health()["malformed"]
    unknown = (
        b"FROBNICATE sip:13912345678@127.0.0.1 SIP/2.0\r\n"
        + SIP_PACKETS["unknown_method"].partition(b"\r\n")[2]
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as enemy:
        for packet in (*5 * [SIP_PACKETS["random_bytes"]], unknown):
            enemy.sendto(packet, ("127.0.0.1", port(line)))
    await until(lambda: line.health()["malformed"] >= before + 6)
    printed = "".join(capfd.readouterr())
    assert "13912345678" not in printed and "msg decode err" not in printed


async def test_the_fuzz_corpus_does_not_touch_a_call_that_goes_on(line: SipLine, answered: Answered) -> None:
    answered.then = speak
    assert len(SIP_PACKETS) >= 25 and len(RTP_PACKETS) >= 25
    with RtpPhone() as phone, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as enemy:
        phone.say(tone(1000, 8))
        sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=3000)
        connection, events = await answered.first()
        await until(lambda: phone.remote is not None)
        for packet in SIP_PACKETS.values():
            enemy.sendto(packet, ("127.0.0.1", port(line)))
            await asyncio.sleep(0.02)
        for packet in RTP_PACKETS.values():
            phone.send_raw(packet)
            await asyncio.sleep(0.02)
        assert end_of(events) is None
        await sipp.finish()
        assert phone.longest_gap_ms() < LONGEST_GAP_MS
        assert loudest_hz(phone.heard()[8000:20000]) == pytest.approx(440, abs=5)
        heard = np.concatenate([sound.samples for sound in sounds(events)])
        assert loudest_hz(heard[4000:12000]) == pytest.approx(1000, abs=5)
        await until(lambda: end_of(events) is not None)
        ended = end_of(events)
        assert ended and ended.reason is Hangup.CALLER
    await (await Sipp.start("call", line_port=port(line), ms=200)).finish()
    assert connection.caller == "13912345678"


async def test_over_tcp_the_corpus_and_half_a_message_harm_nothing(line: SipLine) -> None:
    for packet in [*SIP_PACKETS.values(), b"INVITE sip:12345@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP"]:
        _, writer = await asyncio.open_connection("127.0.0.1", port(line))
        writer.write(packet)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    await (await Sipp.start("call", line_port=port(line), ms=200)).finish()


async def test_a_stranger_who_hits_the_port_is_neither_heard_nor_served(
    line: SipLine, answered: Answered
) -> None:
    """He has another SSRC. One who forges the caller's must be stopped by the firewall (docs/phone-line.md)."""
    answered.then = speak
    with RtpPhone() as phone:
        phone.say(tone(1000, 4))
        sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=2500)
        await until(lambda: phone.remote is not None)
        with RtpPhone(remote=phone.remote) as stranger:
            stranger.say(tone(2500, 2))
            await asyncio.sleep(1.5)
            assert not stranger.received  # what we say still goes to the caller alone
        await sipp.finish()
        _, events = await answered.first()
        heard = np.concatenate([sound.samples for sound in sounds(events)])
        assert 5 not in {loudest_hz(heard[at : at + 160]) // 500 for at in range(0, len(heard), 160)}
        assert loudest_hz(heard[6000:18000]) == pytest.approx(1000, abs=5)
        assert phone.longest_gap_ms() < LONGEST_GAP_MS


async def test_many_keys_arrive_complete_and_a_storm_of_them_stops_nothing(
    line: SipLine, answered: Answered
) -> None:
    answered.then = speak
    with RtpPhone() as phone:
        sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=4700)
        _, events = await answered.first()
        phone.press("0123456789*#ABCD")
        await until(lambda: len(pressed(events)) == 16)
        assert pressed(events) == "0123456789*#ABCD"
        phone.storm(500)
        await sipp.finish()
        assert set(pressed(events)) <= set(KEY_CODES)
        assert phone.longest_gap_ms() < LONGEST_GAP_MS


def pressed(events: list[LineEvent]) -> str:
    return "".join(event.key for event in events if isinstance(event, Key))


async def test_thirty_per_cent_loss_is_marked_and_keeps_time(line: SipLine, answered: Answered) -> None:
    answered.then = speak
    with RtpPhone(loss=0.3) as phone:
        phone.say(tone(1000, 5))
        sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=5500)
        _, events = await answered.first()
        await asyncio.sleep(2.5)
        frames = sounds(events)
        phone.press(keys := "0123456789")
        await sipp.finish()
        await until(lambda: end_of(events) is not None)
        lost = sum(sound.lost for sound in frames) / len(frames)
        ended = end_of(events)
        assert ended and len(sounds(events)) * 20 == pytest.approx(ended.at_ms, abs=120)
        assert 0.15 < lost < 0.45
        assert len(pressed(events)) >= len(keys) - 1  # all packets of one key may be among the lost
        assert pressed(events) == "".join(sorted(pressed(events)))


async def test_a_caller_who_vanishes_is_lost(answered: Answered) -> None:
    line = SipLine(replace(settings(), silent_s=1))
    await line.open(answered.take)
    sipp = await Sipp.start("call_until_bye", line_port=port(line))
    _, events = await answered.first()
    await until(lambda: end_of(events) is not None)
    ended = end_of(events)
    assert ended and ended.reason is Hangup.LOST
    await sipp.finish()
    await line.close()


async def test_twenty_calls_at_once_all_hear_us(line: SipLine, answered: Answered) -> None:
    answered.then = speak
    sipp = await Sipp.start("call", line_port=port(line), calls=20, rate=40, ms=2000)
    await until(lambda: line.health()["calls"] == 20)
    await sipp.finish()
    await until(lambda: line.health()["calls"] == 0)
    assert line.health()["calls_in_all"] == 20
    assert all(len(sounds(events)) > 60 for events in answered.events.values())


async def test_calls_over_the_cap_are_told_busy_and_the_others_go_on(
    line: SipLine, answered: Answered
) -> None:
    full = await Sipp.start("call", line_port=port(line), calls=CALLS, rate=100, ms=2500)
    await until(lambda: line.health()["calls"] == CALLS)
    await (await Sipp.start("refused", line_port=port(line))).finish()
    await full.finish()


async def test_a_flood_of_calls_is_refused_beyond_the_rate(answered: Answered) -> None:
    line = SipLine(replace(settings(), calls_per_second=1, call_burst=3))
    await line.open(answered.take)
    first = await Sipp.start("call", line_port=port(line), calls=3, rate=100, ms=1500)
    await until(lambda: line.health()["calls"] == 3)
    await (await Sipp.start("refused", line_port=port(line), calls=1)).finish()
    await first.finish()
    assert line.health()["refused"] == 1
    await line.close()
