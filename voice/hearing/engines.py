"""Recognisers by name, as a worker process opens them."""

from __future__ import annotations

from pathlib import Path

from config.hearing import load_hearing_words
from voice.hearing.models import ModelError, ensure, load_models, missing_files
from voice.hearing.opinions import BothOpinions
from voice.hearing.recogniser import HearingError, Recogniser
from voice.hearing.settings import HearingSettings

GRAMMAR_MODEL = "pocketsphinx-zh-8k"


def open_recogniser(settings: HearingSettings) -> Recogniser:
    """The engine of this installation, with the grammar beside it where its model is there. Raises HearingError."""
    words = load_hearing_words()
    first = _open_first(settings)
    folder = settings.models / GRAMMAR_MODEL
    if not settings.grammar or missing_files(load_models()[GRAMMAR_MODEL], folder):
        return first
    from voice.hearing.grammar import GrammarRecogniser

    return BothOpinions(first, GrammarRecogniser(folder, words), words)


def _open_first(settings: HearingSettings) -> Recogniser:
    # Imported only when used: each brings native libraries of its own.
    try:
        match settings.engine:
            case "whisper":
                from voice.hearing.whisper import WhisperRecogniser

                model = load_models()["whisper-base"]
                folder = ensure(model, settings.models / model.name)
                return WhisperRecogniser(folder, load_hearing_words(), threads=settings.threads)
            case "vosk":
                from voice.hearing.vosk import VoskRecogniser

                return VoskRecogniser(_brought(settings, "vosk"))
            case "sherpa":
                from voice.hearing.sherpa import open_sherpa

                return open_sherpa(
                    _brought(settings, "sherpa"), load_hearing_words(), threads=settings.threads
                )
            case "openai":
                from voice.hearing.remote import OpenAiRecogniser

                return OpenAiRecogniser(
                    _address(settings), settings.key, settings.remote_model, load_hearing_words()
                )
            case "funasr":
                from voice.hearing.funasr import FunAsrRecogniser

                return FunAsrRecogniser(_address(settings), load_hearing_words())
    except (OSError, ValueError, RuntimeError) as problem:
        raise HearingError(f"the recogniser {settings.engine} does not start: {problem}") from problem


def _brought(settings: HearingSettings, name: str) -> Path:
    folder = settings.models / name
    if not folder.is_dir():
        model = load_models()[name]
        raise ModelError(
            f"{folder} does not exist: get a model from {model.source}, put its files there, or use {model.without}"
        )
    return folder


def _address(settings: HearingSettings) -> str:
    if not settings.url:
        raise HearingError(
            f"NUANXIAN_HEARING_URL is not set: where does the {settings.engine} server listen?"
        )
    return settings.url
