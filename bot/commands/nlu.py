"""`nuanxian nlu`: understand sentences, train, judge, explain, compare and review."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from bot.commands import rasa, review

app = typer.Typer(
    name="nlu",
    help="Understanding: parse, train, evaluate, explain, benchmark, review.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path | None, typer.Option(help="Folder of Rasa YAML files; default: the validation sentences.")
]


def _moment(given: str | None) -> datetime:
    return datetime.fromisoformat(given) if given else datetime.now()  # noqa: DTZ005 (local time by definition)


@app.command()
def parse() -> None:
    """JSON lines {"id","text","expecting","now"} on standard input; what was understood of each on standard output."""
    from nlu.parse import load_parser
    from nlu.understanding import Expecting

    parser = load_parser()
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        try:
            asked: dict[str, Any] = orjson.loads(line)
            expecting = asked.get("expecting") or None
            found = parser.parse(
                str(asked.get("text") or ""),
                expecting=Expecting(expecting) if expecting in set(Expecting) else None,
                alternatives=tuple(map(str, asked.get("alternatives") or ())),
                now=_moment(asked.get("now")).replace(tzinfo=None),
            )
        except (orjson.JSONDecodeError, ValueError, AttributeError, TypeError) as problem:
            answer: dict[str, Any] = {"id": None, "error": str(problem)}
        else:
            answer = {
                "id": asked.get("id"),
                "labels": [
                    {"label": one.label, "confidence": round(one.confidence, 4)} for one in found.labels
                ],
                "slots": [{"slot": one.slot, "text": one.text, "value": one.value} for one in found.slots],
            }
        sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()


@app.command()
def train(
    encoder: Annotated[
        bool, typer.Option("--encoder", help="The encoder too; needs torch (make train-encoder).")
    ] = False,
    more: Annotated[
        bool, typer.Option("--more", help="With --encoder: go on from the present one with what is new.")
    ] = False,
) -> None:
    """Train on nlu/data: the n-grams and thresholds in under two minutes, with --encoder everything."""
    from nlu.train import train_linear
    from voice.speaking.segmentation import words_of

    if encoder:
        from nlu.train_encoder import train_encoder

        train_encoder(say=typer.echo, more=more)
    train_linear(words_of=words_of, say=typer.echo)


@app.command()
def evaluate(
    folder: Folder = None,
    noise: Annotated[bool, typer.Option(help="Judge misheard sentences too.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the mishearing.")] = 2026,
    html: Annotated[Path | None, typer.Option(help="Write a report with the confusion matrix here.")] = None,
    errors: Annotated[bool, typer.Option(help="Print the sentences that were misunderstood.")] = False,
) -> None:
    """Judge the committed model on sentences it was not trained on."""
    from nlu.data_files import read_folder
    from nlu.evaluate import VALIDATION_FOLDER
    from nlu.evaluate import evaluate as judge_all
    from nlu.parse import load_parser
    from nlu.report import as_text, write_html

    done = judge_all(load_parser(), read_folder(folder or VALIDATION_FOLDER), with_noise=noise, seed=seed)
    typer.echo(as_text(done))
    if errors:
        for one in done.judged:
            if not one.is_exact:
                typer.echo(
                    f"{'+'.join(sorted(one.meant))}\t{'+'.join(sorted(one.understood))}\t{one.example.text}"
                )
    if html is not None:
        write_html(done, html)
        typer.echo(f"report: {html}")


@app.command()
def explain(
    text: str, expecting: Annotated[str | None, typer.Option(help="What the line had just asked.")] = None
) -> None:
    """Why a sentence is understood as it is: how it is read and sounds, every engine's opinion, danger, slots."""
    from nlu.explain import explain as explained

    typer.echo(explained(text, expecting=expecting, now=_moment(None)))


@app.command()
def benchmark(
    against: Annotated[
        str | None, typer.Option(help="«rasa»: side by side with Rasa, trained by `nuanxian nlu rasa-train`.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="A Rasa server that runs already; default: one is started for it.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Accuracy, latency, memory and start-up, measured in fresh processes on one core."""
    from nlu.benchmark import benchmark as measure
    from nlu.rasa.errors import RasaError

    try:
        typer.echo(measure(folder=folder, against=against, url=url))
    except (RasaError, ValueError) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None


app.add_typer(review.app, name="review")
app.command(name="rasa-train")(rasa.rasa_train)
app.command(name="rasa-serve")(rasa.rasa_serve)
