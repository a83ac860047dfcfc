"""What the benchmark of turn taking says, its rooms, and how sure its figures are."""

from __future__ import annotations

import numpy as np
import pytest

from nlu.understanding import Expecting
from tests.bench.bench_turns import OPEN_QUESTION, PAUSES_S, Said, pauses_set, read_cases, room_of
from tests.bench.interval import percentile_between, share_of, spread, wilson
from voice.audio.level import level_dbfs
from voice.simulate.sound import NOISE_S, RATE, SPEECH_DB

CASES = read_cases()


def test_the_samples_are_large_enough_to_mean_something() -> None:
    assert len(pauses_set("judge")) >= 300
    assert len(CASES.interruptions) * 3 >= 100


def test_what_is_measured_was_not_looked_at() -> None:
    sets = [{one.text for one in pauses_set(which)} for which in ("practice", "judge", "unseen")]
    assert len(set().union(*sets)) == sum(map(len, sets))


@pytest.mark.parametrize("which", ["practice", "judge", "unseen", "afterthoughts"])
def test_every_sentence_is_said_with_every_pause_and_asked_for_something_known(which: str) -> None:
    said = pauses_set(which)
    assert all("|" in one.text and not one.text.startswith("|") for one in said)
    assert {one.asks for one in said} <= {None, *Expecting}
    texts = {one.text for one in said}
    assert len(said) == len(texts) * len(PAUSES_S)
    assert all({one.pause_s for one in said if one.text == text} == set(PAUSES_S) for text in texts)


def test_callers_differ_in_voice_and_speed() -> None:
    conditions = {(one.conditions.voice, one.conditions.speed) for one in pauses_set("judge")}
    assert len(conditions) >= 16


def test_a_pause_stands_at_every_breath() -> None:
    said = Said("我想|那个|订饭", OPEN_QUESTION, 1.6, pauses_set("judge")[0].conditions)
    assert said.spoken == "我想[1.6]那个[1.6]订饭"


@pytest.mark.parametrize("people", [1, 2, 6])
def test_a_room_is_as_loud_as_speech_and_no_two_are_alike(people: int) -> None:
    chance = np.random.default_rng(5)
    speech = [np.asarray(chance.normal(0, 2_000, RATE), np.int16) for _ in range(8)]
    one, other = (room_of(speech, people, seed) for seed in (1, 2))
    assert len(one) == NOISE_S * RATE and not np.array_equal(one, other)
    assert level_dbfs(one) == pytest.approx(SPEECH_DB, abs=3)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 100, 0.0, 0.037), (5, 100, 0.0215, 0.1118), (50, 100, 0.404, 0.596)]
)
def test_an_interval_holds_the_true_share(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=0.001)
    assert share_of(hits, of).startswith(f"{hits} of {of} ({100 * hits / of:.1f} %")


def test_an_interval_of_nothing_is_all_there_is() -> None:
    assert wilson(0, 0) == (0.0, 1.0) and spread([]) == "none"


def test_a_percentile_lies_between_its_neighbours() -> None:
    seconds = [place / 1000 for place in range(100)]
    low, high = percentile_between(seconds, 0.95)
    assert low < 95 <= high <= 99
    assert spread(seconds).startswith("p50 50, p95 95")
