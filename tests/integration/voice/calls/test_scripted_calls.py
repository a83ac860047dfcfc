"""Scripted calls with the real recogniser and conversations: ten in memory, ten over real SIP, five of them at once."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.practice import simulate_scripts
from tests.tones import tone
from voice.line.line import Samples
from voice.simulate import sip
from voice.simulate.script import CallScript, load_scripts
from voice.speaking.voice import Manner
from voice.stand_in import StandInVoice, duration_ms

CALLS = Path(__file__).parents[3] / "calls"
IN_MEMORY = (
    "lunch for tomorrow",
    "a day chosen by key",
    "ordered, then cancelled",
    "no after all",
    "complains that nobody came",
    "a fall on the floor",
    "asks for a person by voice",
    "never says anything",
    "long pauses within the sentence",
    "lunch in babble",
)
BAD_NETWORK = (
    "lunch over a network that loses one packet in twenty",
    "three packets of ten are lost, and the key for a person still works",
)
OVER_SIP = (
    (
        "lunch for tomorrow",
        "read-back confirmed by key",
        "a fall on the floor",
        "asks for a person by voice",
        "presses the key into the greeting",
    ),
    (
        "a day chosen by key",
        "a disability certificate",
        "the tap leaks",
        "complains that nobody came",
        "lunch in white noise",
    ),
)


def scripts(*names: str) -> list[CallScript]:
    found = {one.name: one for file in CALLS.glob("*.yaml") for one in load_scripts(file)}
    return [found[name] for name in names]


@pytest.fixture(autouse=True)
def own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "keys"))


@pytest.mark.slow
def test_ten_scripted_calls_go_as_they_should() -> None:
    done = list(simulate_scripts(scripts(*IN_MEMORY), voices=CALLS / "voices"))
    assert {one.script.name: one.faults for one in done if not one.passed} == {}
    assert len(done) == len(IN_MEMORY)


class Hurried(StandInVoice):
    """A sound three times as short as speech would be: what is tested is what callers say, and calls run in real time."""

    async def say(self, sentence: str, manner: Manner, rate: int) -> AsyncIterator[Samples]:
        yield tone(300, duration_ms(sentence, manner) / 3_000, rate)


@pytest.mark.slow
@pytest.mark.parametrize("names", OVER_SIP, ids=["first five", "other five"])
def test_calls_over_real_sip_go_as_they_should(names: tuple[str, ...]) -> None:
    """Calls run in real time: those that starve each other on a busy machine must go right one by one."""
    failed = names
    for at_once in (len(names), 1):
        done = simulate_scripts(
            scripts(*failed), transport="sip", voices=CALLS / "voices", at_once=at_once, speaking=Hurried()
        )
        faults = {one.script.name: one.faults for one in done if not one.passed}
        if not faults:
            return
        failed = tuple(faults)
    pytest.fail(f"{faults}")


@pytest.mark.slow
def test_calls_over_a_network_that_loses_packets_go_as_they_should() -> None:
    """One packet in twenty: the order is right. Three of ten: the line goes on, and a person is reached by key."""
    wanted = scripts(*BAD_NETWORK)
    done = list(simulate_scripts(wanted, transport="sip", voices=CALLS / "voices", speaking=Hurried()))
    assert {one.script.name: one.faults for one in done if not one.passed} == {}
    for one in done:
        assert set(one.packets) == {"line", "phone"}
        for carried, lost in one.packets.values():
            assert lost / (carried + lost) == pytest.approx(one.script.conditions.loss, rel=0.4)


@pytest.mark.slow
@pytest.mark.parametrize(("busy", "fault"), [(1, None), (sip.TRIES, "telephone broke down")])
def test_a_telephone_that_finds_its_port_taken_tries_another(
    monkeypatch: pytest.MonkeyPatch, busy: int, fault: str | None
) -> None:
    """Otherwise whoever waits for that call waits for minutes, and does not learn why."""
    monkeypatch.setattr(sip, "GOODBYE_S", 1)
    free_ports, left = sip.free_ports, busy
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((sip.LOCAL, 0))

        def ports(count: int) -> int:
            nonlocal left
            if count != sip.PHONE_PORTS or not left:
                return free_ports(count)
            left -= 1
            return int(other.getsockname()[1])

        monkeypatch.setattr(sip, "free_ports", ports)
        (done,) = simulate_scripts(
            scripts("a fall on the floor"), transport="sip", voices=CALLS / "voices", speaking=Hurried()
        )
    assert (done.faults == []) if fault is None else (fault in done.faults[0])
