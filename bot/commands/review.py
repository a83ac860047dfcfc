"""`nuanxian nlu review`: say in the terminal what the sentences mean that were not understood, and export them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import Db

if TYPE_CHECKING:  # the other commands of `nuanxian nlu` start without the database
    from backend.domain.review import Sentence
    from backend.store.open import Store

app = typer.Typer()

WHO = "terminal"  # stands for the login of whoever labels here
SKIP, REJECT, STOP = "", "-", "q"


@app.callback(invoke_without_command=True)
def review(context: typer.Context, db: Db = None) -> None:
    """Label the sentences that were not understood, masked, the most frequent first. Staff can do it at /staff/review."""
    if context.invoked_subcommand is not None:
        context.obj = db
        return
    from backend.services.review import MOST_WAITING
    from bot.commands.opening import opened

    with opened(db) as store:
        with store.reading() as uow:
            waiting = uow.review.waiting(MOST_WAITING)
        typer.echo(
            f"{len(waiting)} sentences wait. a+b: labels; empty: skip; -: not fit to learn from; q: stop"
        )
        for sentence in waiting:
            if not _ask(store, sentence):
                break


@app.command()
def export(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A data file in Rasa's YAML; default: nlu/data/reviewed.yml")
    ] = None,
    db: Db = None,
) -> None:
    """Add what was labelled to a data file, to be read through before the next `nuanxian nlu train`."""
    from bot.commands.opening import fail, opened
    from nlu.data_files import DATA_FOLDER, DataFileError
    from nlu.review import Reviewed, export_reviewed

    target = file or DATA_FOLDER / "reviewed.yml"
    with opened(db or context.obj) as store, store.reading() as uow:
        labelled = [Reviewed(one.text, one.labels, one.asked) for one in uow.review.labelled()]
    try:
        count = export_reviewed(labelled, target)
    except (DataFileError, OSError) as problem:
        raise fail(str(problem)) from None
    typer.echo(f"{count} sentences added to {target}")


def _ask(store: Store, sentence: Sentence) -> bool:
    """Ask until there is an answer, and store it at once; False: stop."""
    from backend.domain.local_time import local_now
    from backend.domain.review import LabelsError
    from backend.services.review import DecideSentence, decide_sentence
    from nlu.review import UnknownLabelError, read_labels

    understood = "+".join(sentence.understood)
    asked = f", asked for {sentence.asked}" if sentence.asked else ""
    typer.echo(
        f"\n{sentence.text}\n    ({sentence.reason}, {sentence.times}×, taken for {understood}{asked})"
    )
    while True:
        answer = str(typer.prompt("labels", default="", show_default=False)).strip()
        if answer in (SKIP, STOP):
            return answer == SKIP
        try:
            labels = () if answer == REJECT else read_labels(answer)
            command = DecideSentence(sentence.id, labels, WHO, local_now())
            with store.unit_of_work() as uow:
                if not decide_sentence(command, uow):
                    typer.echo("somebody else has looked at it meanwhile")
                uow.commit()
        except (UnknownLabelError, LabelsError) as problem:
            typer.echo(str(problem))
            continue
        return True
