"""The Rasa project holds the very data that our own engine is trained on, and names all its labels."""

from pathlib import Path

import pytest
import yaml

from nlu.data_files import DATA_FOLDER, Example, data_files, fingerprint, write_file
from nlu.rasa.errors import RasaServerError
from nlu.rasa.server import same_data
from nlu.rasa_project import CONFIG_FILE, domain, project_files, with_epochs, write_project
from nlu.train import all_labels
from nlu.understanding import SLOTS

CONFIG = CONFIG_FILE.read_text(encoding="utf-8")


def pipeline(config: str) -> dict[str, dict[str, object]]:
    return {component["name"]: component for component in yaml.safe_load(config)["pipeline"]}


def test_the_domain_names_every_intent_once_and_our_slots_as_entities() -> None:
    content = yaml.safe_load(domain(["meal", "meal+bath", "meal", "affirm"]))
    assert content == {"version": "3.1", "intents": ["affirm", "meal", "meal+bath"], "entities": list(SLOTS)}


def test_intents_that_yaml_would_take_for_something_else_stay_names() -> None:
    assert yaml.safe_load(domain(["no", "1", "on"]))["intents"] == ["1", "no", "on"]


def test_the_training_files_are_taken_over_as_they_are() -> None:
    files = project_files({"items/meal.yml": "nlu: []\n"}, ["meal"], CONFIG)
    assert files == {"config.yml": CONFIG, "domain.yml": domain(["meal"]), "data/items/meal.yml": "nlu: []\n"}


def test_other_epochs_change_the_learner_and_nothing_else() -> None:
    shorter = pipeline(with_epochs(CONFIG, 3))
    assert shorter.pop("DIETClassifier")["epochs"] == 3
    usual = pipeline(CONFIG)
    del usual["DIETClassifier"]
    assert shorter == usual


def test_the_configuration_is_for_chinese_and_several_labels() -> None:
    assert yaml.safe_load(CONFIG)["language"] == "zh"
    tokenizer = pipeline(CONFIG)["JiebaTokenizer"]
    assert tokenizer["intent_tokenization_flag"] is True and tokenizer["intent_split_symbol"] == "+"


def test_the_project_of_our_data_holds_all_of_it_and_every_label(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    intents = yaml.safe_load((project / "domain.yml").read_text(encoding="utf-8"))["intents"]
    assert {label for intent in intents for label in intent.split("+")} == set(all_labels())
    assert len(data_files(project / "data")) == len(data_files(DATA_FOLDER))
    assert fingerprint(project / "data") == fingerprint(DATA_FOLDER)


def test_writing_anew_drops_files_that_are_gone_and_keeps_the_models(tmp_path: Path) -> None:
    data, project = tmp_path / "nlu", tmp_path / "project"
    write_file(data / "a.yml", [Example("送饭", ("meal",))])
    write_file(data / "b.yml", [Example("洗澡", ("bath",))])
    write_project(project, data)
    (project / "models").mkdir()
    (project / "models" / "nuanxian.tar.gz").write_bytes(b"model")
    (data / "b.yml").unlink()
    write_project(project, data, epochs=2)
    assert [path.name for path in data_files(project / "data")] == ["a.yml"]
    assert (project / "models" / "nuanxian.tar.gz").read_bytes() == b"model"


def test_a_model_of_other_data_is_not_compared(tmp_path: Path) -> None:
    data, project = tmp_path / "nlu", tmp_path / "project"
    write_file(data / "a.yml", [Example("送饭", ("meal",))])
    write_project(project, data)
    same_data(project, data)
    write_file(data / "a.yml", [Example("送饭来", ("meal",))])
    with pytest.raises(RasaServerError, match="rasa-train"):
        same_data(project, data)
