"""The voice that is always there: espeak-ng, driven by pyttsx3. Quick and hard to understand, so the last one with words.

Runs in a process of its own (`worker.py`): espeak can be started once a process, and its threads hang.
"""

from __future__ import annotations

import tempfile
import wave
from pathlib import Path

import numpy as np
from pypinyin import Style, lazy_pinyin

from voice.line.line import Samples
from voice.speaking.voice import SpeakingError

RATE = 22_050
# Reads pinyin with tone digits; Debian's `cmn` reads some characters as English letters.
_VOICE = "sit/cmn-latn-pinyin"
_WORDS_A_MINUTE = 170
_PAUSES = str.maketrans("，。？！、；：…", ",.?!,,,,")


class PyttsxVoice:
    """Needs the library espeak-ng (Debian: `espeak-ng`). One a process; not thread-safe."""

    name = "pyttsx"
    rate = RATE

    def __init__(self) -> None:
        """Raises SpeakingError when espeak-ng is not installed."""
        try:
            import pyttsx3  # type: ignore[import-untyped]

            self._engine = pyttsx3.init("espeak")
            self._engine.setProperty("voice", _VOICE)
        except Exception as problem:
            raise SpeakingError(
                f"espeak-ng can not be used ({problem}): apt-get install espeak-ng"
            ) from problem

    def render(self, text: str, *, speed: float = 1.0) -> Samples:
        pinyin = " ".join(lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True)).translate(
            _PAUSES
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "said.wav"
            self._engine.setProperty("rate", int(_WORDS_A_MINUTE * speed))
            # One file each run: of several only the last would be written.
            self._engine.save_to_file(pinyin, str(file))
            self._engine.runAndWait()
            if not file.is_file():
                raise SpeakingError("espeak-ng rendered nothing")
            with wave.open(str(file), "rb") as sound:
                return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.int16)
