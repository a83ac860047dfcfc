"""Samples as the bytes of a WAV file."""

from __future__ import annotations

import io
import wave

from voice.line.line import Samples


def wav_bytes(samples: Samples, rate: int) -> bytes:
    """Mono, 16 bits."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return content.getvalue()
