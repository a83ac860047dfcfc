"""Turn taking with real ears on the clock of the sound: pauses within sentences, interruptions, people talking in the room.

What callers say stands in `turns.yaml`; they are synthetic (no recordings of elders could be had), eight voices at four
speeds. Everything goes through the pipeline of a real call, as fast as the recogniser goes. Answers are canned.
`--set practice`: the sentences that the line was mended with.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bot.logs import configure
from bot.practice import caller_voices
from tests.bench.bench_call import OPEN, VOICES, desk, script_of
from tests.bench.figure import Figure
from tests.bench.interval import share_of, spread
from voice.audio.g711 import decode_ulaw
from voice.audio.level import level_dbfs
from voice.conversation import Answer
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Heard, Hearing, Hint, VoiceDetector
from voice.line.line import FRAME_MS, Samples
from voice.simulate.run import Simulated, simulate
from voice.simulate.script import Conditions, Move
from voice.simulate.sound import BABBLE, NOISE_S, RATE, SPEECH_DB, CallerVoices, levelled
from voice.speaking.speaking import SpeakingOptions
from voice.speaking.weights import fetch_speakers
from voice.turns.phrase import Phrase

CASES = Path(__file__).with_name("turns.yaml")
OPEN_QUESTION = None
PAUSES_S = (0.8, 1.2, 1.6, 2.0, 2.5)
SPEAKERS = (
    "zf_xiaobei",
    "zm_yunjian",
    "zf_xiaoyi",
    "zm_yunxi",
    "zf_xiaoni",
    "zm_yunyang",
    "zf_xiaoxiao",
    "zm_yunxia",
)
SPEEDS = (0.9, 1.0, 0.8, 1.1)
ACTIVITY_MARGIN_DB = 15.9  # ITU-T P.56: what is softer than active speech by more is no part of it
SHOWN = 12  # sentences of a list that went wrong
# Events that say that we took the turn, whatever was made of it.
TAKEN = ("heard", "nothing_heard", "reply")
LONG_REPLY = Answer(
    ("送饭、打扫、洗澡、看病，都能叫人上门。", "补贴、低保、社保卡，也能代办。", "您要办哪一样？")
)
VOICES_EACH = 3  # say every interruption
INTO_MS, EVERY_MS, MOST_INTO_MS = 900, 437, 6_900  # where in our answer they begin
FRAME = RATE * FRAME_MS // 1000
ROOMS = (1, 2, 6)  # people who talk in the room
CALLS_EACH = 14  # in each room …
TURNS_EACH = 5  # … of so many turns of the caller, and one prompt more
GAPS_S = (0.1, 0.8)  # between what somebody in the room says
LONG_CLIP_S = 1.2  # what is shorter is an answer, nobody's talk

Step = Callable[[int, int], None]  # told how many of how many are done


def silently(done: int, of: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with a pause in it, in answer to `asks`."""

    text: str  # «|» is where the pause stands
    asks: str | None
    pause_s: float
    conditions: Conditions

    @property
    def spoken(self) -> str:
        return self.text.replace("|", f"[{self.pause_s}]")


@dataclass(frozen=True, slots=True)
class Cases:
    """`turns.yaml`; the sets are sentences by what was asked."""

    sets: Mapping[str, Mapping[str, Sequence[str]]]
    interruptions: Sequence[str]


@cache
def read_cases() -> Cases:
    raw = yaml.safe_load(CASES.read_text("utf-8"))
    interruptions = raw.pop("interruptions")
    return Cases(raw, interruptions)


def pauses_set(which: str) -> list[Said]:
    """Every sentence of a set with every pause, each in two voices."""
    rows = [(asks, text) for asks, texts in read_cases().sets[which].items() for text in texts]
    return [
        Said(text, OPEN_QUESTION if asks == "open" else asks, pause, _speaker(2 * number + place % 2))
        for number, (asks, text) in enumerate(rows)
        for place, pause in enumerate(PAUSES_S)
    ]


def _speaker(number: int) -> Conditions:
    speed = SPEEDS[number // len(SPEAKERS) % len(SPEEDS)]
    return Conditions(voice=SPEAKERS[number % len(SPEAKERS)], speed=speed)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--set", default="judge", choices=tuple(read_cases().sets))
    arguments.add_argument("-k", default="", help="only measurements that have this word in their names")
    given = arguments.parse_args()
    configure("error")
    asyncio.run(_measure(given.set, given.k))


async def _measure(which: str, word: str) -> None:
    measures: dict[str, Callable[..., Any]] = {
        "cut-offs": cut_offs,
        "barge-in": barge_in,
        "background": background,
    }
    voices, hearing = all_callers(), await open_hearing()
    try:
        for name, measure in measures.items():
            options = {"which": which} if measure is cut_offs else {}
            if word in name:
                for figure in await measure(hearing, voices, step=_shown(name), **options):
                    print(figure, flush=True)
    finally:
        await hearing.close()


def all_callers() -> CallerVoices:
    """Callers in every voice; those that are not there yet are fetched. Raises SpeakingError where they can not be."""
    fetch_speakers(SpeakingOptions().models)
    return caller_voices()


def _shown(name: str) -> Step:
    def step(done: int, of: int) -> None:
        print(f"\r{name} {done}/{of}", end="\n" if done == of else "", flush=True)

    return step


async def cut_offs(
    hearing: Hearing, voices: CallerVoices, *, which: str = "judge", every: int = 1, step: Step = silently
) -> list[Figure]:
    """How often a pause within a sentence is taken for its end, and what that patience costs. `every`: a smaller sample."""
    said = pauses_set(which)[::every]
    later = [] if which == "afterthoughts" else pauses_set("afterthoughts")[::every]
    done: list[Simulated] = []
    remembering = _Remembering(hearing)
    for one in (*said, *later):
        done.append(await _answered(one, remembering, voices))
        step(len(done), len(said) + len(later))
    cut = [one for one, call in zip(said, done, strict=False) if _is_cut_off(call)]
    spoiled = sum(map(_is_cut_off, done[len(said) :]))
    waits = [wait for call in done[: len(said)] for wait in _waits_s(call)]
    found = [
        Figure(
            "false cut-offs in a pause",
            share_of(len(cut), len(said)),
            "< 5 %",
            met=len(cut) < 0.05 * len(said),
        ),
        Figure("  by pause", _by(said, cut, lambda one: f"{one.pause_s} s")),
        Figure("  by what was asked", _by(said, cut, lambda one: one.asks or "open")),
        *(Figure("  cut off", text) for text in _listed(cut)),
        Figure("  silence at the end of these turns until it was ours", spread(waits)),
    ]
    if later:
        found.append(
            Figure("  afterthoughts, after a whole sentence, come too late", share_of(spoiled, len(later)))
        )
    return found


async def _answered(one: Said, hearing: Hearing, voices: CallerVoices) -> Simulated:
    script = replace(script_of([Move(one.spoken)]), conditions=one.conditions)
    return await simulate(script, desk(hearing, Answer(("好。",), asks=one.asks)), voices)


def _is_cut_off(call: Simulated) -> bool:
    began, ended = call.spoken_ms[0]
    return any(began < event["at_ms"] < ended for event in call.events if event["event"] in TAKEN)


def _waits_s(call: Simulated) -> Iterator[float]:
    """How long we waited after the last word, clear answers to closed questions left out."""
    _, ended = call.spoken_ms[0]
    for event in call.events:
        if event["event"] == "heard" and event["at_ms"] >= ended and event["taken_as"] != Phrase.CLOSED:
            yield (event["at_ms"] - ended) / 1000
            return


def _by(said: Sequence[Said], cut: Sequence[Said], key: Callable[[Said], str]) -> str:
    """«0.8 s 0/64, 1.2 s 1/64»"""
    kinds = dict.fromkeys(map(key, said))
    return ", ".join(
        f"{kind} {sum(key(one) == kind for one in cut)}/{sum(key(one) == kind for one in said)}"
        for kind in kinds
    )


def _listed(cut: Sequence[Said]) -> Iterator[str]:
    texts = list(dict.fromkeys(one.text for one in cut))
    for text in texts[:SHOWN]:
        yield f"«{text}» at {', '.join(f'{one.pause_s} s' for one in cut if one.text == text)}"
    if len(texts) > SHOWN:
        yield f"and {len(texts) - SHOWN} more"


async def barge_in(
    hearing: Hearing, voices: CallerVoices, *, every: int = 1, step: Step = silently
) -> list[Figure]:
    """From the caller's first active speech (ITU-T P.56) to our silence, wherever in our answer they begin."""
    interruptions = list(_interruptions())[::every]
    stops: list[float] = []
    slow: list[str] = []
    for number, (move, conditions) in enumerate(interruptions):
        script = replace(script_of([move]), conditions=conditions)
        done = await simulate(script, desk(hearing, LONG_REPLY), voices)
        step(number + 1, len(interruptions))
        stopped = _stopped_s(done, _audible_after_ms(voices.say(move.text or "", conditions)))
        stops += [] if stopped is None else [stopped]
        if stopped is None or stopped > 0.2:
            slow.append(f"«{move.text}» {'never' if stopped is None else f'{1000 * stopped:.0f} ms'}")
    missed = len(interruptions) - len(stops)
    within = sum(stopped <= 0.2 for stopped in stops)
    return [
        Figure(
            "barge-in, caller begins to our silence",
            f"{spread(stops)}; missed {missed}; within 200 ms {share_of(within, len(interruptions))}",
            "p95 ≤ 200 ms, none missed",
            met=bool(stops) and not missed and sorted(stops)[int(0.95 * len(stops))] <= 0.2,
        ),
        *(Figure("  later", text) for text in slow[:SHOWN]),
    ]


def _interruptions() -> Iterator[tuple[Move, Conditions]]:
    for number, text in enumerate(read_cases().interruptions):
        for turn in range(VOICES_EACH):
            place = number * VOICES_EACH + turn
            into_ms = INTO_MS + place * EVERY_MS % (MOST_INTO_MS - INTO_MS)
            yield Move(text, over_ms=into_ms), _speaker(place)


def _audible_after_ms(sound: Samples) -> int:
    """The silence before a soft first consonant: nobody could hear yet that somebody speaks."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return next(
        number * FRAME_MS
        for number, frame in enumerate(frames)
        if level_dbfs(frame) >= SPEECH_DB - ACTIVITY_MARGIN_DB
    )


def _stopped_s(call: Simulated, audible_after_ms: int) -> float | None:
    """None: we went on as long as they spoke."""
    began, ended = call.spoken_ms[0]
    began += audible_after_ms
    stopped = [
        event["at_ms"] for event in call.events if event["event"] == "barge_in" and event["at_ms"] >= began
    ]
    return (stopped[0] - began) / 1000 if stopped and stopped[0] < ended else None


async def background(
    hearing: Hearing, voices: CallerVoices, *, calls_each: int = CALLS_EACH, step: Step = silently
) -> list[Figure]:
    """How often people in the room, 15 dB softer than the caller, stop what we say. The caller speaks in turn with us."""
    speech = _talk(VOICES)
    counted: dict[int, tuple[int, int]] = {}
    turns = 0
    for place, people in enumerate(ROOMS):
        stopped = prompts = 0
        for number in range(calls_each):
            room = _Room(voices, room_of(speech, people, seed=100 * people + number))
            conditions = Conditions(noise="babble", snr_db=15.0)
            says = [Move(OPEN[(number + turn) % len(OPEN)]) for turn in range(TURNS_EACH)]
            script = [*says, Move(hang_up=True)]
            done = await simulate(
                replace(script_of(script), conditions=conditions), desk(hearing, LONG_REPLY), room
            )
            each = _prompts(done)
            prompts, stopped = prompts + len(each), stopped + sum(each)
            turns += _taken_for_a_turn(done)
            step(place * calls_each + number + 1, len(ROOMS) * calls_each)
        counted[people] = (stopped, prompts)
    stopped, prompts = (sum(column) for column in zip(*counted.values(), strict=True))
    by_room = "; ".join(f"{people}: {share_of(*of)}" for people, of in counted.items())
    return [
        Figure(
            "false barge-in, people talking at 15 dB",
            f"{share_of(stopped, prompts)}; {turns} times taken for a turn",
            "< 3 %",
            met=stopped < 0.03 * prompts,
        ),
        Figure("  by how many talk", by_room),
    ]


class _Remembering:
    """The recognisers of this installation, which need not read the very same sound twice: the beginning of a sentence is the
    same before every pause."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._known: dict[tuple[bytes, int, Hint], Heard] = {}

    def detector(self) -> VoiceDetector:
        return self._hearing.detector()

    async def recognise(self, samples: Samples, rate: int, hint: Hint, *, call_id: str) -> Heard:
        key = (samples.tobytes(), rate, hint)
        if key not in self._known:
            self._known[key] = await self._hearing.recognise(samples, rate, hint, call_id=call_id)
        return self._known[key]

    async def close(self) -> None:
        """Whoever opened the recognisers closes them."""


class _Room(CallerVoices):
    """The same callers in a room with other people."""

    def __init__(self, callers: CallerVoices, room: Samples) -> None:
        super().__init__(callers.folder, callers.open_voice)
        self._open, self._room_sound = callers._open, room

    def babble(self) -> Samples:
        return self._room_sound


def room_of(speech: Sequence[Samples], people: int, seed: int) -> Samples:
    """`NOISE_S` seconds of so many people who talk all the time, each with short gaps, as loud together as a caller."""
    chance = np.random.default_rng(seed)
    size = NOISE_S * RATE
    voices = np.zeros((people, size))
    for voice in voices:
        at = 0
        while at < size:
            clip = speech[int(chance.integers(len(speech)))][: size - at]
            voice[at : at + len(clip)] = clip
            at += len(clip) + round(chance.uniform(*GAPS_S) * RATE)
    return levelled(voices.sum(axis=0) / people, SPEECH_DB)


def _talk(folder: Path) -> list[Samples]:
    """What the scripted callers say, as far as it is long enough to be talk."""
    files = (file for file in sorted(folder.glob("*.ulaw")) if file.name != BABBLE)
    return [sound for file in files if len(sound := decode_ulaw(file.read_bytes())) >= LONG_CLIP_S * RATE]


def _prompts(call: Simulated) -> list[bool]:
    """Of each thing that we said, whether somebody else than the caller stopped it."""
    stopped: list[bool] = []
    for event in call.events:
        if event["event"] == "reply":
            stopped.append(False)
        elif (
            event["event"] == "barge_in" and stopped and not _by_caller(call, event["at_ms"], event["at_ms"])
        ):
            stopped[-1] = True
    return stopped


def _taken_for_a_turn(call: Simulated) -> int:
    heard = [event for event in call.events if event["event"] == "heard"]
    return sum(not _by_caller(call, event["start_ms"], event["end_ms"]) for event in heard)


def _by_caller(call: Simulated, start_ms: int, end_ms: int) -> bool:
    return any(start_ms <= ended and end_ms >= began for began, ended in call.spoken_ms)


if __name__ == "__main__":
    main()
