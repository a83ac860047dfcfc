"""Puts what was rendered ahead into the file that comes with the project, as far as it is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice.speaking import fragments, opus
from voice.speaking.cache import RATE, PromptCache
from voice.speaking.shipped import write_shipped

MOST_BYTES = 4_600_000  # of the file; what is said least often is left out


@dataclass(frozen=True, slots=True)
class Shipping:
    """What was written. `left_out`: texts for which there was no room."""

    pieces: int
    new: int
    left_out: list[str]


def ship(
    cache: PromptCache, scripts: Sequence[str], target: Path, *, most_bytes: int = MOST_BYTES
) -> Shipping:
    """Write the pieces of the scripts that were rendered here or had been shipped before, in the order of the scripts.

    What was shipped before stays as it was, bit by bit; what no script asks for any more goes. Raises OSError.
    """
    before = {name: cache.shipped.content(name) for name in map(cache.name, _pieces(scripts))}
    wanted = [
        (name, piece, content)
        for piece, (name, kept) in zip(_pieces(scripts), before.items(), strict=True)
        if (content := kept or _packed(cache, piece)) is not None
    ]
    left_out = write_shipped(target, wanted, most_bytes=most_bytes)
    new = sum(before[name] is None for name, _, _ in wanted)
    return Shipping(len(wanted) - len(left_out), new, left_out)


def _packed(cache: PromptCache, piece: str) -> bytes | None:
    samples = cache.rendered(piece)
    return None if samples is None else opus.packed(samples, RATE)


def not_shipped(cache: PromptCache, scripts: Sequence[str]) -> list[str]:
    """The scripts that have to be rendered on a new machine, as a whole or in part."""
    return [
        script
        for script in scripts
        if not all(cache.name(piece) in cache.shipped for piece in fragments.pieces(script))
    ]


def _pieces(scripts: Sequence[str]) -> dict[str, None]:
    return dict.fromkeys(piece for script in scripts for piece in fragments.pieces(script))
