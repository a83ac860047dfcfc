"""The telephone on the real conversations and a real database; only the ears are scripted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from backend.domain.people import Elder
from backend.store.sealing import Cipher
from bot.composition import House, open_house
from bot.phone import PhoneAnswers
from bot.phone_profiles import SealedProfiles
from tests.unit.voice.fakes import KeptProfiles, ScriptedHearing, speech
from tests.unit.voice.test_call import Played, Script, play
from voice.conversation import Completeness, Judging, Said
from voice.turns.profile import CallerProfile

NOW = datetime(2026, 11, 23, 9, 10)
WORDS = {
    1_000: "我想订个午饭。",
    2_000: "明天中午",
    3_000: "金凤区长城花园三号楼二单元501",
    4_000: "我叫马秀英。",
}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "keys"))
    opened = open_house(db=f"sqlite:///{tmp_path / 'line.sqlite'}", rescue=False)
    yield opened
    opened.store.close()


async def call(house: House, script: Script, *, until_ms: int) -> Played:
    answers = PhoneAnswers(house.conversations)
    return await play(script, ScriptedHearing(WORDS), answers, until_ms=until_ms, profiles=KeptProfiles())  # type: ignore[arg-type]


async def test_an_order_is_placed_by_voice_and_key(house: House) -> None:
    script: Script = [
        (6_000, speech(1_200)), (12_000, speech(2_200)), (20_000, speech(3_200)), (31_000, speech(4_200)), (50_000, "1"),
    ]  # fmt: skip
    played = await call(house, script, until_ms=52_000)
    (order,) = played.all("order")
    assert (order["item"], order["time"], order["status"]) == ("meal", "2026-11-24T12:00", "routed")
    assert "长城花园" in order["place"]
    assert [event["asks"] for event in played.all("asks")][:2] == ["time", "place"]


async def test_a_dropped_call_goes_on_where_it_stopped(house: House) -> None:
    dropped = await call(house, [(6_000, speech(1_200)), (10_000, "hang up")], until_ms=20_000)
    assert dropped.all("asks")[-1]["asks"] == "time"
    again = await call(house, [], until_ms=3_000)
    assert "接着" in again.all("reply")[0]["text"] and again.all("asks")[0]["asks"] == "time"


async def test_whoever_wanted_it_slower_and_louder_is_spoken_to_so_the_next_day(house: House) -> None:
    profiles, wishes = KeptProfiles(), {1_000: "你说慢一点", 2_000: "声音大一点，我耳朵背"}
    for day in range(3):

        def clock(at: datetime = NOW + timedelta(days=day)) -> datetime:
            return at

        script: Script = [] if day else [(6_000, speech(1_200)), (14_000, speech(2_200))]
        await play(
            script, ScriptedHearing(wishes), PhoneAnswers(house.conversations),  # type: ignore[arg-type]
            until_ms=25_000, profiles=profiles, clock=clock,
        )  # fmt: skip
        known = profiles.load("13909510001")
        assert (known.pace, known.loudness) == (1, 1), f"forgotten on day {day}"


async def test_how_a_person_is_spoken_to_stands_in_their_record(house: House) -> None:
    with house.store.unit_of_work() as uow:
        uow.people.save(Elder(None, "k", "马秀英", phones=("13909510077",), pace=2, loudness=1))
        uow.commit()
    talk = PhoneAnswers(house.conversations).begin(caller="13909510077", call_id="a")
    greeting = await talk.answer(Said(None, NOW))
    assert (greeting.pace, greeting.loudness) == (2, 1)


async def test_two_callers_who_withhold_their_number_are_not_taken_for_one(house: House) -> None:
    answers = PhoneAnswers(house.conversations)
    first = answers.begin(caller="anonymous", call_id="a")
    await first.answer(Said(None, NOW))
    await first.answer(Said("我想订个午饭", NOW + timedelta(seconds=9)))
    second = answers.begin(caller="anonymous", call_id="b")
    greeting = await second.answer(Said(None, NOW + timedelta(seconds=30)))
    assert "接着" not in "".join(greeting.sentences) and greeting.asks is None


async def test_danger_is_urgent_and_a_person_is_a_hand_off(house: House) -> None:
    talk = PhoneAnswers(house.conversations).begin(caller="13909510001", call_id="a")
    await talk.answer(Said(None, NOW))
    danger = await talk.answer(Said("我摔倒了起不来了", NOW))
    assert danger.urgent and danger.emergency and not danger.ended
    assert {"event": "emergency"} in danger.events
    other = PhoneAnswers(house.conversations).begin(caller="13909510002", call_id="b")
    await other.answer(Said(None, NOW))
    person = await other.answer(Said("转人工", NOW, by_key=True))
    assert person.handoff and {"event": "handoff"} in person.events


@pytest.mark.parametrize(
    ("text", "is_danger"),
    [
        ("我摔倒了起不来了", True), ("哎呀我胸口疼得喘不上气", True), ("算了不用了", False),
        ("我就想问问送饭的事", False), ("给我妈", False), ("喂，还在吗", False),
    ],
)  # fmt: skip
async def test_while_a_person_is_rung_only_danger_counts_as_an_answer(
    house: House, text: str, is_danger: bool
) -> None:
    """What `voice.turns.fetching` relies on."""
    talk = PhoneAnswers(house.conversations).begin(caller="13909510002", call_id="b")
    await talk.answer(Said(None, NOW))
    await talk.answer(Said("转人工", NOW, by_key=True))
    assert isinstance(talk, Judging)
    assert (await talk.completeness(text) is Completeness.ANSWERED) is is_danger


def test_habits_are_kept_sealed_and_only_for_numbers(tmp_path: Path) -> None:
    profiles = SealedProfiles(tmp_path, Cipher(b"k" * 32))
    known = CallerProfile(pauses_ms=(500, 900), level_db=-24.0, pace=2)
    profiles.save("13909510001", known)
    profiles.save("anonymous", known)
    (file,) = tmp_path.iterdir()
    assert "13909510001" not in file.name and b"pauses" not in file.read_bytes()
    assert profiles.load("13909510001") == known
    assert profiles.load("anonymous") == profiles.load("13909510002") == CallerProfile()
    assert SealedProfiles(tmp_path, Cipher(b"x" * 32)).load("13909510001") == CallerProfile()
    file.write_bytes(b"damaged")
    assert profiles.load("13909510001") == CallerProfile()
    much_later = datetime.now() + timedelta(days=400)  # noqa: DTZ005 (local, as the files are)
    assert profiles.forget(much_later, keep_days=500) == 0
    assert profiles.forget(much_later, keep_days=365) == 1
