"""A voice message of ten seconds on WeChat: `python -m tests.bench.bench_voice_message`. Target: answered within its own length.

A whole server with the default recogniser; the AMR file is fetched from the local platform, decoded, recognised, understood
and answered, in the same connection or by a message of its own.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time

from bot.sandbox.wechat import WeChatPlatform
from config.settings import project_folder
from tests.bench.bench_wechat import cpu_s, free_port, start_platform, start_server, wait_for_server
from tests.unit.voice.hearing.speech import spoken
from tests.voice_files import amr, lasting

SECONDS = 10.0
MESSAGES = 5
ANSWERED_WITHIN_S = 120
HEARS = {"NUANXIAN_VOICE_MESSAGES": "true", "NUANXIAN_MODELS": str(project_folder() / "var" / "models")}


def answered_in(wechat: WeChatPlatform, person: str, sound: bytes) -> float:
    """Seconds until the person sees the answer to one voice message."""
    media_id = wechat.upload(sound, "audio/amr")
    said = wechat.message(person, "voice", MediaId=media_id, Format="amr")
    began = time.monotonic()
    wechat.deliver(said)
    while not wechat.texts(person):
        if time.monotonic() - began > ANSWERED_WITHIN_S:
            raise TimeoutError("the message was not answered")
        time.sleep(0.02)
    return time.monotonic() - began


def main() -> None:
    recordings = [row.samples for row in spoken() if row.asks is None]
    sound = amr(lasting(recordings, SECONDS))
    wechat = WeChatPlatform("wx0123456789abcdef", "secret", "token")
    used_before = cpu_s(resource.RUSAGE_CHILDREN)
    api, port = start_platform(wechat), free_port()
    wechat.url = f"http://127.0.0.1:{port}/channels/wechat"
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(folder, None, wechat, api, port, **HEARS)
        try:
            wait_for_server(wechat)
            answered_in(wechat, "oWarm", amr(lasting(recordings, 2)))
            load = os.getloadavg()[0]
            took = sorted(answered_in(wechat, f"oBench-{number}", sound) for number in range(MESSAGES))
        finally:
            server.terminate()
            server.wait(30)
    print(f"{MESSAGES} voice messages of {SECONDS:.0f} s, one after another: answered after {took[0]:.1f} to {took[-1]:.1f} s, "
          f"median {took[len(took) // 2]:.1f} s; load before {load:.1f}")  # fmt: skip
    print(f"  processor time, start included, {cpu_s(resource.RUSAGE_CHILDREN) - used_before:.1f} s")
    print(f"  the answer: {wechat.texts('oBench-0')[0][:60]}")


if __name__ == "__main__":
    main()
