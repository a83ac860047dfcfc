"""`nuanxian models`: the weights that hearing needs: which there are, fetch them, check them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from bot.commands.opening import fail
from voice.hearing.models import Model, ModelError, damaged_files, load_models, missing_files
from voice.hearing.models import fetch as fetch_model
from voice.hearing.settings import HearingSettings

app = typer.Typer(help="Weights of the recognisers: list, fetch, check.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(help="Which; default: all that can be fetched.")]
_MEGA = 1_000_000


@app.command("list")
def list_models() -> None:
    """Every model: what it is for, its licence, size and hashes, whether it is there, and what works without it."""
    for model in load_models().values():
        size = f", {model.bytes / _MEGA:.1f} MB" if model.files else ""
        typer.secho(f"{model.name}: {_there(model)}", bold=True)
        typer.echo(f"  {model.purpose}; {model.licence}{size}; {model.source}")
        typer.echo(f"  without it: {model.without}")
        for file in model.files:
            typer.echo(f"    {file.sha256}  {file.name}")
    typer.echo(f"folder: {_folder()}")


@app.command()
def fetch(names: Names = None) -> None:
    """Bring models: joined from installed packages, else downloaded (NUANXIAN_MODELS_MIRROR: from there)."""
    mirror = HearingSettings().models_mirror
    for model in _chosen(names):
        with Progress(transient=True) as progress:
            come = partial(progress.advance, progress.add_task(model.name, total=model.bytes))
            try:
                fetch_model(model, _folder() / model.name, mirror=mirror, told=come)
            except ModelError as problem:
                raise fail(str(problem)) from None
        typer.echo(f"{model.name} is in {_folder() / model.name} ({model.licence}).")


@app.command()
def check(names: Names = None) -> None:
    """Compare the SHA-256 of every file with the pinned one; exit code 1 when something is missing or damaged."""
    bad = False
    for model in _chosen(names):
        folder = _folder() / model.name
        missing, damaged = missing_files(model, folder), damaged_files(model, folder)
        bad = bad or bool(missing or damaged)
        if damaged:
            typer.echo(f"✗ {model.name}: damaged: {', '.join(damaged)}. Delete them and fetch again.")
        elif missing:
            typer.echo(f"✗ {model.name}: missing: {', '.join(missing)}. Without it: {model.without}.")
        else:
            typer.echo(f"✓ {model.name}")
    raise typer.Exit(int(bad))


def _chosen(names: list[str] | None) -> list[Model]:
    models = load_models()
    if unknown := [name for name in names or () if name not in models]:
        raise fail(f"unknown: {', '.join(unknown)}; there are {', '.join(models)}")
    return [models[name] for name in names] if names else [model for model in models.values() if model.files]


def _there(model: Model) -> str:
    folder = _folder() / model.name
    if not model.files:
        return "yes" if folder.is_dir() else "no: bring it"
    missing = missing_files(model, folder)
    if not missing:
        return "yes"
    packaged = all(file.parts for file in model.files)
    return "in packages, joined on first use" if packaged else "no: fetch it"


def _folder() -> Path:
    return HearingSettings().models
