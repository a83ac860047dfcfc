"""The network between two telephones that the scripted calls use: what it loses is really lost, over real SIP and RTP."""

from __future__ import annotations

import numpy as np
import pytest

from tests.integration.voice.line.conftest import Answered, sounds, until
from tests.integration.voice.line.rtp_phone import PCMA, RtpPhone
from tests.integration.voice.line.sipp import Sipp
from tests.tones import loudest_hz, tone
from voice.line.line import Connection, Key
from voice.line.sip import SipLine
from voice.simulate.network import LINE, PHONE, PORTS, Network, bad_network
from voice.simulate.ports import free_ports
from voice.simulate.script import Conditions

HOST = "127.0.0.1"


async def speak(connection: Connection) -> None:
    connection.play(tone(440, 10))


async def call_through(
    line: SipLine, answered: Answered, conditions: Conditions, phone: RtpPhone, *, keys: str = ""
) -> Network:
    """A call of four seconds; both sides sound all the time."""
    answered.then = speak
    phone.say(tone(1000, 8))
    to = (HOST, line._settings.port)
    async with bad_network(HOST, free_ports(PORTS), to, conditions) as network:
        sipp = await Sipp.start("call", line_port=network.at[1], rtp_port=phone.port, ms=4000)
        _, events = await answered.first()
        await until(lambda: len(sounds(events)) > 120)
        phone.press(keys)
        await sipp.finish()
    return network


def lost_in_a_row(phone: RtpPhone) -> list[int]:
    """How many packets are missing in each hole of what the line said."""
    numbers = [packet.sequence for packet in phone.received if packet.payload_type == PCMA]
    return [step - 1 for step in np.diff(numbers).tolist() if step > 1]


async def test_a_network_without_faults_carries_everything_both_ways(
    line: SipLine, answered: Answered
) -> None:
    with RtpPhone() as phone:
        network = await call_through(line, answered, Conditions(), phone, keys="12#")
        _, events = await answered.first()
        heard = np.concatenate([sound.samples for sound in sounds(events)])
        assert loudest_hz(heard[4000:12000]) == pytest.approx(1000, abs=5)
        assert loudest_hz(phone.heard()[4000:12000]) == pytest.approx(440, abs=5)
        assert [event.key for event in events if isinstance(event, Key)] == list("12#")
        assert not lost_in_a_row(phone)
        assert network.harms[PHONE].passed > 150 and network.harms[LINE].passed > 150


@pytest.mark.parametrize(("burst", "shortest"), [(0.0, 1.0), (4.0, 2.5)], ids=["singly", "in bursts"])
async def test_the_share_is_lost_on_both_ways_singly_or_in_bursts(
    line: SipLine, answered: Answered, burst: float, shortest: float
) -> None:
    with RtpPhone() as phone:
        network = await call_through(line, answered, Conditions(loss=0.3, burst=burst, seed=1), phone)
        _, events = await answered.first()
        holes = lost_in_a_row(phone)
        assert sum(holes) == pytest.approx(network.harms[LINE].dropped, abs=12)  # but for those at the edges
        assert np.mean(holes) >= shortest
        frames = sounds(events)
        assert [sound.at_ms for sound in frames] == [20 * n for n in range(len(frames))]
        assert sum(sound.lost for sound in frames) == pytest.approx(network.harms[PHONE].dropped, rel=0.3)
        for harm in network.harms.values():
            assert 0.15 < harm.dropped / (harm.dropped + harm.passed) < 0.5


async def test_late_packets_are_evened_out_by_the_line(line: SipLine, answered: Answered) -> None:
    with RtpPhone() as phone:
        network = await call_through(line, answered, Conditions(jitter_ms=60, seed=1), phone)
        _, events = await answered.first()
        frames = sounds(events)[60:-10]
        assert not network.harms[PHONE].dropped
        assert sum(sound.lost for sound in frames) <= len(frames) // 10
        assert phone.longest_gap_ms() > 45, "they do come late"
