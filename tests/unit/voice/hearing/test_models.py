import hashlib
import http.server
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from voice.hearing.models import (
    Model,
    ModelError,
    ModelFile,
    damaged_files,
    ensure,
    fetch,
    load_models,
    missing_files,
)

CONTENT = b"weights" * 1000


def model(content: bytes = CONTENT, *, parts: tuple[str, ...] = (), url: str = "") -> Model:
    file = ModelFile("folder/model.bin", len(content), hashlib.sha256(content).hexdigest(), url, parts)
    return Model("tiny", "tests", "MIT", "https://example.org", "the keys", (file,))


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    served = tmp_path / "mirror" / "tiny" / "folder"
    served.mkdir(parents=True)
    (served / "model.bin").write_bytes(CONTENT)
    handler = partial(_Quiet, directory=str(tmp_path / "mirror"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_every_listed_file_is_pinned() -> None:
    for listed in load_models().values():
        for file in listed.files:
            assert len(file.sha256) == 64 and file.bytes > 0 and file.url.startswith("https://")


def test_a_model_is_fetched_from_the_mirror_with_its_progress(tmp_path: Path, mirror: str) -> None:
    come: list[int] = []
    fetch(model(), tmp_path / "models", mirror=mirror, told=come.append)
    assert (tmp_path / "models" / "folder" / "model.bin").read_bytes() == CONTENT
    assert sum(come) == len(CONTENT)
    assert not missing_files(model(), tmp_path / "models")


def test_what_is_not_what_was_pinned_is_refused_and_leaves_nothing(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(ModelError, match="damaged or another version"):
        fetch(model(CONTENT[::-1]), tmp_path / "models", mirror=mirror)
    assert not [path for path in (tmp_path / "models").rglob("*") if path.is_file()]


def test_a_longer_file_is_refused_without_reading_on(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(ModelError, match="another version"):
        fetch(model(CONTENT[:10]), tmp_path / "models", mirror=mirror)


def test_no_network_is_told_with_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="NUANXIAN_MODELS_MIRROR"):
        fetch(model(url="http://127.0.0.1:9/model.bin"), tmp_path)


def test_an_address_of_the_own_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no address"):
        fetch(model(url="file:///etc/passwd"), tmp_path)


def test_a_missing_model_says_what_works_without_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nuanxian models fetch tiny.*the keys"):
        ensure(model(), tmp_path)


def test_a_model_that_somebody_must_bring_says_whence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="alphacephei"):
        fetch(load_models()["vosk"], tmp_path)


def test_parts_of_packages_are_joined_once_by_many_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, part in enumerate((CONTENT[:3000], CONTENT[3000:])):
        package = tmp_path / "packages" / f"tiny_part{number}"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "part.bin").write_bytes(part)
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    packaged = model(parts=("tiny_part0/part.bin", "tiny_part1/part.bin"))
    with ThreadPoolExecutor(8) as together:
        list(together.map(lambda _: ensure(packaged, tmp_path / "models"), range(8)))
    files = [path for path in (tmp_path / "models").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [CONTENT]


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "model.bin").write_bytes(CONTENT[::-1])
    assert damaged_files(model(), tmp_path) == ["folder/model.bin"]
    assert missing_files(model(), tmp_path) == []
