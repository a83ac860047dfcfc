"""How long the caller must be silent before it is our turn."""

from __future__ import annotations

from config.turn_taking import Endpoint
from voice.turns.phrase import Phrase
from voice.turns.profile import CallerProfile


def silence_needed_ms(kind: Phrase, profile: CallerProfile, rules: Endpoint) -> int:
    """By what was said so far and how this caller pauses.

    A clear answer is taken at once whoever gives it. After a whole wish only those are waited for longer who went on
    after one before. Anything else waits at least as long as this caller usually pauses within a sentence.
    """
    if kind is Phrase.CLOSED:
        return rules.closed_ms
    if kind is Phrase.SETTLED:
        return min(
            max(round(profile.resumed_ms * rules.margin), rules.complete_ms), rules.longest_complete_ms
        )
    own = round(profile.usual_pause_ms(rules) * rules.margin)
    at_least = {
        Phrase.COMPLETE: rules.complete_ms,
        Phrase.LIST: rules.list_ms,
        Phrase.VAGUE: rules.vague_ms,
        Phrase.BACKCHANNEL: rules.vague_ms,
        Phrase.EMPTY: rules.unread_ms,
        Phrase.UNFINISHED: rules.unfinished_ms,
        Phrase.OBJECTLESS: rules.unfinished_ms,
        Phrase.DIGITS: rules.digits_ms,
    }.get(kind, rules.open_ms)
    at_most = rules.longest_complete_ms if kind is Phrase.COMPLETE else rules.longest_ms
    return min(max(own, at_least), at_most)
