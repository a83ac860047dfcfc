"""Scripts rendered and cut into pieces at the level of the line."""

from __future__ import annotations

import numpy as np
import soxr

from voice.line.line import Samples
from voice.speaking import fragments, shape
from voice.speaking.cache import RATE
from voice.speaking.voice import SpeakingError
from voice.speaking.worker import Rendered, VoiceWorker

_EARLY_S = 0.035  # Kokoro's syllables are heard that much before the durations say so (20 to 45 ms, seen in its spectra)
_SEARCH_S = 0.015  # how far a cut may move to a quieter moment


def whole(rendered: Rendered) -> Samples:
    """Speech without silence around it, at the level of the line and at `RATE`."""
    return shape.trimmed(_levelled(rendered), RATE)


def script(worker: VoiceWorker, text: str) -> dict[str, Samples]:
    """Every piece of a script (see `fragments`). Raises SpeakingError; also when cuts are asked of a voice without times."""
    names = fragments.pieces(text)
    rendered = worker.render(text.replace(fragments.CUT, ""))
    if len(names) == 1:
        return {names[0]: whole(rendered)}
    if not rendered.ends:
        raise SpeakingError("this voice does not tell where its words end, so nothing can be cut from it")
    samples = _levelled(rendered)
    start, end = shape.padded_span(samples, RATE)
    cuts = [start]
    characters = 0
    for part in text.split(fragments.CUT)[:-1]:
        characters += len(part)
        at = rendered.ends[characters - 1] * RATE // rendered.rate - int(RATE * _EARLY_S)
        cuts.append(_quietest(samples, at))
    cuts.append(end)
    around = shape.overlap(RATE) // 2  # both sides of a cut keep it, for the cross-fade of `shape.joined`
    last = len(names) - 1
    return {
        name: samples[
            max(0, cuts[at] - around if at else start) : cuts[at + 1] + around if at < last else end
        ]
        for at, name in enumerate(names)
    }


def _levelled(rendered: Rendered) -> Samples:
    sound = shape.as_floats(rendered.samples)
    if rendered.rate != RATE:
        sound = soxr.resample(sound, rendered.rate, RATE)
    return shape.as_int16(shape.levelled(sound, RATE))


def _quietest(samples: Samples, at: int) -> int:
    """The quietest 5 ms near a moment: the closure between two syllables."""
    frame, reach = RATE // 200, int(RATE * _SEARCH_S)
    near = samples[max(0, at - reach) : at + reach].astype(np.float32)
    frames = near[: len(near) // frame * frame].reshape(-1, frame)
    if not len(frames):
        return at
    return max(0, at - reach) + int(np.argmin(np.square(frames).mean(axis=1))) * frame + frame // 2
