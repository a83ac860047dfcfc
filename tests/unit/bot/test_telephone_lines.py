"""The lines are opened again and again, and everybody who must know learns how they stand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import SecretStr

from backend.store.open import Store, open_store
from backend.web.health import health_router
from backend.web.words import load_words
from bot import telephone_lines
from bot.commands.doctor import _telephone
from bot.telephone_lines import Lines, LineState, lines_of, sip_settings
from bot.telephone_watch import Outage, TelephoneFigures, TelephoneWatch
from config.settings import SettingsError, load_settings
from config.telephone import TelephoneSettings, load_telephone
from tests.unit.voice.fakes import MONDAY
from voice.line import trunk_look
from voice.line.line import Connection, LineError, OnCall
from voice.line.sip_settings import Codec, SipSettings

WELL = LineState("sip", None, True, calls=2, calls_in_all=9, refused=1, malformed=3)
DEAD = replace(WELL, problem="not registered at the trunk: 503 Service Unavailable", registered=False)


@dataclass
class Stubborn:
    """A line that opens at this try."""

    opens_at: int
    name: str = "stubborn"
    tries: int = 0
    closed: bool = False

    async def open(self, on_call: OnCall) -> None:
        self.tries += 1
        if self.tries < self.opens_at:
            raise LineError("the port is taken")

    async def dial(self, number: str, *, ring_s: float = 30) -> Connection:
        raise LineError("no")

    async def close(self) -> None:
        self.closed = True

    def health(self) -> dict[str, Any]:
        return {"calls": 0, "calls_in_all": 0}


async def nobody(_connection: Connection) -> None:
    """Takes calls that never come."""


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 (a line tells nobody when it is open)
            await asyncio.sleep(0.01)


async def test_a_line_that_does_not_open_is_tried_again_and_the_others_do_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telephone_lines, "FIRST_PAUSE_S", 0.05)
    ready, late = Stubborn(1, "ready"), Stubborn(3, "late")
    lines = Lines([late, ready])
    lines.start(nobody)
    await until(lambda: late.tries == 1)
    assert [line.name for line in lines.open] == ["ready"]
    assert {state.name: state.problem for state in lines.states()} == {
        "late": "the port is taken",
        "ready": None,
    }
    await until(lambda: len(lines.open) == 2)
    assert (late.tries, [state.problem for state in lines.states()]) == (3, [None, None])
    await lines.close()
    assert late.closed and ready.closed


def test_an_outage_is_told_once_when_it_has_lasted_and_once_when_it_is_over() -> None:
    outage = Outage()
    looks = [([], 0), (["x"], 10), (["x"], 69), (["x"], 70), (["x"], 99), ([], 100), ([], 101), (["x"], 102)]
    said = [outage.look(problems, at, bearable_s=60) for problems, at in looks]
    assert said == [None, None, None, True, None, False, None, None]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(load_settings(db=f"sqlite:///{tmp_path}/line.sqlite", keys=tmp_path / "keys"))
    yield store
    store.close()


async def test_staff_find_a_task_when_nobody_can_call_for_a_minute(store: Store) -> None:
    states = [DEAD]
    watch = TelephoneWatch(lambda: states, store, lambda: MONDAY)
    for now_s in (0, 59):
        await watch.look(now_s)
    with store.reading() as uow:
        assert uow.tasks.open(9) == []
    for now_s in (60, 65):
        await watch.look(now_s)
    states = [WELL]
    await watch.look(70)
    with store.reading() as uow:
        (task,) = uow.tasks.open(9)
    assert "503 Service Unavailable" in task.text and "又能打进来" in task.text
    assert load_words()("whys." + task.why)


def test_a_dead_trunk_is_told_at_readyz_and_does_not_take_the_pages_away() -> None:
    trouble = "sip: not registered at the trunk: no answer yet"
    app = FastAPI()
    app.include_router(health_router({"database": lambda: None}, {"telephone": lambda: trouble}))
    answer = TestClient(app).get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "telephone": trouble}


def test_prometheus_sees_how_each_line_stands() -> None:
    registry = CollectorRegistry()
    registry.register(TelephoneFigures(lambda: [DEAD, replace(WELL, name="audiosocket", registered=None)]))
    text = generate_latest(registry).decode()
    for line in ('nuanxian_line_up{line="sip"} 0.0', 'nuanxian_line_up{line="audiosocket"} 1.0',
                 'nuanxian_line_registered{line="sip"} 0.0', 'nuanxian_line_calls{line="sip"} 2.0',
                 'nuanxian_line_calls_refused_total{line="sip"} 1.0', 'nuanxian_line_malformed_total{line="sip"} 3.0'):  # fmt: skip
        assert line in text
    assert 'nuanxian_line_registered{line="audiosocket"}' not in text


def test_every_setting_of_the_line_reaches_it() -> None:
    given = TelephoneSettings(
        sip_registrar="sip.example.com", sip_user="12345", sip_password=SecretStr("hush"), sip_register=False,
        sip_refresh_s=60, sip_transport="tls", sip_trusted=Path(__file__), sip_codecs=("g722",),
        sip_keys_by_info=True, sip_calls_per_second=1, sip_call_burst=2, sip_caller_per_minute=3,
        sip_caller_burst=4, sip_withheld_per_minute=5, sip_withheld_burst=6,
        audiosocket_port=9092, audiosocket_address="192.0.2.1", audiosocket_allowed=("192.0.2.0/24",),
    )  # fmt: skip
    made = sip_settings(given, max_calls=7)
    assert made.trunk is not None
    assert (made.trunk.register, made.trunk.refresh_s, made.trunk.transport) == (False, 60, "tls")
    assert (made.trusted, made.verify, made.codecs, made.keys_by_info) == (
        Path(__file__),
        True,
        (Codec.G722,),
        True,
    )
    rates = made.calls_per_second, made.call_burst, made.caller_per_minute, made.caller_burst
    assert (*rates, made.withheld_per_minute, made.withheld_burst) == (1, 2, 3, 4, 5, 6)
    _, exchange = lines_of(given)
    assert exchange._settings.address == "192.0.2.1"  # type: ignore[attr-defined]
    assert exchange._settings.allowed == ("192.0.2.0/24",)  # type: ignore[attr-defined]


def test_without_settings_the_line_has_its_own_defaults() -> None:
    made, own = sip_settings(TelephoneSettings(), max_calls=100), SipSettings(address="127.0.0.1")
    assert made == own


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIP_CODECS", '["mp3"]'),
        ("SIP_ADDRESS", "localhost"),
        ("AUDIOSOCKET_ALLOWED", '["10.0.0.1/8"]'),
        ("SIP_TRANSPORT", "tls"),  # the registrar is an address: no certificate names it
    ],
)
def test_a_setting_that_can_not_work_is_named_at_the_start(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUANXIAN_SIP_REGISTRAR", "192.0.2.9")
    monkeypatch.setenv("NUANXIAN_SIP_USER", "u")
    monkeypatch.setenv(f"NUANXIAN_{name}", value)
    with pytest.raises(SettingsError, match=r"NUANXIAN_|name instead of the address"):
        lines_of(load_telephone())


def test_the_doctor_tells_of_a_trunk_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trunk_look, "TRY_S", 0.1)
    monkeypatch.setenv("NUANXIAN_TELEPHONE", "true")
    settings = load_settings(db=f"sqlite:///{tmp_path}/line.sqlite", keys=tmp_path / "keys")
    assert _telephone(settings).fine
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setenv("NUANXIAN_SIP_REGISTRAR", f"127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("NUANXIAN_SIP_USER", "u")
        found = _telephone(settings)
    assert not found.fine and not found.stops and "says nothing" in found.what
    monkeypatch.setenv("NUANXIAN_SIP_TRANSPORT", "tls")
    found = _telephone(settings)
    assert not found.fine and found.stops and "name instead of the address" in found.remedy
