"""Calls without a telephone: a recording or a scripted caller on a line of its own, answered by the real thing."""

from __future__ import annotations

import asyncio
import csv
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from backend.domain.local_time import local_now
from backend.services.import_people import import_people
from backend.store.open import Store, open_store
from bot.composition import House, build_dialogue, open_house
from bot.conversations import Conversations
from bot.phone_desk import open_desk
from config.settings import load_settings, project_folder
from voice.call import Event
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing
from voice.replay import Pacing, Replayed, line_rate, replay
from voice.simulate.run import Simulated, simulate
from voice.simulate.script import CallScript
from voice.simulate.sip import simulate_over_sip
from voice.simulate.sound import RATE, CallerVoices
from voice.simulate.tape import Tape
from voice.sound_file import read_sound, write_wav
from voice.speaking.kokoro import KokoroVoice
from voice.speaking.speaking import open_speaking
from voice.speaking.voice import Speaking
from voice.stand_in import StandInVoice
from voice.turns.profile import NoProfiles


async def replay_file(
    file: Path,
    *,
    caller: str,
    db: str | None,
    now: datetime | None,
    out: Path | None,
    pacing: Pacing,
    on_event: Callable[[Event], None],
) -> Replayed:
    """Play a sound file to the line; write both sides to `out` if given. Raises SoundFileError.

    Without `out` nobody listens, so that the answers need not be rendered: they only take their time.
    """
    recording, rate = read_sound(file, to_rate=line_rate)
    house = open_house(db=db)
    hearing = await open_hearing()
    speaking: Speaking = open_speaking() if out else StandInVoice()
    clock = _fixed(now) if now else local_now
    desk = open_desk(house, hearing=hearing, speaking=speaking, profiles=NoProfiles(), clock=clock)
    try:
        played = await replay(recording, rate, desk, caller=caller, on_event=on_event, pacing=pacing)
    finally:
        await hearing.close()
        await speaking.close()
        house.store.close()
    if out:
        write_wav(out, played.stereo(), rate)
    return played


def caller_voices(folder: Path | None = None) -> CallerVoices:
    """Synthetic callers; what they say is kept in `folder` (default: var/speech/callers)."""
    var = project_folder() / "var"

    def open_voice(speaker: str) -> KokoroVoice:
        return KokoroVoice(speaker, models=var / "models" / "kokoro")

    return CallerVoices(folder or var / "speech" / "callers", open_voice)


def simulate_scripts(
    scripts: Sequence[CallScript],
    *,
    transport: str = "loopback",
    out: Path | None = None,
    voices: Path | None = None,
) -> Iterator[Simulated]:
    """Each call on a fresh database, one after another. `out`: folder for WAV files of both sides."""
    spoken = caller_voices(voices)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    with _databases() as databases, asyncio.Runner() as runner:
        hearing = runner.run(open_hearing())
        silent = transport == "loopback" and out is None
        speaking: Speaking = StandInVoice() if silent else runner.run(_open_mouth())
        try:
            for script in scripts:
                with databases.house(script) as house:
                    yield runner.run(_simulated(script, house, hearing, speaking, spoken, transport, out))
        finally:
            runner.run(hearing.close())
            runner.run(speaking.close())


async def _open_mouth() -> Speaking:
    return open_speaking()


async def _simulated(
    script: CallScript,
    house: House,
    hearing: Hearing,
    speaking: Speaking,
    voices: CallerVoices,
    transport: str,
    out: Path | None,
) -> Simulated:
    clock = _fixed(script.now)
    desk = open_desk(house, hearing=hearing, speaking=speaking, profiles=NoProfiles(), clock=clock)
    tape = Tape() if out is not None else None
    if transport == "sip":
        done = await simulate_over_sip(script, desk, voices, recorder=tape)
    else:
        done = await simulate(script, desk, voices, recorder=tape)
    if out is not None and tape is not None:
        write_wav(out / f"{script.name.replace(' ', '_')}.wav", tape.stereo(), RATE)
    return done


class _Databases:
    """A migrated database is made once; every call gets a copy of it with the people it needs."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._dialogue = folder, build_dialogue()
        self._empty = folder / "empty.sqlite"
        open_store(load_settings(db=f"sqlite:///{self._empty}")).close()

    @contextmanager
    def house(self, script: CallScript) -> Iterator[House]:
        path = self._folder / "call.sqlite"
        shutil.copyfile(self._empty, path)
        settings = load_settings(db=f"sqlite:///{path}")
        store = open_store(settings)
        try:
            if script.people:
                _import(script, store, self._folder / "people.csv")
            yield House(settings, store, Conversations(store, self._dialogue))
        finally:
            store.close()


@contextmanager
def _databases() -> Iterator[_Databases]:
    with tempfile.TemporaryDirectory() as folder:
        yield _Databases(Path(folder))


def _import(script: CallScript, store: Store, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, sorted({key for row in script.people for key in row}), restval="")
        writer.writeheader()
        writer.writerows(script.people)
    result = import_people(file, store, today=script.now.date())
    if result.problems:
        raise ValueError(f"{script.name}: people: {result.problems[0]}")


def _fixed(began: datetime) -> Callable[[], datetime]:
    """A clock that stands at the beginning of the call; the call adds its own time."""
    return lambda: began
