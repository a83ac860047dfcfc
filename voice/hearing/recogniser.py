"""What a recogniser is: sound of one utterance in, readings of it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from voice.line.line import Samples


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start_s: float  # within the utterance
    end_s: float
    confidence: float  # 0..1


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read what was said. Simplified Chinese without spaces; digits as they were spoken or as figures."""

    text: str
    confidence: float  # 0..1: how sure the engine is of the whole reading
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood of one utterance. No readings: nothing, or nothing that can be believed (`why_nothing`)."""

    readings: tuple[Reading, ...]  # best first
    engine: str
    sound_s: float
    took_s: float
    why_nothing: str = ""  # "silence", "noise", "hallucination" (for the log)
    closed: bool = (
        False  # one of the answers that were to be expected, and as sure of it as `confidence` says
    )
    agreed: bool | None = None  # two recognisers gave the same; None: only one was asked

    @property
    def text(self) -> str | None:
        return self.readings[0].text if self.readings else None


@dataclass(frozen=True, slots=True)
class Hint:
    """What helps to hear right: what was just asked, and words likely to come."""

    asks: str | None = None  # by the names of `nlu.understanding.Expecting`; None: an open question
    phrases: tuple[str, ...] = field(default=())  # answers offered («王桂兰», «三号楼»), place names


class Recogniser(Protocol):
    """An engine. Blocking and not thread-safe: the pool (`voice/hearing/pool.py`) gives each process its own."""

    name: str

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard: ...


@runtime_checkable
class Weighing(Protocol):
    """A recogniser that weighs what another one heard with what it hears itself."""

    def recognise_with(self, samples: Samples, rate: int, hint: Hint, opinion: str) -> Heard: ...


class Stream(Protocol):
    """An utterance that is recognised while it is spoken."""

    def accept(self, samples: Samples) -> str | None:
        """Take more sound; the reading so far, where it changed."""
        ...

    def finish(self) -> Heard: ...


class StreamingRecogniser(Recogniser, Protocol):
    def stream(self, rate: int, hint: Hint) -> Stream: ...


class VoiceDetector(Protocol):
    """Says of each 20 ms whether somebody speaks. Keeps state: one for each call."""

    def probability(self, samples: Samples, rate: int) -> float:
        """0..1 that this frame holds speech."""
        ...

    def reset(self) -> None: ...


class Hearing(Protocol):
    """All recognisers behind one door, as a call sees them."""

    def detector(self) -> VoiceDetector: ...

    async def recognise(self, samples: Samples, rate: int, hint: Hint, *, call_id: str) -> Heard:
        """Waits its fair turn among the calls. Raises HearingError when no recogniser is alive (keys still work)."""
        ...

    async def close(self) -> None: ...


class HearingError(Exception):
    """Nothing can be recognised now; the text says why and what to do."""
