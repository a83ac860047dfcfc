from pathlib import Path

import numpy as np
import pytest

from voice.speaking.cache import PromptCache

SAMPLES = np.arange(-500, 500, dtype=np.int16)


@pytest.fixture
def cache(tmp_path: Path) -> PromptCache:
    return PromptCache(tmp_path / "speech", "kokoro-zf_xiaobei")


def test_what_was_put_is_there_for_other_processes(cache: PromptCache) -> None:
    cache.put("您好。", SAMPLES)
    other = PromptCache(cache.folder, "kokoro-zf_xiaobei")
    assert other.has("您好。")
    assert np.array_equal(other.get("您好。"), SAMPLES)


def test_another_voice_does_not_see_it(cache: PromptCache) -> None:
    cache.put("您好。", SAMPLES)
    assert PromptCache(cache.folder, "kokoro-zf_xiaoni").get("您好。") is None


def test_the_name_of_a_file_does_not_tell_what_is_said(cache: PromptCache) -> None:
    cache.put("您好。", SAMPLES)
    assert all(file.name.isascii() for file in cache.folder.iterdir())


@pytest.mark.parametrize("damage", [b"", b"NXS1", b"x" * 100, None])
def test_a_damaged_file_counts_as_missing_and_goes(cache: PromptCache, damage: bytes | None) -> None:
    cache.put("您好。", SAMPLES)
    (file,) = cache.folder.glob("*.pcm")
    whole = file.read_bytes()
    file.write_bytes(whole[:-3] if damage is None else damage)
    other = PromptCache(cache.folder, "kokoro-zf_xiaobei")
    assert other.get("您好。") is None
    assert not file.exists()


def test_memory_holds_the_last_used_ones_only(cache: PromptCache) -> None:
    small = PromptCache(cache.folder, "v", in_memory=2)
    for piece in ("一", "二", "三"):
        small.put(piece, SAMPLES)
    for file in small.folder.glob("*.pcm"):
        file.unlink()
    assert [small.get(piece) is not None for piece in ("一", "二", "三")] == [False, True, True]


def test_pruning_keeps_within_the_size_and_takes_the_oldest(cache: PromptCache) -> None:
    import os

    bounded = PromptCache(cache.folder, "v", most_bytes=5000, in_memory=0)
    for age, piece in enumerate(("新", "旧", "老")):
        bounded.put(piece, SAMPLES)
        os.utime(bounded._path(piece), (1e9 - age * 100,) * 2)
    assert bounded.prune() == 1
    assert [bounded.has(piece) for piece in ("新", "旧", "老")] == [True, True, False]


def test_nothing_half_written_is_left_behind(cache: PromptCache) -> None:
    cache.put("您好。", SAMPLES)
    assert not list(cache.folder.glob("*.part"))
