"""Makes a Rasa project (configuration, domain, data) from the same files that our own engine is trained on."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from nlu.data_files import DATA_FOLDER, data_files, read_folder
from nlu.understanding import SLOTS

CONFIG_FILE = Path(__file__).parent / "rasa" / "config.yml"
JOINED = "+"  # joins the labels of one intent
LEARNER = "DIETClassifier"
DATA = "data"  # folder of the training files inside the project


def project_files(
    training: Mapping[str, str], intents: Iterable[str], config: str, *, epochs: int | None = None
) -> dict[str, str]:
    """Every file of the project by its path: the training files as they are, the domain, the configuration.

    `training` is text by path, `intents` the intents that stand in it. `epochs` replaces those of the configuration.
    """
    files = {
        "config.yml": config if epochs is None else with_epochs(config, epochs),
        "domain.yml": domain(intents),
    }
    return files | {f"{DATA}/{path}": text for path, text in training.items()}


def domain(intents: Iterable[str]) -> str:
    """Rasa's domain: the intents, and our slots as its entities."""
    content = {"version": "3.1", "intents": sorted(set(intents)), "entities": list(SLOTS)}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def with_epochs(config: str, epochs: int) -> str:
    """The configuration with another number of rounds over the training sentences."""
    content: dict[str, Any] = yaml.safe_load(config)
    for component in content["pipeline"]:
        if component["name"] == LEARNER:
            component["epochs"] = epochs
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def write_project(folder: Path, data: Path = DATA_FOLDER, *, epochs: int | None = None) -> Path:
    """Write the project folder anew; trained models in it stay. Raises DataFileError when a data file is broken."""
    training = {
        path.relative_to(data).as_posix(): path.read_text(encoding="utf-8") for path in data_files(data)
    }
    intents = {JOINED.join(example.labels) for example in read_folder(data)}
    config = CONFIG_FILE.read_text(encoding="utf-8")
    shutil.rmtree(folder / DATA, ignore_errors=True)  # a file that is gone must not be trained on
    for path, text in project_files(training, intents, config, epochs=epochs).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder
