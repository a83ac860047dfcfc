"""How sentences came to be heard: from what was rendered ahead, or late. For `/metrics`."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from voice.line.line import Samples

# Seconds. 0.15 is what a prompt from the cache may take.
FIRST_SOUND_S = (0.05, 0.15, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


class Source(StrEnum):
    """Where a part of a sentence came from."""

    AHEAD = "ahead"  # rendered before anybody asked
    MEMORY = "memory"  # rendered live a while ago («再说一遍»), or prepared
    LIVE = "live"
    SPARE = "spare"  # the voice failed: a simpler one, or a tone


@dataclass(slots=True)
class Tally:
    """Counts since the start. Belongs to one asyncio loop; may be read from any thread."""

    parts: Counter[Source] = field(default_factory=Counter)
    waits: list[int] = field(default_factory=lambda: [0] * (len(FIRST_SOUND_S) + 1))  # by the limits above
    waited_s: float = 0.0
    clock: Callable[[], float] = time.perf_counter  # seconds

    def part(self, source: Source) -> None:
        self.parts[source] += 1

    async def timed(self, pieces: AsyncIterator[Samples]) -> AsyncIterator[Samples]:
        """The pieces of a sentence, as they come; how long the first took is noted."""
        began, first = self.clock(), True
        async for piece in pieces:
            if first:
                first = False
                self._first_sound(self.clock() - began)
            yield piece

    def _first_sound(self, after_s: float) -> None:
        self.waits[bisect_left(FIRST_SOUND_S, after_s)] += 1
        self.waited_s += after_s


class PromptFigures(Collector):
    """For Prometheus. `tally` gives None while no voice is open."""

    def __init__(self, tally: Callable[[], Tally | None]) -> None:
        self._tally = tally

    def collect(self) -> Iterable[Metric]:
        tally = self._tally() or Tally()
        parts = CounterMetricFamily(
            "nuanxian_prompt_parts", "Parts of sentences, by where they came from", labels=["source"]
        )
        for source in Source:
            parts.add_metric([source.value], tally.parts[source])
        waits = HistogramMetricFamily(
            "nuanxian_prompt_first_sound_seconds", "Until the first sound of a sentence was made"
        )
        total, buckets = 0, []
        for limit, number in zip((*map(str, FIRST_SOUND_S), "+Inf"), tally.waits, strict=True):
            total += number
            buckets.append((limit, total))
        waits.add_metric([], buckets, tally.waited_s)
        return parts, waits
