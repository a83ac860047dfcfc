"""Ten of the scripted calls with the real recogniser and conversations, and one of them over real SIP."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.practice import simulate_scripts
from voice.simulate.script import CallScript, load_scripts

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
OVER_SIP = "asks for a person by key"


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


@pytest.mark.slow
def test_a_call_over_real_sip_goes_as_it_should() -> None:
    (done,) = simulate_scripts(scripts(OVER_SIP), transport="sip", voices=CALLS / "voices")
    assert done.faults == []
