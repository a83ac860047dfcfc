"""Weights: where they lie, whether they are whole, and how they come there (`config/models.yaml`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import yaml

from voice.hearing.recogniser import HearingError
from voice.whole_file import written_whole

_BLOCK = 1 << 20


class ModelError(HearingError):
    """A model is missing or damaged; the text says what to do."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model. `parts`: paths inside installed packages that make it up, in order."""

    name: str
    bytes: int
    sha256: str
    url: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A row of `config/models.yaml`. Without files: somebody brings it."""

    name: str
    purpose: str
    licence: str
    source: str
    without: str
    files: tuple[ModelFile, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


@cache
def load_models() -> dict[str, Model]:
    """All models by name."""
    raw = yaml.safe_load(files("config").joinpath("models.yaml").read_text("utf-8"))
    return {
        row["name"]: Model(
            row["name"], row["purpose"], row["licence"], row["source"], row["without"],
            tuple(ModelFile(**{**file, "parts": tuple(file.get("parts", ()))}) for file in row.get("files", ())),
        )
        for row in raw["models"]
    }  # fmt: skip


def missing_files(model: Model, folder: Path) -> list[str]:
    """Names of the files that `folder` lacks (by size; `check` looks into them)."""
    return [file.name for file in model.files if _size(folder / file.name) != file.bytes]


def damaged_files(model: Model, folder: Path) -> list[str]:
    """Names of the files whose SHA-256 is not the pinned one. Reads all of them."""
    return [
        file.name for file in model.files
        if (folder / file.name).is_file() and _sha256_of(folder / file.name) != file.sha256
    ]  # fmt: skip


def ensure(model: Model, folder: Path) -> Path:
    """`folder` with every file, those that packages carry joined on first use. Raises ModelError.

    Safe in several processes at once: each writes a file of its own and moves it to its place whole.
    """
    for file in model.files:
        if _size(folder / file.name) == file.bytes:
            continue
        if not file.parts or (content := _packaged(file)) is None:
            raise ModelError(
                f"the model {model.name} is missing in {folder} ({model.purpose}). "
                f"`nuanxian models fetch {model.name}` brings it; without it: {model.without}."
            )
        _write_checked(file, folder, [content])
    return folder


def fetch(
    model: Model, folder: Path, *, mirror: str | None = None, told: Callable[[int], None] = lambda _: None
) -> None:
    """Bring every missing file: from packages, else from its address, else from `mirror`/<model>/<file>. Raises ModelError.

    `told` is called with the number of bytes that came.
    """
    if not model.files:
        raise ModelError(
            f"{model.name} can not be fetched: get it from {model.source} and put it into {folder}"
        )
    for file in model.files:
        if _size(folder / file.name) == file.bytes:
            continue
        packaged = _packaged(file) if file.parts else None
        url = f"{mirror.rstrip('/')}/{model.name}/{file.name}" if mirror else file.url
        _write_checked(file, folder, [packaged] if packaged is not None else _download(url, file.bytes, told))


def _packaged(file: ModelFile) -> bytes | None:
    """The file joined from the packages that carry it; None where one of them is not installed."""
    try:
        return b"".join(
            files(package).joinpath(path).read_bytes()
            for package, _, path in (part.partition("/") for part in file.parts)
        )
    except (ModuleNotFoundError, FileNotFoundError):
        return None


def _download(url: str, most: int, told: Callable[[int], None]) -> Iterator[bytes]:
    if urlsplit(url).scheme not in ("https", "http"):
        raise ModelError(f"{url} is no address to download from")
    try:
        with urlopen(url, timeout=60) as answer:  # noqa: S310 (the scheme is checked above)
            left = most + 1  # one more, so that a file that is too long is noticed
            while left > 0 and (block := answer.read(min(_BLOCK, left))):
                left -= len(block)
                told(len(block))
                yield block
    except OSError as problem:
        raise ModelError(
            f"{url} can not be fetched: {problem}. Without that network, set NUANXIAN_MODELS_MIRROR to a server that has "
            "the files, or copy them into the folder."
        ) from problem


def _write_checked(file: ModelFile, folder: Path, blocks: Iterable[bytes]) -> None:
    """Write to a file beside it, compare the hash, then move it to its place."""
    digest = hashlib.sha256()
    with written_whole(folder / file.name, mode=0o644) as out:
        for block in blocks:
            digest.update(block)
            out.write(block)
        if digest.hexdigest() != file.sha256:
            raise ModelError(f"{file.name} is damaged or another version: its SHA-256 is not {file.sha256}")


def _sha256_of(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1
