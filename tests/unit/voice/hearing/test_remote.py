import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import numpy as np
import pytest
from pydantic import SecretStr
from websockets.sync.server import ServerConnection, serve

from config.hearing import load_hearing_words
from voice.hearing.funasr import FunAsrRecogniser
from voice.hearing.recogniser import HearingError, Hint
from voice.hearing.remote import OpenAiRecogniser

WORDS = load_hearing_words()
SOUND = np.arange(16000, dtype=np.int16)


@contextmanager
def transcription_server(answer: Any, status: int = 200) -> Iterator[tuple[str, list[EmailMessage]]]:
    """What OpenAI's interface takes and gives; the forms it got come out."""
    forms: list[EmailMessage] = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/audio/transcriptions" and self.headers["Authorization"] == "Bearer k3y"
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            forms.append(cast(EmailMessage, BytesParser(policy=HTTP).parsebytes(head + body)))
            content = json.dumps(answer).encode() if not isinstance(answer, bytes) else answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1", forms
        server.shutdown()


def openai(url: str) -> OpenAiRecogniser:
    return OpenAiRecogniser(url, SecretStr("k3y"), "whisper-1", WORDS)


def test_the_form_carries_the_sound_and_what_helps() -> None:
    with transcription_server({"text": "王桂蘭"}) as (url, forms):
        heard = openai(url).recognise(SOUND, 8000, Hint("name", ("王桂兰",)))
    fields = {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in forms[0].iter_parts()
    }
    assert fields["model"] == b"whisper-1" and fields["language"] == b"zh"
    assert "王桂兰" in cast(bytes, fields["prompt"]).decode()
    wav = cast(bytes, fields["file"])
    assert wav.startswith(b"RIFF") and wav.endswith(SOUND.tobytes())
    assert heard.text == "王桂兰" and heard.sound_s == 2.0


def test_what_the_server_made_up_is_not_believed() -> None:
    made_up = {"text": "谢谢观看", "segments": [{"avg_logprob": -0.1, "no_speech_prob": 0.1}]}
    with transcription_server(made_up) as (url, _):
        heard = openai(url).recognise(SOUND, 8000, Hint())
    assert heard.text is None and heard.why_nothing == "hallucination"


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [({}, 500, "HTTP 500"), (b"<html>", 200, "no JSON"), ([1], 200, "no transcription")],
)
def test_a_failing_server_is_told(answer: Any, status: int, message: str) -> None:
    with transcription_server(answer, status) as (url, _), pytest.raises(HearingError, match=message):
        openai(url).recognise(SOUND, 8000, Hint())


def test_no_server_is_told() -> None:
    with pytest.raises(HearingError, match="does not answer"):
        openai("http://127.0.0.1:9/v1").recognise(SOUND, 8000, Hint())


@contextmanager
def funasr_server(answer: str) -> Iterator[tuple[str, list[Any]]]:
    """What `funasr-wss-server` does in offline mode; what it got comes out."""
    got: list[Any] = []

    def talk(connection: ServerConnection) -> None:
        for message in connection:
            got.append(message if isinstance(message, bytes) else json.loads(message))
            if isinstance(got[-1], dict) and got[-1]["is_speaking"] is False:
                connection.send(answer)

    with serve(talk, "127.0.0.1", 0, subprotocols=["binary"]) as server:  # type: ignore[list-item]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}", got
        server.shutdown()


def test_funasr_gets_the_sound_and_the_hot_words() -> None:
    answer = json.dumps({"mode": "offline", "text": "找 王桂兰", "wav_name": "utterance", "is_final": False})
    with funasr_server(answer) as (url, got):
        heard = FunAsrRecogniser(url, WORDS).recognise(SOUND, 8000, Hint(phrases=("王桂兰",)))
    assert heard.text == "找王桂兰"
    hot_words = json.loads(got[0]["hotwords"])
    assert got[0]["audio_fs"] == 8000 and hot_words == dict.fromkeys(("王桂兰", *WORDS.hot_words), 20)
    assert b"".join(got[1:-1]) == SOUND.tobytes() and got[-1] == {"is_speaking": False}


def test_a_funasr_server_that_sends_nonsense_or_is_not_there_is_told() -> None:
    with funasr_server("nonsense") as (url, _), pytest.raises(HearingError, match="no JSON"):
        FunAsrRecogniser(url, WORDS).recognise(SOUND, 8000, Hint())
    with pytest.raises(HearingError, match="does not answer"):
        FunAsrRecogniser("ws://127.0.0.1:9", WORDS).recognise(SOUND, 8000, Hint())


def test_addresses_of_other_kinds_are_refused() -> None:
    with pytest.raises(HearingError, match="no WebSocket"):
        FunAsrRecogniser("http://x", WORDS)
    with pytest.raises(HearingError, match="no http"):
        openai("file:///etc/passwd")
