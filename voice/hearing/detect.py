"""Voice activity: does somebody speak in these 20 ms? Two detectors behind one interface."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np
import onnxruntime
from faster_whisper.utils import get_assets_path
from numpy.typing import NDArray

from voice.audio.level import level_dbfs
from voice.audio.resample import Resampler
from voice.hearing.recogniser import HearingError, VoiceDetector
from voice.line.line import Samples

DetectorName = Literal["silero", "ten"]
DETECTOR_RATE = 16_000
# A line on which nothing is louder than this for so long is not given to the detector: most of a call is silence, and a
# hundred calls must be listened to at once.
QUIET_DBFS, QUIET_FRAMES = -55.0, 25


def make_detector(name: DetectorName = "silero") -> VoiceDetector:
    """A detector for one call. docs/decisions/0008-hearing.md compares them."""
    return TenDetector() if name == "ten" else SileroDetector()


class _Windowed:
    """Cuts a call into windows of the detector's size at its rate and keeps the latest probability.

    Frames of 20 ms are no multiple of either window: what is over waits for the next frame.
    """

    window: int  # samples at DETECTOR_RATE

    def __init__(self) -> None:
        self._resampler: Resampler | None = None
        self._waiting = np.zeros(0, np.int16)
        self._latest, self._quiet = 0.0, 0

    def probability(self, samples: Samples, rate: int) -> float:
        """The highest probability of the windows that end in this frame; where none ends, that of the one before."""
        self._quiet = self._quiet + 1 if level_dbfs(samples) < QUIET_DBFS else 0
        if self._quiet > QUIET_FRAMES:
            return 0.0
        if self._resampler is None or self._resampler.rate != rate:
            self._resampler = Resampler(rate, DETECTOR_RATE)
        self._waiting = np.concatenate([self._waiting, self._resampler.add(samples)])
        whole = len(self._waiting) // self.window * self.window
        windows, self._waiting = self._waiting[:whole].reshape(-1, self.window), self._waiting[whole:]
        if len(windows):
            self._latest = max(self._listen(np.ascontiguousarray(window)) for window in windows)
        return self._latest

    def reset(self) -> None:
        """Forget the sound so far: the next belongs to another conversation."""
        self._resampler, self._waiting = None, np.zeros(0, np.int16)
        self._latest, self._quiet = 0.0, 0
        self._forget()

    def _listen(self, window: Samples) -> float:
        raise NotImplementedError

    def _forget(self) -> None:
        raise NotImplementedError


class TenDetector(_Windowed):
    """TEN VAD: windows of 16 ms, native code that needs libc++."""

    window = 256

    def __init__(self) -> None:
        super().__init__()
        self._vad = _ten(self.window)

    def _listen(self, window: Samples) -> float:
        return float(self._vad.process(window)[0])

    def _forget(self) -> None:
        self._vad = _ten(self.window)


def _ten(window: int) -> Any:
    try:
        from ten_vad import TenVad  # type: ignore[import-untyped]

        return TenVad(window)
    except OSError as problem:
        raise HearingError(f"TEN VAD needs libc++ (Debian: apt install libc++1): {problem}") from problem


class SileroDetector(_Windowed):
    """Silero VAD 6 (the ONNX file that faster-whisper carries): windows of 32 ms with 4 ms of what came before."""

    window = 512
    _CONTEXT = 64

    def __init__(self) -> None:
        super().__init__()
        self._context: NDArray[np.float32] = np.zeros(self._CONTEXT, np.float32)
        self._h, self._c = _silence()

    def _listen(self, window: Samples) -> float:
        sound = window.astype(np.float32) / np.float32(32768)
        given = np.concatenate([self._context, sound])[None]
        output, self._h, self._c = _silero().run(None, {"input": given, "h": self._h, "c": self._c})
        self._context = sound[-self._CONTEXT :]
        return float(np.asarray(output).ravel()[0])

    def _forget(self) -> None:
        self._context = np.zeros(self._CONTEXT, np.float32)
        self._h, self._c = _silence()


def _silence() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The state of Silero's memory cells before any sound."""
    return np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)


@cache
def _silero() -> Any:
    """One session for all calls: it keeps no state of its own."""
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        f"{get_assets_path()}/silero_vad_v6.onnx", options, providers=["CPUExecutionProvider"]
    )
