"""A Pipecat pipeline for `bench_beside_pipecat`: its defaults, whisper-base int8 as we use it, and a tone for every answer.

Runs in an environment of its own (`var/pipecat`) and imports nothing of this project. Arguments: port, folder of the
model, seconds of an answer.
"""
# mypy: ignore-errors

from __future__ import annotations

import asyncio
import math
import struct
import sys

from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    OutputAudioRawFrame,
    TranscriptionFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.whisper.stt import WhisperSTTService
from pipecat.transcriptions.language import Language
from pipecat.transports.websocket.server import (
    SingleClientWebsocketServerParams,
    SingleClientWebsocketServerTransport,
)
from pipecat.turns.user_turn_processor import UserTurnProcessor
from pipecat.workers.runner import WorkerRunner

RATE = 8_000
CHUNK = RATE // 50


class Answering(FrameProcessor):
    """Answers every finished turn in which something was said, at once."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._chunks = round(seconds * 50)
        self._said = self._over = False  # the words and the end of a turn come in either order

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, UserStartedSpeakingFrame):
            self._over = False
        self._said |= isinstance(frame, TranscriptionFrame)
        self._over |= isinstance(frame, UserStoppedSpeakingFrame)
        if self._said and self._over:
            self._said = self._over = False
            for number in range(self._chunks):
                await self.push_frame(OutputAudioRawFrame(tone(number * CHUNK), RATE, 1))


def tone(start: int) -> bytes:
    wave = (round(8_000 * math.sin(2 * math.pi * 300 * at / RATE)) for at in range(start, start + CHUNK))
    return struct.pack(f"<{CHUNK}h", *wave)


async def main(port: int, model: str, seconds: float) -> None:
    logger.remove()
    logger.add(sys.stderr, level="ERROR")
    serializer = TwilioFrameSerializer("bench", params=TwilioFrameSerializer.InputParams(auto_hang_up=False))
    transport = SingleClientWebsocketServerTransport(
        SingleClientWebsocketServerParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=serializer, add_wav_header=False
        ),
        "127.0.0.1",
        port,
    )
    hears = WhisperSTTService(
        device="cpu",
        compute_type="int8",
        settings=WhisperSTTService.Settings(model=model, language=Language.ZH),
    )
    pipeline = Pipeline(
        [
            transport.input(),
            VADProcessor(vad_analyzer=SileroVADAnalyzer()),
            hears,
            UserTurnProcessor(),
            Answering(seconds),
            transport.output(),
        ]
    )
    params = PipelineParams(audio_in_sample_rate=16_000, audio_out_sample_rate=RATE)
    worker = PipelineWorker(pipeline, params=params, idle_timeout_secs=None)

    @transport.event_handler("on_websocket_ready")
    async def ready(*_):
        print("ready", flush=True)

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
