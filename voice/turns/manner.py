"""How an answer is said to this caller: pace, loudness, and the short form for the hard of hearing."""

from __future__ import annotations

from config.turn_taking import TurnRules
from voice.conversation import Answer
from voice.speaking.voice import Manner
from voice.turns.by_key import choices_by_key
from voice.turns.profile import CallerProfile

SLOWEST = 3
LOUDEST = 2


def manner_for(profile: CallerProfile, rules: TurnRules) -> Manner:
    """As slow and loud as the caller wished, and never faster than they speak themselves."""
    return Manner(
        pace=min(SLOWEST, max(profile.pace, profile.slow_steps(rules.manner))),
        loudness=min(LOUDEST, profile.loudness),
        deep=profile.hard_of_hearing(rules.manner),
    )


def sentences_for(answer: Answer, profile: CallerProfile, rules: TurnRules) -> tuple[str, ...]:
    """What is said. The hard of hearing get the end of it, which holds the question, and the keys to answer with.

    A read-back, an emergency and a farewell are never shortened: every word of them matters.
    """
    if not profile.hard_of_hearing(rules.manner):
        return answer.sentences
    whole = answer.asks == "confirm" or answer.emergency or answer.ended
    kept = answer.sentences if whole else answer.sentences[-rules.manner.hard_sentences :]
    if answer.ended:
        return kept
    by_key = [told for told in choices_by_key(answer, rules) if told not in kept]
    return (*kept, *by_key, rules.says["person_by_key"])
