"""Speech in little room: Ogg Opus, a twentieth of the samples, that any player plays."""

from __future__ import annotations

from io import BytesIO

import av
import numpy as np
import soxr

from voice.line.line import Samples
from voice.speaking import shape
from voice.speaking.voice import SpeakingError

BITS_A_SECOND = 18_000
_KEPT_RATE = 16_000  # no line carries more (G.722), so no bit is spent above it
_OPUS_RATE = 48_000  # what a decoder gives, whatever went in
# Like `bitexact`, which makes the same bytes of the same samples: only what differs is a change of the repository.
_MUXER = {"fflags": "+bitexact"}


def packed(samples: Samples, rate: int) -> bytes:
    """Samples at `rate` a second as Ogg Opus."""
    sound = soxr.resample(shape.as_floats(samples), rate, _KEPT_RATE)
    frame = av.AudioFrame.from_ndarray(shape.as_int16(sound)[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts = _KEPT_RATE, 0
    content = BytesIO()
    with av.open(content, "w", format="ogg", options=_MUXER) as file:
        stream = file.add_stream("libopus", rate=_KEPT_RATE, layout="mono", options={"application": "voip"})
        stream.bit_rate = BITS_A_SECOND
        file.mux([*stream.encode(frame), *stream.encode(None)])
    return content.getvalue()


def unpacked(content: bytes, rate: int) -> Samples:
    """As many samples as went into `packed` (one more or less where the rates do not divide). Raises SpeakingError."""
    try:
        with av.open(BytesIO(content), mode="r") as file:
            frames = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
    except (av.FFmpegError, IndexError, ValueError) as problem:
        raise SpeakingError("this is no speech in Ogg Opus") from problem
    if not frames:
        raise SpeakingError("there is no sound in this file")
    return shape.as_int16(soxr.resample(np.concatenate(frames), _OPUS_RATE, rate))
