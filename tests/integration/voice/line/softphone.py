"""baresip's own command-line telephone, calling or answering: what it says comes from a file, what it hears goes to one."""

from __future__ import annotations

import asyncio
import wave
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import numpy as np

from tests.tones import tone
from voice.line.line import Samples
from voice.simulate.ports import free_ports, is_free

WAV_HEADER = 44
MODULES = ("g711.so", "g722.so", "aufile.so", "aubridge.so", "sndfile.so", "srtp.so")


async def call_with_softphone(
    folder: Path, address: str, *, codec: str, encrypted: bool = False, seconds: int = 4
) -> tuple[str, Samples]:
    """Calls, says 440 Hz for so many seconds, hangs up. Its log, and what it heard at the codec's rate."""
    first, rate = free_ports(20), int(codec.split("/")[1])
    _configure(folder, first, tone(440, seconds + 1, rate), rate)
    secure = ";mediaenc=srtp-mand" if encrypted else ""
    transport = ";transport=tls" if encrypted else ""
    (folder / "accounts").write_text(
        f"<sip:phone@127.0.0.1:{first}{transport}>;regint=0;audio_codecs={codec}{secure}\n"
    )
    output = await _run(folder, seconds, "-e", f"/dial {address}")
    return output, _heard(folder)


class AnsweringSoftphone:
    """Answers calls of `number` at once and says `says` (8 kHz). Listens at `port` as soon as `listening` returns."""

    def __init__(self, folder: Path, number: str, says: Samples, *, seconds: int) -> None:
        self.port, self._folder, self._seconds = free_ports(20), folder, seconds
        _configure(folder, self.port, says, 8000)
        account = f"<sip:{number}@127.0.0.1:{self.port}>;regint=0;answermode=auto;audio_codecs=PCMA/8000/1\n"
        (folder / "accounts").write_text(account)
        self._running: asyncio.Task[str] | None = None

    async def listening(self) -> None:
        self._running = asyncio.create_task(_run(self._folder, self._seconds))
        async with asyncio.timeout(5):
            while is_free(self.port):  # noqa: ASYNC110 (it is another process)
                await asyncio.sleep(0.05)

    async def heard(self) -> Samples:
        """Waits until it is switched off."""
        assert self._running is not None
        await self._running
        return _heard(self._folder)


def _configure(folder: Path, first: int, says: Samples, rate: int) -> None:
    _write(folder / "says.wav", says, rate)
    (folder / "contacts").write_text("")
    (folder / "config").write_text(
        "\n".join(
            [
                f"sip_listen 127.0.0.1:{first}",
                f"rtp_ports {first + 2}-{first + 18}",
                "module_path /usr/lib/baresip/modules",
                *(f"module {name}" for name in MODULES),
                "module_app account.so",
                "module_app menu.so",
                f"audio_source aufile,{folder / 'says.wav'}",
                "audio_player aubridge,nowhere",
                f"snd_path {folder}",
            ]
        )
        + "\n"
    )


async def _run(folder: Path, seconds: int, *more: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "baresip", "-f", str(folder), "-n", "127.0.0.1", "-t", str(seconds), *more,
        stdin=PIPE, stdout=PIPE, stderr=STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), seconds + 15)
    return output.decode(errors="replace")


def _write(path: Path, samples: Samples, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def _heard(folder: Path) -> Samples:
    """Without regard to the header, whose lengths are missing when the telephone is switched off."""
    recordings = list(folder.glob("dump-*-dec.wav"))
    return np.frombuffer(recordings[0].read_bytes()[WAV_HEADER:] if recordings else b"", np.int16)
