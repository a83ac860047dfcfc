"""Voices that operators bring: a folder with a VITS, Matcha or Kokoro model as sherpa-onnx publishes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import sherpa_onnx  # type: ignore[import-untyped]

from voice.line.line import Samples
from voice.speaking.voice import SpeakingError

_RULES = ("phone.fst", "date.fst", "number.fst", "new_heteronym.fst")


class SherpaVoice:
    """One speaker of an operator's model. Not thread-safe."""

    def __init__(self, folder: Path, *, speaker: int = 0, threads: int = 1) -> None:
        """`folder`: the model unpacked, `tokens.txt` and all. Raises SpeakingError when it holds no voice."""
        if not (folder / "tokens.txt").is_file():
            raise SpeakingError(f"{folder} holds no sherpa-onnx voice: there is no tokens.txt")
        config = sherpa_onnx.OfflineTtsConfig(
            model=_model(folder, threads),
            rule_fsts=",".join(str(folder / rule) for rule in _RULES if (folder / rule).is_file()),
        )
        if not config.validate():
            raise SpeakingError(f"sherpa-onnx does not take the voice in {folder}: a file of it is missing")
        try:
            self._engine = sherpa_onnx.OfflineTts(config)
        except RuntimeError as problem:
            raise SpeakingError(f"sherpa-onnx can not load the voice in {folder}: {problem}") from problem
        if not 0 <= speaker < max(1, self._engine.num_speakers):
            raise SpeakingError(
                f"the voice in {folder} has {self._engine.num_speakers} speakers, not {speaker}"
            )
        self._speaker = speaker
        self.rate: int = self._engine.sample_rate
        self.name = f"sherpa-{folder.name}-{speaker}"

    def render(self, text: str, *, speed: float = 1.0) -> Samples:
        audio = self._engine.generate(text, sid=self._speaker, speed=speed)
        if not len(audio.samples):
            raise SpeakingError("this voice knows none of these characters")
        return np.asarray(np.clip(np.asarray(audio.samples) * 32767, -32768, 32767), np.int16)


def _model(folder: Path, threads: int) -> sherpa_onnx.OfflineTtsModelConfig:
    def lying(name: str) -> str:
        return str(folder / name) if (folder / name).exists() else ""

    tokens, lexicon = str(folder / "tokens.txt"), lying("lexicon.txt")
    models = sorted(folder.glob("*.onnx"))
    vocoders = [file for file in (*models, *folder.parent.glob("*.onnx")) if _is_vocoder(file)]
    models = [file for file in models if not _is_vocoder(file)]
    if not models:
        raise SpeakingError(f"{folder} holds no sherpa-onnx voice: there is no .onnx file")
    config = sherpa_onnx.OfflineTtsModelConfig()
    config.num_threads = threads
    if voices := lying("voices.bin"):
        lexicons = ",".join(map(str, sorted(folder.glob("lexicon*.txt"))))
        config.kokoro = sherpa_onnx.OfflineTtsKokoroModelConfig(
            model=str(models[0]), voices=voices, tokens=tokens, lexicon=lexicons
        )
    elif vocoders:
        config.matcha = sherpa_onnx.OfflineTtsMatchaModelConfig(
            acoustic_model=str(models[0]), vocoder=str(vocoders[0]), tokens=tokens, lexicon=lexicon
        )
    else:
        config.vits = sherpa_onnx.OfflineTtsVitsModelConfig(
            model=str(models[0]), tokens=tokens, lexicon=lexicon, dict_dir=lying("dict")
        )
    return config


def _is_vocoder(file: Path) -> bool:
    return any(word in file.name for word in ("vocos", "hifigan", "vocoder"))
