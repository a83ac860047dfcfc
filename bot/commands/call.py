"""`nuanxian call`: play a recorded or a scripted caller to the line, and see what it makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.opening import Db, fail
from bot.logs import configure
from voice.call import Event

WRONG_FILE = 2
EXPECTATION_FAILED = 1

app = typer.Typer(
    help="Calls without a telephone: replay recordings, simulate callers.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON event a line")]


@app.command()
def replay(
    file: Annotated[
        Path, typer.Argument(help="The caller's side of a call: any WAV, or whatever FFmpeg reads")
    ],
    caller: Annotated[str, typer.Option(help="The number that calls; withheld by default")] = "anonymous",
    expect: Annotated[
        list[str] | None,
        typer.Option(help="Must have come: emergency, handoff, order, order:ITEM, or a text heard or said"),
    ] = None,
    as_json: AsJson = False,
    out: Annotated[Path | None, typer.Option(help="Write both sides here: caller left, line right")] = None,
    db: Db = None,
    real_time: Annotated[
        bool, typer.Option("--real-time/--fast", help="At the speed of a call, or as fast as possible")
    ] = False,
    after_greeting: Annotated[
        bool,
        typer.Option(
            "--after-greeting/--at-once", help="The caller waits for the greeting, or talks over it"
        ),
    ] = True,
    patient: Annotated[
        bool,
        typer.Option(
            "--patient/--continuous", help="Wait in its pauses until the line has spoken, or play on"
        ),
    ] = False,
    now: Annotated[
        datetime | None, typer.Option(help="When the call is made (local time); matters for «tomorrow»")
    ] = None,
) -> None:
    """Play a recording to the line. Exit code 1: an expectation failed; 2: the file can not be read."""
    from bot.practice import replay_file
    from voice.replay import Pacing
    from voice.sound_file import SoundFileError

    configure("warning")
    pacing = Pacing(after_greeting=after_greeting, patient=patient, realtime=real_time)
    try:
        played = asyncio.run(
            replay_file(
                file, caller=caller, db=db, now=now, out=out, pacing=pacing, on_event=_printer(as_json)
            )
        )
    except SoundFileError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(WRONG_FILE) from None
    missing = [wish for wish in expect or () if not came(wish, played.events)]
    for wish in missing:
        typer.echo(f"expected and did not come: {wish}", err=True)
    if missing:
        raise typer.Exit(EXPECTATION_FAILED)


@app.command()
def simulate(
    script: Annotated[Path, typer.Argument(help="YAML file of scripted calls, or a folder of them")],
    transport: Annotated[
        str, typer.Option(help="loopback, or sip: a real SIP call on this machine")
    ] = "loopback",
    at_once: Annotated[int, typer.Option(min=1, help="With sip: so many calls at the same time")] = 1,
    only: Annotated[str, typer.Option("-k", help="Only calls whose name has this")] = "",
    as_json: AsJson = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the recordings of the calls")] = None,
) -> None:
    """Speak scripted callers to the line, each on a database of its own. Exit code 1: a call went wrong."""
    from bot.practice import simulate_scripts
    from voice.simulate.script import ScriptError, load_scripts

    configure("error")
    if transport not in ("loopback", "sip"):
        raise fail("--transport is loopback or sip")
    files = sorted(script.glob("*.yaml")) if script.is_dir() else [script]
    try:
        scripts = [one for file in files for one in load_scripts(file) if only in one.name]
    except ScriptError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(WRONG_FILE) from None
    kept = files[0].parent / "voices" if files else script
    voices = kept if kept.is_dir() else None
    failed = 0
    for done in simulate_scripts(scripts, transport=transport, out=out, voices=voices, at_once=at_once):
        failed += not done.passed
        if as_json:
            typer.echo(
                json.dumps(
                    {"name": done.script.name, "faults": done.faults, "events": done.events},
                    ensure_ascii=False,
                )
            )
        else:
            typer.echo(f"{'ok  ' if done.passed else 'FAIL'} {done.script.name}")
            for fault in done.faults:
                typer.echo(f"       {fault}")
    typer.echo(f"{len(scripts) - failed} of {len(scripts)} calls went as they should", err=True)
    if failed or not scripts:
        raise typer.Exit(EXPECTATION_FAILED)


def came(wish: str, events: list[Event]) -> bool:
    """Whether an expectation of `--expect` was met."""
    from voice.turns.phrase import bare

    kind, _, value = wish.partition(":")
    if kind in ("emergency", "handoff", "order", "ended"):
        found = [event for event in events if event["event"] == kind]
        return any(not value or value in (event.get("item"), event.get("reason")) for event in found)
    return any(bare(wish) in bare(event["text"]) for event in events if event.get("text"))


def _printer(as_json: bool) -> Callable[[Event], None]:
    def show(event: Event) -> None:
        if as_json:
            typer.echo(json.dumps(event, ensure_ascii=False))
            return
        facts = {key: value for key, value in event.items() if key not in ("event", "at_ms", "text")}
        text = event.get("text") or ", ".join(f"{key} {value}" for key, value in facts.items() if value)
        typer.echo(f"{event['at_ms'] / 1000:7.1f} s  {event['event']:12} {text}")

    return show
