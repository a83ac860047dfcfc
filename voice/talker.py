"""Says sentences on a connection: one after another, hushed at once, taken up again where they were cut off."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import structlog

from voice.line.line import FRAME_MS, Connection, Samples
from voice.speaking.voice import Manner, Speaking

log = structlog.get_logger()


class Talker:
    """What the line says in one call. `now_ms`: the time of the call; `began` is told when sound leaves first."""

    def __init__(
        self,
        connection: Connection,
        speaking: Speaking,
        *,
        now_ms: Callable[[], int],
        began: Callable[[int], None],
    ) -> None:
        self._connection, self._speaking = connection, speaking
        self._now_ms, self._began = now_ms, began
        self._task: asyncio.Task[None] | None = None
        self._left: tuple[str, ...] = ()  # the sentence that was last begun, and those after it
        self._manner = Manner()
        self._sounding: deque[tuple[int, Samples]] = deque()  # what was queued, by the time it sounds at
        self._until_ms = 0  # when the last of it will have sounded
        self._starts: deque[tuple[int, tuple[str, ...]]] = (
            deque()
        )  # when each sentence starts, with what is left then
        self.talking = False
        self._silence = np.zeros(connection.rate * FRAME_MS // 1000, np.int16)

    @property
    def rendering(self) -> asyncio.Task[None] | None:
        """The work of making speech, while there is some."""
        return self._task if self._task is not None and not self._task.done() else None

    def say(self, sentences: Sequence[str], manner: Manner) -> None:
        """In place of what is being said."""
        self.hush()
        self._left, self._manner = tuple(sentences), manner
        self._start()

    def resume(self) -> None:
        """Again from the beginning of the sentence that was hushed: half a sentence helps nobody."""
        if self._left:
            self._start()

    def hush(self) -> None:
        self._follow()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._connection.flush()
        now = self._now_ms()
        self._until_ms = min(self._until_ms, now)
        self._sounding = deque(
            (start, sound[: max(0, now - start) * self._connection.rate // 1000])
            for start, sound in self._sounding
            if start < now
        )
        self._starts.clear()
        self.talking = False

    def finished(self) -> bool:
        """True once, when the last sound has left. Asked with every frame."""
        self._follow()
        done = self.talking and not self.rendering and self._now_ms() >= self._until_ms
        if done:
            self.talking = False
            self._left = ()
        return done

    def sound_at(self, at_ms: int) -> Samples:
        """What we were heard saying in the 20 ms that end at `at_ms`; silence where nothing. Asked in order of time."""
        if not self._sounding:
            return self._silence
        rate = self._connection.rate
        frame = np.zeros_like(self._silence)
        begin = (at_ms - FRAME_MS) * rate // 1000
        for start_ms, sound in self._sounding:
            offset = start_ms * rate // 1000 - begin
            source = sound[max(0, -offset) : max(0, len(frame) - offset)]
            target = max(0, offset)
            frame[target : target + len(source)] = source[: max(0, len(frame) - target)]
        while self._sounding and self._ends_ms(self._sounding[0]) <= at_ms:
            self._sounding.popleft()
        return frame

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _start(self) -> None:
        self.talking = True
        self._task = asyncio.create_task(self._render(self._left))

    async def _render(self, sentences: tuple[str, ...]) -> None:
        first = True
        for index, sentence in enumerate(sentences):
            starts = True
            async for piece in self._speaking.say(sentence, self._manner, self._connection.rate):
                start = max(self._now_ms(), self._until_ms)
                if starts:
                    self._starts.append((start, sentences[index:]))
                    starts = False
                if first:
                    self._began(start)
                    first = False
                self._sounding.append((start, piece))
                self._until_ms = start + len(piece) * 1000 // self._connection.rate
                self._connection.play(piece)

    def _follow(self) -> None:
        """Which sentence is being heard now."""
        while self._starts and self._starts[0][0] <= self._now_ms():
            self._left = self._starts.popleft()[1]

    def _ends_ms(self, piece: tuple[int, Samples]) -> int:
        return piece[0] + len(piece[1]) * 1000 // self._connection.rate
