"""Voice messages as samples: AMR, OGG (Opus, Speex), MP3, WAV and MP4 as phones record them."""

from __future__ import annotations

import io

import av
import numpy as np
from av.audio.resampler import AudioResampler

from voice.line.line import Samples

MOST_BYTES = 8_000_000
MOST_S = 120.0
MEDIA_RATE = 16_000
# What the first bytes say it is. Only these containers are opened: others may point to files and addresses.
_CONTAINERS = (
    (b"#!AMR", 0, "amr"),
    (b"OggS", 0, "ogg"),
    (b"RIFF", 0, "wav"),
    (b"ID3", 0, "mp3"),
    (b"\xff\xfb", 0, "mp3"),
    (b"\xff\xf3", 0, "mp3"),
    (b"\xff\xf2", 0, "mp3"),
    (b"ftyp", 4, "mov"),
)


class MediaError(ValueError):
    """This is no sound that can be read; the text says why and holds nothing of it."""


def decoded(data: bytes) -> Samples:
    """The sound at `MEDIA_RATE`, mono, at most `MOST_S` seconds of it. Raises MediaError."""
    if len(data) > MOST_BYTES:
        raise MediaError(f"{len(data)} bytes are too many")
    container = next((name for mark, at, name in _CONTAINERS if data[at : at + len(mark)] == mark), None)
    if container is None:
        raise MediaError("no known kind of sound file")
    resampler = AudioResampler(format="s16", layout="mono", rate=MEDIA_RATE)
    pieces: list[Samples] = []
    left = int(MOST_S * MEDIA_RATE)
    try:
        with av.open(io.BytesIO(data), mode="r", format=container) as media:
            for frame in media.decode(audio=0):
                for piece in resampler.resample(frame):
                    pieces.append(piece.to_ndarray().ravel()[:left].astype(np.int16))
                    left -= len(pieces[-1])
                if left <= 0:
                    break
    except (av.FFmpegError, IndexError, ValueError) as problem:
        raise MediaError(f"damaged {container}: {type(problem).__name__}") from problem
    if not pieces:
        raise MediaError(f"{container} without sound")
    return np.concatenate(pieces)
