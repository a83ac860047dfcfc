from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import structlog

from tests.unit.voice.speaking.fake_voice import ToneVoice, no_voice
from voice.line.line import Samples
from voice.speaking import figures, opus, shape
from voice.speaking.cache import RATE, PromptCache, piece_name
from voice.speaking.ship import not_shipped, ship
from voice.speaking.shipped import ShippedPrompts
from voice.speaking.speaking import VoiceSpeaking
from voice.speaking.voice import Manner, SpeakingError
from voice.speaking.warm import Told, warm
from voice.speaking.worker import VoiceWorker

SCRIPTS = ["您好，这里是暖线。", "明天|上午九点。"]


def _voice(seconds: float = 1.0) -> Samples:
    """Overtones that come and go like syllables, at the level of the line."""
    at = np.arange(int(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * 180 * n * at) / n for n in range(1, 12)) * (
        0.55 + 0.45 * np.sin(2 * np.pi * 4 * at)
    )
    return shape.as_int16(shape.levelled((0.2 * tone).astype(np.float32), RATE))


@pytest.fixture
def rendered(tmp_path: Path) -> PromptCache:
    cache = PromptCache(tmp_path / "speech", "tone")
    for piece in ("您好，这里是暖线。", "明天~", "~上午九点。"):
        cache.put(piece, _voice(len(piece) / 5))
    return cache


@pytest.fixture
def shipped(rendered: PromptCache, tmp_path: Path) -> Path:
    ship(rendered, SCRIPTS, tmp_path / "tone.zip")
    return tmp_path / "tone.zip"


def _fresh(tmp_path: Path, shipped: Path, voice: str = "tone") -> PromptCache:
    """The cache of a machine on which nothing was ever rendered."""
    return PromptCache(tmp_path / "nothing", voice, shipped=shipped)


def test_packed_speech_keeps_its_length_level_and_sound() -> None:
    before = _voice(1.3)
    after = opus.unpacked(opus.packed(before, RATE), RATE)
    assert len(after) == len(before)
    level = shape.active_level(shape.as_floats(after), RATE)
    assert level == pytest.approx(shape.LEVEL_DBOV, abs=0.5)
    alike = np.corrcoef(before.astype(float), after.astype(float))[0, 1]
    assert alike > 0.8


def test_packed_speech_is_a_twelfth_of_its_samples_and_always_the_same() -> None:
    samples = _voice(2.0)
    assert len(opus.packed(samples, RATE)) < samples.nbytes / 12
    assert opus.packed(samples, RATE) == opus.packed(samples, RATE)


@pytest.mark.parametrize("content", [b"", b"OggS", b"x" * 500])
def test_what_is_no_speech_is_an_error(content: bytes) -> None:
    with pytest.raises(SpeakingError):
        opus.unpacked(content, RATE)


def test_a_new_machine_has_what_was_shipped(tmp_path: Path, shipped: Path) -> None:
    cache = _fresh(tmp_path, shipped)
    assert cache.has("明天~")
    samples = cache.get("明天~")
    assert samples is not None
    assert len(samples) == len(_voice(3 / 5))
    assert not cache.folder.exists()


async def test_a_new_machine_speaks_without_an_engine(tmp_path: Path, shipped: Path) -> None:
    speaking = VoiceSpeaking(
        no_voice,
        _fresh(tmp_path, shipped),
        fallback=no_voice,
        known={"您好，这里是暖线。", "明天~", "~上午九点。"},
    )
    for sentence in ("您好，这里是暖线。", "明天上午九点。"):
        assert speaking.is_ready(sentence, Manner(), 8000)
        samples = np.concatenate([piece async for piece in speaking.say(sentence, Manner(), 8000)])
        assert len(samples) / 8000 == pytest.approx(len(sentence) / 5, abs=0.5)
    await speaking.close()


def test_what_was_rendered_here_comes_before_what_was_shipped(tmp_path: Path, shipped: Path) -> None:
    cache = PromptCache(tmp_path / "here", "tone", shipped=shipped)
    cache.put("明天~", np.full(500, 7, np.int16))
    other = PromptCache(tmp_path / "here", "tone", shipped=shipped)
    assert np.array_equal(other.get("明天~"), np.full(500, 7, np.int16))


def test_other_wording_and_other_voices_are_not_there(tmp_path: Path, shipped: Path) -> None:
    assert not _fresh(tmp_path, shipped).has("后天~")
    assert not _fresh(tmp_path, shipped, voice="other").has("明天~")
    assert _fresh(tmp_path, shipped, voice="other").get("明天~") is None


def test_a_word_that_is_read_in_another_way_is_another_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    before = piece_name("tone", "找李大夫。"), piece_name("tone", "您好。")
    rules = figures.speaking_rules()
    changed = rules | {"readings": rules["readings"] | {"大夫": "da4 fu1"}}
    monkeypatch.setattr(figures, "speaking_rules", lambda: changed)
    assert piece_name("tone", "找李大夫。") != before[0]
    assert piece_name("tone", "您好。") == before[1]


def test_nothing_is_rendered_ahead_that_was_shipped(tmp_path: Path, shipped: Path) -> None:
    worker = VoiceWorker(no_voice)
    done = warm(worker, _fresh(tmp_path, shipped), SCRIPTS)
    assert (done.rendered, done.failed) == (0, 0)


def test_without_the_file_nothing_is_shipped(tmp_path: Path) -> None:
    cache = _fresh(tmp_path, tmp_path / "none.zip")
    assert not cache.has("明天~")
    assert not_shipped(cache, SCRIPTS) == SCRIPTS


@pytest.mark.parametrize("keep", [0, 100, 4000])
def test_a_file_that_was_cut_off_counts_as_missing(tmp_path: Path, shipped: Path, keep: int) -> None:
    shipped.write_bytes(shipped.read_bytes()[:keep])
    assert len(ShippedPrompts(shipped)) == 0


def test_a_damaged_piece_counts_as_missing_and_is_rendered_anew(tmp_path: Path, shipped: Path) -> None:
    content = bytearray(shipped.read_bytes())
    content[200:260] = bytes(60)  # within the first entry
    shipped.write_bytes(content)
    cache = _fresh(tmp_path, shipped)
    assert cache.get("您好，这里是暖线。") is None
    assert not cache.has("您好，这里是暖线。")
    assert cache.get("明天~") is not None
    worker = VoiceWorker(ToneVoice)
    assert warm(worker, cache, SCRIPTS).rendered == 1
    worker.close()


def test_many_calls_read_at_once(tmp_path: Path, shipped: Path) -> None:
    cache = PromptCache(tmp_path / "nothing", "tone", shipped=shipped, in_memory=0)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(cache.get, ["明天~", "~上午九点。"] * 40))
    assert all(samples is not None for samples in got)


def test_only_what_changed_is_written_anew(tmp_path: Path, shipped: Path, rendered: PromptCache) -> None:
    before = shipped.read_bytes()
    cache = PromptCache(rendered.folder, "tone", shipped=shipped)
    assert ship(cache, SCRIPTS, shipped).new == 0
    assert shipped.read_bytes() == before
    cache.put("后天~", _voice())
    done = ship(cache, ["后天|上午九点。", SCRIPTS[1]], shipped)
    assert (done.pieces, done.new) == (3, 1)
    after = ShippedPrompts(shipped)
    assert piece_name("tone", "您好，这里是暖线。") not in after  # nobody says it any more
    assert after.content(piece_name("tone", "明天~")) == cache.shipped.content(piece_name("tone", "明天~"))


def test_what_is_said_first_is_shipped_when_there_is_no_room_for_all(
    tmp_path: Path, rendered: PromptCache
) -> None:
    done = ship(rendered, SCRIPTS, tmp_path / "small.zip", most_bytes=6_000)
    assert (tmp_path / "small.zip").stat().st_size <= 6_000
    assert "~上午九点。" in done.left_out
    assert not_shipped(_fresh(tmp_path, tmp_path / "small.zip"), SCRIPTS) == ["明天|上午九点。"]


def test_the_log_hears_how_far_the_rendering_has_come() -> None:
    with structlog.testing.capture_logs() as logs:
        told = Told(2)
        for done in range(3):
            told(done)
    assert [(row["done"], row["of"]) for row in logs] == [(2, 2)]
