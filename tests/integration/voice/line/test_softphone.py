"""A real softphone calls: wide band, and encrypted signalling and sound."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.voice.line.conftest import Answered, settings, sounds
from tests.integration.voice.line.softphone import call_with_softphone
from tests.tones import loudest_hz, tone
from voice.line.line import Connection
from voice.line.sip import SipLine
from voice.line.sip_settings import Srtp


def certificate(folder: Path) -> Path:
    """A self-signed one, certificate and key in one file as the stack wants it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "line.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


async def speak(connection: Connection) -> None:
    connection.play(tone(600, 4, connection.rate))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("codec", "rate", "encrypted"), [("G722/16000/1", 16000, False), ("PCMU/8000/1", 8000, True)]
)
async def test_a_softphone_talks_with_us(
    codec: str, rate: int, encrypted: bool, tmp_path: Path, answered: Answered
) -> None:
    secure = {"certificate": certificate(tmp_path), "srtp": Srtp.REQUIRED} if encrypted else {}
    chosen = replace(settings(), **secure)
    answered.then = speak
    line = SipLine(chosen)
    await line.open(answered.take)
    port = chosen.tls_port if encrypted else chosen.port
    log, heard = await call_with_softphone(
        tmp_path, f"sip:12345@127.0.0.1:{port}", codec=codec, encrypted=encrypted
    )
    await line.close()
    assert answered.connections, log
    connection, events = await answered.first()
    assert connection.rate == rate
    ours = np.concatenate([sound.samples for sound in sounds(events)])
    assert loudest_hz(ours[rate : 2 * rate], rate) == pytest.approx(440, abs=5)
    assert loudest_hz(heard[rate : 2 * rate], rate) == pytest.approx(600, abs=5)
