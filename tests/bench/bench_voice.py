"""`make bench-voice`: everything that the telephone must reach, measured in one go. `--quick`: a few minutes, small samples.

Figures of a busy machine are worth little: the load is shown at the beginning and at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.logs import configure
from bot.practice import caller_voices, simulate_scripts
from tests.bench import bench_call, bench_closed, bench_hearing, bench_many_calls, bench_speaking
from tests.bench.bench_beside_pipecat import beside_pipecat
from tests.bench.figure import Figure
from tests.bench.machine import describe_machine
from tests.unit.voice.hearing.speech import FOLDER, spoken
from voice.hearing.engines import open_recogniser
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing
from voice.hearing.settings import HearingSettings
from voice.simulate.check import faults
from voice.simulate.script import CallScript, load_scripts
from voice.simulate.sound import CallerVoices

CALLS = bench_call.VOICES.parent
ORDERS = (("telephone band", "none", 0.90), ("babble at 15 dB", "babble", 0.80))
QUICK_CALLS, QUICK_CLOSED, QUICK_PROMPTS, QUICK_TALK_S = 8, 26, 4, 45

Measure = Callable[[], list[Figure]]
Live = Callable[[Hearing, CallerVoices], Awaitable[list[Figure]]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="small samples")
    arguments.add_argument("-k", default="", help="only what has this word in its name")
    given = arguments.parse_args()
    configure("error")
    print(f"{describe_machine()}, load {_load()}{', quick' if given.quick else ''}", flush=True)
    wanted = {name: measure for name, measure in _all(quick=given.quick).items() if given.k in name}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    short = 0
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("", total=len(wanted))
        for name, measure in wanted.items():
            progress.update(task, description=name)
            began = time.monotonic()
            try:
                figures = measure()
            except Exception as problem:  # one that breaks must not cost the others
                figures = [Figure(name, f"broke off: {type(problem).__name__}: {problem}", met=False)]
            short += sum(figure.met is False for figure in figures)
            progress.console.print(f"\n{name} ({time.monotonic() - began:.0f} s)", highlight=False)
            for figure in figures:
                progress.console.print(f"  {figure}", highlight=False, soft_wrap=True)
            progress.advance(task)
    print(f"\n{short} short of their goals; load {_load()}")


def _all(*, quick: bool) -> dict[str, Measure]:
    """In the order in which they are measured."""
    pauses = (0.8, 1.6, 2.5) if quick else bench_call.PAUSES_S
    replies = 12 if quick else bench_call.BABBLE_REPLIES
    prompts = bench_speaking.SENTENCES[:QUICK_PROMPTS] if quick else bench_speaking.SENTENCES
    talk_s = QUICK_TALK_S if quick else bench_many_calls.TALK_S
    beside: Live = (
        (lambda hearing, voices: beside_pipecat(hearing, voices, pauses_s=(1.6,), sentences=4))
        if quick
        else beside_pipecat
    )
    live: dict[str, Live] = {
        "response, open questions": bench_call.open_questions,
        "response, closed questions": bench_call.closed_questions,
        "cut-offs": lambda hearing, voices: bench_call.cut_offs(hearing, voices, pauses_s=pauses),
        "barge-in": lambda hearing, voices: bench_call.barge_in(
            hearing, voices, scripts=() if quick else _scripts()
        ),
        "babble": lambda hearing, voices: bench_call.babble(hearing, voices, most=replies),
        "talking calls": lambda hearing, voices: bench_many_calls.talking_calls(
            hearing, voices, seconds=talk_s
        ),
        "listening calls": lambda hearing, _: bench_many_calls.listening_calls(hearing),
        "beside Pipecat": beside,
    }
    alone: dict[str, Measure] = {
        "hearing": lambda: bench_hearing.figures(open_recogniser(HearingSettings()), spoken(FOLDER)),
        "closed answers": lambda: bench_closed.figures(most=QUICK_CLOSED if quick else None),
        "orders": lambda: orders(QUICK_CALLS if quick else None),
        "prompts": lambda: bench_speaking.figures(prompts),
    }
    return {**{name: _alive(measure) for name, measure in live.items()}, **alone}


def _alive(measure: Live) -> Measure:
    """With the recognisers of this installation."""

    async def run() -> list[Figure]:
        hearing = await open_hearing()
        try:
            return await measure(hearing, caller_voices(bench_call.VOICES))
        finally:
            await hearing.close()

    return lambda: asyncio.run(run())


def orders(most: int | None) -> list[Figure]:
    """The right orders, no more and no less, at the end of scripted spoken calls; known failures count as failures."""
    scripts = [one for one in _scripts() if isinstance(one.expect.get("orders"), list)][:most]
    return [_orders(scripts, *condition) for condition in ORDERS]


def _scripts() -> list[CallScript]:
    return [one for file in sorted(CALLS.glob("*.yaml")) for one in load_scripts(file)]


def _orders(scripts: Sequence[CallScript], name: str, noise: str, goal: float) -> Figure:
    loud = [
        one if noise == "none" else replace(one, conditions=replace(one.conditions, noise=noise, snr_db=15.0))
        for one in scripts
    ]
    right = 0
    for done in simulate_scripts(loud, voices=bench_call.VOICES):
        wanted = {"orders": done.script.expect["orders"], "emergency": "any", "handoff": "any"}
        right += not faults(wanted, done.events)
    value = f"{right} of {len(loud)} scripted calls"
    return Figure(f"right orders at the end, {name}", value, f"≥ {goal:.0%}", met=right >= goal * len(loud))


def _load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


if __name__ == "__main__":
    main()
