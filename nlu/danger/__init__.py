"""Finds danger to life or safety in what was said, with the words that decided.

How it decides stands in `docs/danger.md`; all words and patterns stand in `config/lexicon/danger.yaml`.
"""

from __future__ import annotations

from nlu.danger.decide import find_danger, speaks_against

__all__ = ["find_danger", "speaks_against"]
