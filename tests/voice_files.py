"""Sound files as the platforms bring them: AMR-NB as WeChat does, OGG with Opus as Telegram does. Made with PyAV."""

from __future__ import annotations

import io

import av
import numpy as np
from av.audio.stream import AudioStream

from voice.line.line import Samples

RATE = 8000


def amr(samples: Samples) -> bytes:
    """AMR-NB at 12.2 kbit/s of sound at 8 kHz."""
    return _encoded(samples, "amr", "libopencore_amrnb", RATE, 12_200)


def opus(samples: Samples) -> bytes:
    """An OGG file with Opus at 24 kbit/s, of sound at 8 kHz."""
    return _encoded(samples, "ogg", "libopus", 48_000, 24_000)


def lasting(recordings: list[Samples], seconds: float, pause_s: float = 0.4) -> Samples:
    """The recordings one after another, again and again, cut off at this length."""
    pause, whole = np.zeros(int(pause_s * RATE), np.int16), np.zeros(0, np.int16)
    while len(whole) < seconds * RATE:
        for recording in recordings:
            whole = np.concatenate([whole, recording, pause])
    return whole[: int(seconds * RATE)]


def _encoded(samples: Samples, container: str, codec: str, rate: int, bit_rate: int) -> bytes:
    content = io.BytesIO()
    with av.open(content, "w", format=container) as media:
        stream = media.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, AudioStream)
        stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            media.mux(packet)
    return content.getvalue()
