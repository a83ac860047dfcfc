"""A call over the loopback line on the real conversations: it is indexed, its recording is shown, played and forgotten."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from backend.domain.local_time import local_now
from backend.domain.staff import Role, StaffUser
from backend.services.call_ports import CallRecord, RecordingUnreadableError
from bot import call_records
from bot.call_records import CallKeeper, KeptRecordings, calls_job, recordings_folder
from bot.composition import House, open_house
from bot.phone import PhoneAnswers
from bot.phone_desk import kept_profiles, recording_seals
from bot.server import build_app
from config.retention import load_retention
from tests.unit.voice.fakes import RATE, ScriptedHearing, desk, speech
from tests.unit.voice.test_call import Played, Script, _caller
from tests.unit.web.conftest import Staff, hashed, text_of
from voice.call import Call
from voice.line.loopback import pair
from voice.turns.profile import CallerProfile

CALLER = "13909510001"
WORDS = {1_000: "我想订个午饭。", 2_000: "转人工"}
UNTIL_MS = 14_000
SCRIPT: Script = [(6_000, speech(1_200)), (10_000, speech(2_200))]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("NUANXIAN_HOME", str(tmp_path))
    monkeypatch.setattr(call_records, "Call", partial(Call, lockstep=True))  # faster than it is spoken
    opened = open_house(db=f"sqlite:///{tmp_path / 'line.sqlite'}", rescue=False)
    with opened.store.unit_of_work() as uow:
        uow.staff.save(StaffUser("duty", "王建军", Role.DUTY, hashed()))
        uow.commit()
    yield opened
    opened.store.close()


@pytest.fixture
def duty(house: House) -> Staff:
    staff = Staff(TestClient(build_app(house), raise_server_exceptions=False))
    staff.sign_in("duty")
    return staff


async def call(house: House, *, keeps: bool = True) -> CallRecord:
    """One call served as the running line does."""
    ours, theirs = pair(RATE, CALLER, "12345", realtime=False)
    served = desk(ScriptedHearing(WORDS), PhoneAnswers(house.conversations))  # type: ignore[arg-type]
    caller = asyncio.create_task(_caller(theirs, SCRIPT, UNTIL_MS, Played()))
    seal = recording_seals(house.settings)[0] if keeps else None
    keeper = CallKeeper(house.store, seal, recordings_folder(), local_now)
    await asyncio.wait_for(keeper.run(ours, served), 30)
    await caller
    with house.store.reading() as uow:
        return uow.call_records.page(limit=1)[0]


def recordings(house: House) -> KeptRecordings:
    return KeptRecordings(recordings_folder(), recording_seals(house.settings)[1])


async def test_a_call_is_listed_shown_and_played(house: House, duty: Staff) -> None:
    record = await call(house)
    assert (record.caller, record.reason, record.flags) == (CALLER, "caller", ("handoff",))
    assert record.length_s is not None and abs(record.length_s - UNTIL_MS / 1_000) <= 1
    assert "139****0001" in text_of(duty.get("/staff/calls"))
    shown = text_of(duty.get(f"/staff/calls/{record.id}"))
    assert shown.count("我想订个午饭。") == 1 and "转给人工" in shown

    sound = duty.get(f"/staff/calls/{record.id}/sound.wav")
    with wave.open(io.BytesIO(sound.content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, RATE)
        assert abs(file.getnframes() / RATE - UNTIL_MS / 1_000) < 0.5
        sides = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    spoken = sides[6_200 * RATE // 1_000 : 7_000 * RATE // 1_000]
    assert np.abs(spoken[:, 0]).mean() > 1_000 > np.abs(spoken[:, 1]).mean(), "the caller is left"
    with house.store.reading() as uow:
        assert [access.key for access in uow.access_log.page(kind="call")] == [str(record.id)]

    with house.store.reading() as uow:
        (task,) = uow.tasks.open(10)
    assert f"/staff/calls/{record.id}" in duty.get(f"/staff/tasks/{task.id}").text


async def test_where_nothing_is_recorded_the_call_is_listed_all_the_same(house: House, duty: Staff) -> None:
    record = await call(house, keeps=False)
    assert record.reason == "caller" and not recordings_folder().exists()
    assert "没有录音" in text_of(duty.get(f"/staff/calls/{record.id}"))


async def test_an_index_that_is_broken_costs_the_row_and_not_the_call(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await call(house)
    monkeypatch.setattr("backend.store.call_records.SqlCallRecords.begin", lambda *_, **__: 1 / 0)
    assert await call(house) == before
    assert len(list(recordings_folder().rglob("*.json"))) == 2, "the call went on, and was recorded"


async def test_a_damaged_recording_is_told(house: House) -> None:
    record = await call(house)
    for path in recordings_folder().rglob(f"{record.call_id}.*"):
        path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(RecordingUnreadableError):
        recordings(house).story(record)
    with pytest.raises(RecordingUnreadableError):
        recordings(house).wav(record)


async def test_the_night_forgets_what_is_too_old_and_nothing_else(house: House) -> None:
    profiles, rules, record = kept_profiles(house.settings), load_retention(), await call(house)
    profiles.save(CALLER, CallerProfile(pace=2))
    job = calls_job(house.store, recordings_folder(), profiles, rules)
    night = local_now().replace(hour=3)
    for now in (night, night + timedelta(days=rules.calls), (night + timedelta(days=999)).replace(hour=12)):
        assert not job.run(now)
        assert recordings(house).story(record) is not None and profiles.load(CALLER).pace == 2
    assert not job.run(night + timedelta(days=rules.calls + 1))
    assert recordings(house).story(record) is None and profiles.load(CALLER).pace == 2
    with house.store.reading() as uow:
        assert not uow.call_records.page(limit=1)
    job.run(night + timedelta(days=rules.habits + 1))
    assert profiles.load(CALLER).pace == 0


async def test_the_night_deletes_the_recordings_of_forgotten_people(house: House) -> None:
    record = await call(house)
    with house.store.engine.begin() as connection:
        connection.execute(text("UPDATE calls SET withdrawn = true"))
    calls_job(house.store, recordings_folder(), kept_profiles(house.settings), load_retention()).run(
        local_now().replace(hour=3)
    )
    assert recordings(house).story(record) is None and not list(recordings_folder().rglob("*.sound"))
    with house.store.reading() as uow:
        assert not uow.call_records.withdrawn(limit=1)
