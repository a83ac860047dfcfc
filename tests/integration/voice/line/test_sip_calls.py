"""Calls that come in over real SIP: sipp signals, a socket of the test carries the sound."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from tests.integration.voice.line.conftest import Answered, end_of, sounds, until
from tests.integration.voice.line.rtp_phone import LONGEST_GAP_MS, RtpPhone
from tests.integration.voice.line.sipp import Sipp
from tests.tones import loudest_hz, tone
from voice.audio.level import level_dbfs
from voice.line.line import Connection, GoneError, Hangup, Held, Key, LineError
from voice.line.sip import SipLine


def port(line: SipLine) -> int:
    return line._settings.port


async def test_a_call_is_answered_and_sound_flows_both_ways(line: SipLine, answered: Answered) -> None:
    async def speak(connection: Connection) -> None:
        connection.play(tone(440, 2))

    answered.then = speak
    with RtpPhone() as phone:
        phone.say(tone(1000, 2))
        sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=2500)
        await sipp.finish()
        connection, events = await answered.first()
        heard = np.concatenate([sound.samples for sound in sounds(events)])
        assert (connection.caller, connection.called, connection.rate) == ("13912345678", "12345", 8000)
        assert loudest_hz(heard[4000:12000]) == pytest.approx(1000, abs=5)
        assert loudest_hz(phone.heard()[4000:12000]) == pytest.approx(440, abs=5)
        assert [sound.at_ms for sound in sounds(events)] == [20 * n for n in range(len(sounds(events)))]
        assert sum(sound.lost for sound in sounds(events)) <= 10
        await until(lambda: end_of(events) is not None)
        ended = end_of(events)
        assert ended and ended.reason is Hangup.CALLER and ended.at_ms == pytest.approx(2500, abs=400)


async def test_a_call_over_tcp_is_answered(line: SipLine, answered: Answered) -> None:
    await (await Sipp.start("call", line_port=port(line), ms=300, transport="t1")).finish()
    connection, _ = await answered.first()
    assert connection.caller == "13912345678"


async def test_flush_silences_within_60_ms_and_new_sound_follows(line: SipLine, answered: Answered) -> None:
    at: list[float] = []

    async def interrupted(connection: Connection) -> None:
        connection.play(tone(440, 5))
        await asyncio.sleep(1)
        connection.flush()
        at.append(time.time())
        assert connection.pending_ms == 0
        await asyncio.sleep(0.3)
        connection.play(tone(880, 1))
        connection.flush()
        connection.play(tone(1500, 1))

    answered.then = interrupted
    with RtpPhone() as phone:
        sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=3000)
        await sipp.finish()
        later = [p for p in phone.received if p.at_s > at[0] + 0.06]
        until_new = len([p for p in phone.received if p.at_s <= at[0] + 0.06])
        heard = phone.heard()[160 * until_new :]
        assert len(later) > 90
        assert level_dbfs(heard[: 160 * 10]) < -60
        loud = heard[np.abs(heard) > 1000]
        assert 0.9 < len(loud) / len(tone(1500, 1)[np.abs(tone(1500, 1)) > 1000]) < 1.1
        assert loudest_hz(heard[160 * 20 : 160 * 50]) == pytest.approx(1500, abs=5)


async def test_speech_goes_on_while_our_event_loop_is_blocked(line: SipLine, answered: Answered) -> None:
    async def blocked(connection: Connection) -> None:
        connection.play(tone(440, 3))
        await asyncio.sleep(1)
        time.sleep(0.3)  # noqa: ASYNC251 (the point of the test)

    answered.then = blocked
    with RtpPhone() as phone:
        sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=2500)
        await sipp.finish()
        _, events = await answered.first()
        assert phone.longest_gap_ms() < LONGEST_GAP_MS
        spoken = phone.heard()[160 * 10 : 160 * 110].reshape(-1, 160)
        assert min(level_dbfs(frame) for frame in spoken) > -30
        assert [sound.at_ms for sound in sounds(events)] == [20 * n for n in range(len(sounds(events)))]


async def test_keys_come_by_rfc_4733(line: SipLine, answered: Answered) -> None:
    with RtpPhone() as phone:
        sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=2000)
        await answered.first()
        phone.press("13#*0")
        await sipp.finish()
    _, events = await answered.first()
    assert [event.key for event in events if isinstance(event, Key)] == list("13#*0")


async def test_keys_come_in_every_call_of_a_process_and_not_in_the_first_only(
    line: SipLine, answered: Answered
) -> None:
    """With a thread of its own for what is received the stack forgets how to tell of keys when the first call ends."""
    for number, keys in enumerate(("12", "34", "56")):
        with RtpPhone() as phone:
            sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=1500)
            await until(lambda number=number: len(answered.connections) > number)  # type: ignore[misc]
            phone.press(keys)
            await sipp.finish()
    pressed = [
        [event.key for event in events if isinstance(event, Key)] for events in answered.events.values()
    ]
    assert pressed == [["1", "2"], ["3", "4"], ["5", "6"]]


async def test_keys_come_by_sip_info(line: SipLine, answered: Answered) -> None:
    with RtpPhone() as phone:
        sipp = await Sipp.start("keys_by_info", line_port=port(line), rtp_port=phone.port, ms=400)
        await sipp.finish()
    _, events = await answered.first()
    assert [event.key for event in events if isinstance(event, Key)] == list("1#*0")


async def test_we_send_keys(line: SipLine, answered: Answered) -> None:
    async def press(connection: Connection) -> None:
        await connection.send_keys("42")

    answered.then = press
    with RtpPhone() as phone:
        sipp = await Sipp.start("call", line_port=port(line), rtp_port=phone.port, ms=1500)
        await sipp.finish()
        codes = [packet.payload[0] for packet in phone.received if packet.payload_type == 101]
        assert list(dict.fromkeys(codes)) == [4, 2]


async def test_hold_and_back(line: SipLine, answered: Answered) -> None:
    with RtpPhone() as phone:
        sipp = await Sipp.start("hold", line_port=port(line), rtp_port=phone.port, ms=600)
        await sipp.finish()
    _, events = await answered.first()
    assert [event.on for event in events if isinstance(event, Held)] == [True, False]


async def test_we_hang_up(line: SipLine, answered: Answered) -> None:
    async def goodbye(connection: Connection) -> None:
        await asyncio.sleep(0.5)
        await connection.hang_up()
        await connection.hang_up()

    answered.then = goodbye
    sipp = await Sipp.start("call_until_bye", line_port=port(line))
    await sipp.finish()
    connection, events = await answered.first()
    await until(lambda: end_of(events) is not None)
    ended = end_of(events)
    assert ended and ended.reason is Hangup.LINE
    with pytest.raises(GoneError):
        await connection.send_keys("1")
    with pytest.raises(GoneError):
        await connection.transfer("sip:1@127.0.0.1")


async def test_a_call_cancelled_before_the_answer_reaches_nobody(line: SipLine, answered: Answered) -> None:
    sipp = await Sipp.start("cancel", line_port=port(line))
    time.sleep(0.8)  # noqa: ASYNC251 (so the INVITE and the CANCEL both come before we look)
    await sipp.finish()
    assert not answered.connections
    assert line.health()["calls"] == 0


async def test_a_call_of_no_length_harms_nothing(line: SipLine, answered: Answered) -> None:
    for _ in range(3):
        await (await Sipp.start("zero_length", line_port=port(line))).finish()
    await until(lambda: line.health()["calls"] == 0)
    assert all(end_of(events) for events in answered.events.values())


async def test_a_transfer_ends_the_call(line: SipLine, answered: Answered) -> None:
    async def hand_over(connection: Connection) -> None:
        await connection.transfer("sip:110@127.0.0.1:9")

    answered.then = hand_over
    await (await Sipp.start("transferred", line_port=port(line))).finish()
    _, events = await answered.first()
    await until(lambda: end_of(events) is not None)
    ended = end_of(events)
    assert ended and ended.reason is Hangup.TRANSFERRED


async def test_a_refused_transfer_leaves_the_call_going(line: SipLine, answered: Answered) -> None:
    refused: list[LineError] = []

    async def hand_over(connection: Connection) -> None:
        try:
            await connection.transfer("sip:110@127.0.0.1:9")
        except LineError as error:
            refused.append(error)

    answered.then = hand_over
    await (await Sipp.start("transfer_refused", line_port=port(line), ms=500)).finish()
    _, events = await answered.first()
    assert refused and "603" in str(refused[0])
    await until(lambda: end_of(events) is not None)
    ended = end_of(events)
    assert ended and ended.reason is Hangup.CALLER


async def test_a_codec_change_in_mid_call_keeps_the_rate_and_the_sound(
    line: SipLine, answered: Answered
) -> None:
    async def speak(connection: Connection) -> None:
        connection.play(tone(440, 4))

    answered.then = speak
    with RtpPhone() as phone:
        sipp = await Sipp.start("codec_change", line_port=port(line), rtp_port=phone.port, ms=1000)
        await sipp.finish()
        connection, events = await answered.first()
        assert connection.rate == 8000
        assert {packet.payload_type for packet in phone.received} >= {8, 9}
        assert [sound.at_ms for sound in sounds(events)] == [20 * n for n in range(len(sounds(events)))]
        assert len(sounds(events)[-1].samples) == 160
        assert phone.longest_gap_ms() < LONGEST_GAP_MS


async def test_video_in_the_offer_does_no_harm(line: SipLine, answered: Answered) -> None:
    with RtpPhone() as phone:
        await (await Sipp.start("offers_video", line_port=port(line), rtp_port=phone.port, ms=500)).finish()
    _, events = await answered.first()
    assert len(sounds(events)) > 15


async def test_a_hidden_number_is_anonymous(line: SipLine, answered: Answered) -> None:
    await (await Sipp.start("anonymous", line_port=port(line), ms=300)).finish()
    connection, _ = await answered.first()
    assert connection.caller == "anonymous"


async def test_the_end_of_the_taker_ends_the_call(line: SipLine, answered: Answered) -> None:
    answered.fails = True
    await (await Sipp.start("call_until_bye", line_port=port(line))).finish()
    await until(lambda: line.health()["calls"] == 0)
