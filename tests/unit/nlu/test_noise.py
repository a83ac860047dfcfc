"""Misheard sentences sound the same, keep their length, and come out the same for the same seed."""

import random

from nlu.noise import mishear, mishear_all
from nlu.speech import sounds

TEXT = "我想给我妈订三份饭，明天中午送到家"


def test_misheard_sentences_sound_the_same() -> None:
    heard = mishear(TEXT, random.Random(1), share=0.5)
    assert heard != TEXT
    assert len(heard) == len(TEXT)
    assert list(sounds(heard)) == list(sounds(TEXT))


def test_the_same_seed_mishears_the_same() -> None:
    assert mishear_all([TEXT] * 5, seed=3) == mishear_all([TEXT] * 5, seed=3)
    assert mishear_all([TEXT] * 5, seed=3) != mishear_all([TEXT] * 5, seed=4)


def test_about_the_wanted_share_is_replaced() -> None:
    heard = mishear_all([TEXT] * 200, seed=5, share=0.12)
    changed = sum(a != b for text in heard for a, b in zip(text, TEXT, strict=True))
    assert 0.08 < changed / (200 * len(TEXT)) < 0.14
