"""Sound files of any kind in, 16-bit WAV files out."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from voice.line.line import Samples

# The longest call; what comes after it is left out.
LONGEST_S = 7_200


class SoundFileError(Exception):
    """A file that can not be read as sound; the text says why."""


def read_sound(path: Path, *, to_rate: Callable[[int], int]) -> tuple[Samples, int]:
    """All channels of a sound file mixed to one, at the rate that `to_rate` makes of the file's own; and that rate.

    Raises SoundFileError.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise SoundFileError(f"{path}: there is no sound in this file")
            rate = to_rate(container.streams.audio[0].rate)
            pieces = list(_decoded(container, rate))
    except (av.FFmpegError, ValueError, OSError) as problem:
        raise SoundFileError(f"{path}: can not be read as sound: {_plain(problem)}") from None
    if not any(len(piece) for piece in pieces):
        raise SoundFileError(f"{path}: the file has no samples")
    return np.concatenate(pieces), rate


def _plain(problem: Exception) -> str:
    """The reason without the number that FFmpeg has for it."""
    return getattr(problem, "strerror", None) or str(problem)


def _decoded(container: InputContainer, rate: int) -> Iterator[Samples]:
    resampler = AudioResampler(format="s16", layout="mono", rate=rate)
    left = LONGEST_S * rate
    # None fetches what is left in the filter.
    for frame in itertools.chain(container.decode(audio=0), [None]):
        for piece in resampler.resample(frame):
            samples = np.asarray(piece.to_ndarray()[0][:left], np.int16)
            left -= len(samples)
            yield samples
        if not left:
            return


def write_wav(path: Path | BinaryIO, samples: Samples, rate: int) -> None:
    """`samples`: one channel, or two as an array of shape (n, 2)."""
    with wave.open(str(path) if isinstance(path, Path) else path, "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
