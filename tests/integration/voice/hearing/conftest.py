"""The real engines, opened once for all tests of this folder."""

import os
from pathlib import Path

import pytest

from config.hearing import load_hearing_words
from voice.hearing.grammar import GrammarRecogniser
from voice.hearing.models import ensure, load_models
from voice.hearing.settings import HearingSettings
from voice.hearing.whisper import WhisperRecogniser


@pytest.fixture(scope="session")
def whisper() -> WhisperRecogniser:
    model = load_models()["whisper-base"]
    folder = ensure(model, HearingSettings().models / model.name)
    return WhisperRecogniser(folder, load_hearing_words(), threads=2)


@pytest.fixture(scope="session")
def grammar() -> GrammarRecogniser:
    """The telephone models are no part of the repository: NUANXIAN_SPHINX_MODELS, or a folder beside it."""
    beside = Path(__file__).parents[5] / "shared" / "models" / "pocketsphinx-zh-8k"
    folder = Path(os.environ.get("NUANXIAN_SPHINX_MODELS", beside))
    if not folder.is_dir():
        pytest.skip(f"no telephone models of CMU Sphinx in {folder} (set NUANXIAN_SPHINX_MODELS)")
    return GrammarRecogniser(folder, load_hearing_words())
