"""`make bench-voice`: everything that the telephone must reach, measured in one go. `--quick`: small samples.

It says at the start how long it will take. `-k WORD` measures some parts (several `-k`: several), `--from PART` goes on where a
run was broken off. Figures of a busy machine are worth little: the load is shown at the beginning and beside every part.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from bot.logs import configure
from bot.practice import simulate_scripts
from tests.bench import bench_call, bench_closed, bench_hearing, bench_many_calls, bench_speaking, bench_turns
from tests.bench.bench_beside_pipecat import beside_pipecat
from tests.bench.bench_turns import Step, all_callers
from tests.bench.figure import Figure
from tests.bench.interval import share_of
from tests.bench.machine import describe_machine
from tests.unit.voice.hearing.speech import FOLDER, spoken
from voice.hearing.engines import open_recogniser
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing
from voice.hearing.settings import HearingSettings
from voice.simulate.check import faults
from voice.simulate.run import Simulated
from voice.simulate.script import CallScript, load_scripts
from voice.simulate.sound import CallerVoices

CALLS = bench_call.VOICES.parent
ORDERS = (("telephone band", "none", 0.90), ("babble at 15 dB", "babble", 0.80))
QUICK_CALLS, QUICK_CLOSED, QUICK_PROMPTS, QUICK_TALK_S = 8, 26, 4, 45
QUICK_EVERY = 7  # of the turns with pauses and of the interruptions: all pauses are among them
QUICK_ROOMS = 2  # calls in each room

Measure = Callable[[Step], list[Figure]]
Live = Callable[[Hearing, CallerVoices, Step], Awaitable[list[Figure]]]


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things measured, and the minutes that it takes on a quiet machine of two cores when all has been rendered."""

    minutes: float
    quick_minutes: float
    measure: Measure


def main() -> None:
    parts = _all(quick=(given := _arguments()).quick)
    names = list(parts)
    wanted = [name for name in names if not given.k or any(word in name for word in given.k)]
    if given.go_on:
        wanted = [name for name in wanted if names.index(name) >= _place(given.go_on, names)]
    configure("error")
    print(f"{describe_machine()}, load {_load()}{', quick' if given.quick else ''}", flush=True)
    minutes = [parts[name].quick_minutes if given.quick else parts[name].minutes for name in wanted]
    print(f"{len(wanted)} parts, about {sum(minutes):.0f} minutes on a quiet machine: ", end="")
    print(", ".join(f"{name} {each:g}" for name, each in zip(wanted, minutes, strict=True)), flush=True)
    short = _measure({name: parts[name].measure for name in wanted})
    print(f"\n{short} short of their goals; load {_load()}")


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="small samples")
    arguments.add_argument("-k", action="append", default=[], help="only parts with this word in their names")
    arguments.add_argument(
        "--from", dest="go_on", default="", help="begin with the first part that has this word"
    )
    return arguments.parse_args()


def _place(word: str, names: Sequence[str]) -> int:
    found = [place for place, name in enumerate(names) if word in name]
    if not found:
        raise SystemExit(f"no part has {word!r} in its name; there are: {', '.join(names)}")
    return found[0]


def _measure(wanted: Mapping[str, Measure]) -> int:
    """Show the figures of each part as soon as they are there. How many fall short of their goals."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    short = 0
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("", total=len(wanted))
        for name, measure in wanted.items():
            progress.update(task, description=name)
            began, load = time.monotonic(), _load()
            try:
                figures = measure(_step(progress, task, name))
            except KeyboardInterrupt:
                raise SystemExit(f"\nbroken off; to go on: --from '{name}'") from None
            except Exception as problem:  # one that breaks must not cost the others
                figures = [Figure(name, f"broke off: {type(problem).__name__}: {problem}", met=False)]
            short += sum(figure.met is False for figure in figures)
            took = f"{time.monotonic() - began:.0f} s, load {load.split()[0]} to {_load().split()[0]}"
            progress.console.print(f"\n{name} ({took})", highlight=False)
            for figure in figures:
                progress.console.print(f"  {figure}", highlight=False, soft_wrap=True, markup=False)
            progress.advance(task)
    return short


def _step(progress: Progress, task: TaskID, name: str) -> Step:
    return lambda done, of: progress.update(task, description=f"{name} {done}/{of}")


def _all(*, quick: bool) -> dict[str, Part]:
    """In the order in which they are measured."""
    every = QUICK_EVERY if quick else 1
    calls = 1 if quick else len(bench_call.SPEAKERS)
    rooms = QUICK_ROOMS if quick else bench_turns.CALLS_EACH
    prompts = bench_speaking.SENTENCES[:QUICK_PROMPTS] if quick else bench_speaking.SENTENCES
    talk_s = QUICK_TALK_S if quick else bench_many_calls.TALK_S
    pauses, sentences = ((1.6,), 4) if quick else ((0.8, 1.6, 2.5), 10)
    return {
        "response, open questions": _live(
            3, 1, lambda hearing, voices, _: bench_call.open_questions(hearing, voices, calls=calls)
        ),
        "response, closed questions": _live(
            2.5, 1, lambda hearing, voices, _: bench_call.closed_questions(hearing, voices, calls=calls)
        ),
        "cut-offs": _live(
            20, 3, lambda hearing, voices, step: bench_turns.cut_offs(hearing, voices, every=every, step=step)
        ),
        "barge-in": _live(
            4, 1, lambda hearing, voices, step: bench_turns.barge_in(hearing, voices, every=every, step=step)
        ),
        "background": _live(
            6, 1, lambda hearing, voices, step: bench_turns.background(hearing, voices, calls_each=rooms, step=step)
        ),
        "talking calls": _live(
            2, 1.5, lambda hearing, voices, _: bench_many_calls.talking_calls(hearing, voices, seconds=talk_s)
        ),
        "listening calls": _live(1, 1, lambda hearing, _, __: bench_many_calls.listening_calls(hearing)),
        "beside Pipecat": _live(
            14, 5,
            lambda hearing, voices, _: beside_pipecat(hearing, voices, pauses_s=pauses, sentences=sentences),
        ),
        "hearing": Part(2, 2, lambda _: bench_hearing.figures(open_recogniser(HearingSettings()), spoken(FOLDER))),
        "closed answers": Part(8, 2, lambda _: bench_closed.figures(most=QUICK_CLOSED if quick else None)),
        "orders": Part(6, 1, lambda step: orders(QUICK_CALLS if quick else None, step)),
        "prompts": Part(1, 0.5, lambda _: bench_speaking.figures(prompts)),
    }  # fmt: skip


def _live(minutes: float, quick_minutes: float, measure: Live) -> Part:
    return Part(minutes, quick_minutes, _alive(measure))


def _alive(measure: Live) -> Measure:
    """With the recognisers of this installation. What the callers say is rendered on the first run."""

    async def run(step: Step) -> list[Figure]:
        hearing = await open_hearing()
        try:
            return await measure(hearing, all_callers(), step)
        finally:
            await hearing.close()

    return lambda step: asyncio.run(run(step))


def orders(most: int | None, step: Step) -> list[Figure]:
    """The right orders, no more and no less, at the end of scripted spoken calls; known failures count as failures."""
    scripts = [one for one in _scripts() if isinstance(one.expect.get("orders"), list)][:most]
    found: list[Figure] = []
    for number, (name, noise, goal) in enumerate(ORDERS):
        before = number * len(scripts)
        found += _orders(scripts, name, noise, goal, _further(step, before, len(ORDERS) * len(scripts)))
    return found


def _further(step: Step, before: int, of: int) -> Step:
    return lambda done, _: step(before + done, of)


def _scripts() -> list[CallScript]:
    return [one for file in sorted(CALLS.glob("*.yaml")) for one in load_scripts(file)]


def _orders(scripts: Sequence[CallScript], name: str, noise: str, goal: float, step: Step) -> list[Figure]:
    loud = [
        one if noise == "none" else replace(one, conditions=replace(one.conditions, noise=noise, snr_db=15.0))
        for one in scripts
    ]
    wrong: list[str] = []
    for number, done in enumerate(simulate_scripts(loud, voices=bench_call.VOICES)):
        step(number + 1, len(loud))
        wanted = {"orders": done.script.expect["orders"], "emergency": "any", "handoff": "any"}
        if found := faults(wanted, done.events):
            wrong.append(f"{done.script.name}: {'; '.join(found)}; {_heard(done)}")
    right = len(loud) - len(wrong)
    value = f"{share_of(right, len(loud))} scripted calls"
    return [
        Figure(f"right orders at the end, {name}", value, f"≥ {goal:.0%}", met=right >= goal * len(loud)),
        *(Figure("  not right", told) for told in wrong),
    ]


def _heard(done: Simulated) -> str:
    return "heard " + " / ".join(event["text"] for event in done.events if event["event"] == "heard")


def _load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


if __name__ == "__main__":
    main()
