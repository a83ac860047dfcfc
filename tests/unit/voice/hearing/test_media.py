import io

import av
import numpy as np
import pytest

from tests.unit.voice.hearing.speech import RATE, spoken
from voice.hearing.media import MEDIA_RATE, MOST_BYTES, MediaError, decoded
from voice.line.line import Samples

SPEECH = spoken()[0].samples


def encoded(samples: Samples, container: str, codec: str, rate: int = 48000) -> bytes:
    """As a phone or a platform would send it."""
    content = io.BytesIO()
    with av.open(content, "w", format=container) as media:
        stream = media.add_stream(codec, rate=rate)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            media.mux(packet)
    return content.getvalue()


@pytest.mark.parametrize(
    ("container", "codec"),
    [("ogg", "libopus"), ("mp3", "libmp3lame"), ("wav", "pcm_s16le"), ("ipod", "aac")],
)
def test_sound_of_every_kind_is_read(container: str, codec: str) -> None:
    sound = decoded(encoded(SPEECH, container, codec))
    assert sound.dtype == np.int16
    assert len(sound) / MEDIA_RATE == pytest.approx(len(SPEECH) / RATE, abs=0.1)
    assert np.abs(sound).max() > 5000


def test_amr_as_wechat_sends_it_is_read() -> None:
    # Half a second of silence: 25 frames of 12.2 kbit/s (RFC 4867), each a header and 31 bytes.
    assert len(decoded(b"#!AMR\n" + (b"\x3c" + bytes(31)) * 25)) == pytest.approx(MEDIA_RATE / 2, abs=400)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 100, b"OggS" + b"\x00" * 50, b"RIFF1234", b"#EXTM3U\nfile:///etc/passwd", b"#!AMR\n"],
    ids=["nothing", "zeros", "ogg", "wav", "playlist", "amr"],
)
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(MediaError):
        decoded(data)


def test_a_message_that_was_cut_off_gives_what_there_is_or_is_refused() -> None:
    whole = encoded(SPEECH, "ogg", "libopus")
    assert len(decoded(whole[: len(whole) // 2])) < len(decoded(whole))


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    with pytest.raises(MediaError, match="too many"):
        decoded(b"OggS" + bytes(MOST_BYTES))


def test_of_long_sound_the_beginning_is_taken() -> None:
    long = encoded(np.zeros(130 * RATE, np.int16), "wav", "pcm_s16le", RATE)
    assert len(decoded(long)) == 120 * MEDIA_RATE
