"""Calls without a telephone: a recording or a scripted caller on a line of its own, answered by the real thing."""

from __future__ import annotations

import asyncio
import csv
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backend.domain.local_time import local_now
from backend.services.import_people import import_people
from backend.store.open import Store, open_store
from bot.composition import House, build_dialogue, open_house
from bot.conversations import Conversations
from bot.phone_desk import open_desk
from config.settings import load_settings, project_folder
from voice.call import Desk, Event
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing
from voice.replay import Pacing, Replayed, line_rate, replay
from voice.simulate.run import Simulated, simulate
from voice.simulate.script import CallScript
from voice.simulate.sip import Stage, open_stage, simulate_over_sip
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
    at_once: int = 1,
    speaking: Speaking | None = None,
) -> Iterator[Simulated]:
    """Each call on a fresh database. `out`: folder for WAV files of both sides.

    Over SIP `at_once` calls talk at the same time. `speaking`: another voice than this installation's; it is closed.
    """
    spoken = caller_voices(voices)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    with _databases() as databases, asyncio.Runner() as runner:
        hearing = runner.run(open_hearing())
        if speaking is None:
            silent = transport == "loopback" and out is None
            speaking = StandInVoice() if silent else runner.run(_open_mouth())
        practice = _Practice(databases, hearing, speaking, spoken, out)
        try:
            if transport == "sip":
                for first in range(0, len(scripts), at_once):
                    yield from runner.run(practice.over_sip(scripts[first : first + at_once]))
            else:
                for script in scripts:
                    yield runner.run(practice.on_loopback(script))
        finally:
            runner.run(hearing.close())
            runner.run(speaking.close())


async def _open_mouth() -> Speaking:
    return open_speaking()


@dataclass(frozen=True, slots=True)
class _Practice:
    """What scripted calls share."""

    databases: _Databases
    hearing: Hearing
    speaking: Speaking
    voices: CallerVoices
    out: Path | None

    async def on_loopback(self, script: CallScript) -> Simulated:
        with self._prepared(script) as (desk, tape):
            return await simulate(script, desk, self.voices, recorder=tape)

    async def over_sip(self, scripts: Sequence[CallScript]) -> list[Simulated]:
        """All of them at once."""
        async with open_stage(len(scripts)) as stage:
            return await asyncio.gather(*(self._over_sip(script, stage) for script in scripts))

    async def _over_sip(self, script: CallScript, stage: Stage) -> Simulated:
        with self._prepared(script) as (desk, tape):
            return await simulate_over_sip(script, stage, desk, self.voices, recorder=tape)

    @contextmanager
    def _prepared(self, script: CallScript) -> Iterator[tuple[Desk, Tape | None]]:
        tape = Tape() if self.out is not None else None
        with self.databases.house(script) as house:
            yield (
                open_desk(
                    house,
                    hearing=self.hearing,
                    speaking=self.speaking,
                    profiles=NoProfiles(),
                    clock=_fixed(script.now),
                ),
                tape,
            )
        if self.out is not None and tape is not None:
            write_wav(self.out / f"{script.name.replace(' ', '_')}.wav", tape.stereo(), RATE)


class _Databases:
    """A migrated database is made once; every call gets a copy of it with the people it needs."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._dialogue = folder, build_dialogue()
        self._empty, self._calls = folder / "empty.sqlite", 0
        open_store(load_settings(db=f"sqlite:///{self._empty}")).close()

    @contextmanager
    def house(self, script: CallScript) -> Iterator[House]:
        self._calls += 1
        path = self._folder / f"call-{self._calls}.sqlite"
        shutil.copyfile(self._empty, path)
        settings = load_settings(db=f"sqlite:///{path}")
        store = open_store(settings)
        try:
            if script.people:
                _import(script, store, path.with_suffix(".csv"))
            conversations = Conversations(store, self._dialogue)
            if self._calls == 1:
                conversations.warm_up(script.now)
            yield House(settings, store, conversations)
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
