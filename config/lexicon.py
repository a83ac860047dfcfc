"""The words of the line: one YAML file a subject in `config/lexicon/`, read once and kept."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "lexicon"


class LexiconError(ValueError):
    """A lexicon file is missing, or its top level is no mapping."""


@lru_cache(maxsize=64)
def load(name: str) -> dict[str, Any]:
    """The content of `config/lexicon/<name>.yaml`. The caller must not change it: everybody gets the same one."""
    path = FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise LexiconError(f"no lexicon {name!r}: {path} does not exist")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 (both are the safe loader)
    if not isinstance(content, dict):
        raise LexiconError(f"lexicon {name!r} must be a mapping at its top, not {type(content).__name__}")
    return content
