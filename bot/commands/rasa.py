"""`nuanxian nlu rasa-train` and `rasa-serve`: Rasa as a peer, trained on our data in an environment of its own."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

Epochs = Annotated[
    int | None,
    typer.Option(min=1, help="Rounds over the training sentences; default: those of nlu/rasa/config.yml."),
]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port the Rasa server listens on.")]
Host = Annotated[str, typer.Option(help="Address it listens on.")]


def rasa_train(epochs: Epochs = None) -> None:
    """Train Rasa 3.6.21 on the same data files, in its own Python 3.10 environment (var/rasa, about 2.6 GB)."""
    from nlu.data_files import DataFileError
    from nlu.rasa.environment import make_environment, rasa_folder
    from nlu.rasa.errors import RasaError
    from nlu.rasa.server import train
    from nlu.rasa_project import write_project

    try:
        python = make_environment(say=typer.echo)
        project = write_project(rasa_folder() / "project", epochs=epochs)
        typer.echo("training Rasa: a quarter of an hour and more …")
        model = train(python, project, say=_show)
    except (RasaError, DataFileError) as problem:
        raise _fail(str(problem)) from None
    typer.echo(f"\n{model} is trained. Start it: nuanxian nlu rasa-serve")


def rasa_serve(port: Port = 5005, host: Host = "127.0.0.1") -> None:
    """Run the trained Rasa server in this process, until it is ended."""
    from nlu.rasa.environment import make_environment, process_settings, rasa_folder
    from nlu.rasa.errors import RasaError
    from nlu.rasa.server import serve_command

    project = rasa_folder() / "project"
    try:
        command = serve_command(make_environment(say=typer.echo), project, port=port, host=host)
    except RasaError as problem:
        raise _fail(str(problem)) from None
    typer.echo(f"Rasa listens on http://{host}:{port} in half a minute")
    os.chdir(project)
    sys.stdout.flush()
    os.execve(command[0], command, process_settings())  # noqa: S606 (the command is our own)


def _show(told: str) -> None:
    """The progress in one line that is written over; each on a line of its own where nobody looks on."""
    typer.echo(f"\r\033[K{told}" if sys.stdout.isatty() else told, nl=not sys.stdout.isatty())


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
