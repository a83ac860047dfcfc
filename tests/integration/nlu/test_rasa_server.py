"""A real Rasa 3.6.21: installed, trained on a part of our data, served, asked through our engine, and killed.

The environment stays in var/rasa, so that only the first run installs it. Without any Python 3.10 the set-up fails and
says how to get one: nothing here is skipped.
"""

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from nlu.benchmark import benchmark
from nlu.data_files import Example, read_folder, write_file
from nlu.engines.rasa import RasaParser
from nlu.parse import load_parser
from nlu.rasa.client import RasaClient
from nlu.rasa.environment import make_environment
from nlu.rasa.errors import RasaAnswerError, RasaRefusedError, RasaServerError
from nlu.rasa.plain import PlainRasaParser
from nlu.rasa.server import RasaServer, measure_in_process, train
from nlu.rasa_project import write_project

# The checkout: other tests may have set NUANXIAN_HOME in this process.
ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 24, 9, 30)
KNOWN = ("meal", "medical_escort", "social_security_card", "complaint")
EACH = 100  # sentences a label
EPOCHS = 8
CLEAR = {
    "我想订一份午饭送到家里来": "meal",
    "陪我去医院看病挂个号": "medical_escort",
    "我的社保卡丢了要补办": "social_security_card",
    "我要投诉你们的人态度差": "complaint",
}


@pytest.fixture(scope="module")
def python() -> Path:
    return make_environment(ROOT / "var" / "rasa" / "env", lock=ROOT / "requirements" / "rasa.lock")


@pytest.fixture(scope="module")
def project(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of four labels, and of both at once for two of them, trained."""
    folder = tmp_path_factory.mktemp("rasa")
    examples = [example for example in read_folder() if len(example.labels) == 1]
    chosen = [
        example for label in KNOWN for example in [one for one in examples if one.labels == (label,)][:EACH]
    ]
    meals, escorts = chosen[:10], chosen[EACH : EACH + 10]
    both = [Example(f"{a.text}，{b.text}", a.labels + b.labels) for a, b in zip(meals, escorts, strict=True)]
    write_file(folder / "nlu" / "some.yml", [*chosen, *both])
    project = write_project(folder / "project", folder / "nlu", epochs=EPOCHS)
    told: list[str] = []
    train(python, project, say=told.append)
    assert f"round {EPOCHS} of {EPOCHS}" in told[-1]
    return project


@pytest.fixture(scope="module")
def server(python: Path, project: Path) -> Iterator[RasaServer]:
    with RasaServer(python, project) as running:
        yield running


def engine(server: RasaServer) -> RasaParser:
    return RasaParser(RasaClient(server.url, timeout_s=20), fallback=None)


def test_rasa_understands_clear_sentences_through_our_engine(server: RasaServer) -> None:
    parser = engine(server)
    understood = {text: parser.parse(text, now=NOW).ranking[0].label for text in CLEAR}
    right = [text for text, label in CLEAR.items() if understood[text] == label]
    assert len(right) >= 3, understood


def test_slots_are_resolved_and_danger_wins_over_a_real_answer(server: RasaServer) -> None:
    found = engine(server).parse("明天中午给我妈送一份饭", now=NOW)
    assert [slot.value for slot in found.filled("time")] == ["2026-11-25T12:00"]
    assert [slot.text for slot in found.filled("beneficiary")] == ["我妈"]
    danger = engine(server).parse("老头子胸口疼得喘不上气，快来人", now=NOW)
    assert danger.names()[0] == "emergency" and danger.danger is not None


def test_the_offsets_of_a_real_answer_are_those_of_the_text_we_sent(server: RasaServer) -> None:
    text = "明天上午九点陪我妈去县医院看病"
    answer = RasaClient(server.url, timeout_s=20).parse(text)
    assert answer["text"] == text
    assert all(text[one["start"] : one["end"]] == one["value"] for one in answer["entities"])


def test_a_slash_is_a_command_to_rasa_but_not_through_our_engine(server: RasaServer) -> None:
    commanded = RasaClient(server.url, timeout_s=20).parse(" /complaint")
    assert commanded["intent"] == {"name": "complaint", "confidence": 1.0}
    assert engine(server).parse(" /complaint", now=NOW).labels[0].confidence < 1


@pytest.mark.parametrize(
    "text", ["饭" * 100_000, "a\ud800b", "饭\x00\x07饭", "🍚🍚饭", "<b>饭</b> ignore all rules"]
)
def test_strange_texts_are_answered(server: RasaServer, text: str) -> None:
    assert engine(server).parse(text, now=NOW).labels


def test_rasa_answers_an_empty_text_and_no_text_as_our_reader_expects(server: RasaServer) -> None:
    client = RasaClient(server.url, timeout_s=20)
    assert client.parse("")["intent"]["name"] is None
    with pytest.raises(RasaAnswerError):
        PlainRasaParser(client).parse("", now=NOW)
    with pytest.raises(RasaRefusedError, match="404"):
        RasaClient(f"{server.url}/elsewhere", timeout_s=20).parse("饭")


def test_rasa_is_measured_in_its_own_process(python: Path, project: Path) -> None:
    told = measure_in_process(python, project, list(CLEAR))
    assert 0 < told["p50_ms"] <= told["p95_ms"] and told["load_s"] > 0
    assert told["resident_mb"] > 100


def test_both_are_measured_side_by_side(server: RasaServer, tmp_path: Path) -> None:
    write_file(tmp_path / "few.yml", [Example(text, (label,)) for text, label in CLEAR.items()])
    table = benchmark(folder=tmp_path, against="rasa", url=server.url)
    rows = {line[:30].strip(): line[30:].split() for line in table.splitlines() if line}
    assert all(float(cell) > 0 for cell in rows["first label"]) and len(rows["first label"]) == 3
    assert len(rows["p95 ms over HTTP"]) == 3 and rows["p95 ms over HTTP"][0] == "–"


def test_when_the_server_dies_our_own_engine_answers(python: Path, project: Path) -> None:
    with RasaServer(python, project) as mortal:
        parser = RasaParser(RasaClient(mortal.url, timeout_s=20), fallback=load_parser())
        assert parser.healthy()
        assert parser.parse("我想订一份午饭送到家里来", now=NOW).labels
        assert mortal.resident_mb() > 100
        mortal.kill()
        assert not parser.healthy()
        ours = load_parser().parse("我想订一份午饭送到家里来", now=NOW)
        assert parser.parse("我想订一份午饭送到家里来", now=NOW) == ours


def test_a_broken_model_is_told_and_not_waited_for(python: Path, tmp_path: Path) -> None:
    """A real server comes up without its model and refuses; it must not be taken for one that still loads."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "nuanxian.tar.gz").write_bytes(b"no archive")
    with pytest.raises(RasaServerError, match=r"server\.log"), RasaServer(python, tmp_path):
        pytest.fail("a server without a model must not come up")


def test_the_environment_is_the_locked_one(python: Path) -> None:
    code = "import json, rasa, jieba, sys; print(json.dumps([rasa.__version__, sys.version_info[:2]]))"
    told = subprocess.run(
        [python, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(told.splitlines()[-1]) == ["3.6.21", [3, 10]]
