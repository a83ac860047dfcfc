"""What only sounds like a request: what somebody has, a payment asked about, what is none of ours."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from config.catalogue import load_catalogue
from config.lexicon import load
from nlu.clauses import MARKS, PART
from nlu.speech import even
from nlu.understanding import Expecting, ScoredLabel

POLICY, OUT_OF_SCOPE, INFORM = "policy_question", "out_of_scope", "inform"
VISIT = "care_visit"
# What else somebody is to come for, and the words for it in the lexicon.
NO_MERE_VISIT = {"nursing": "watched", "medical_escort": "taken_to_the_doctor"}
# Where it already stands so, a question about a payment stays what it is.
ASKS = frozenset({POLICY, "order_status", "complaint"})
PAYMENTS = frozenset(
    {"senior_allowance", "two_subsidies", "social_assistance", "pension_insurance", "pension_certification"}
)
# What one may already have, or have done.
PAPERS = PAYMENTS | {
    "disability_certificate", "ability_assessment", "social_security_card", "medical_insurance", "utility_payment",
}  # fmt: skip
ITEMS = frozenset(item.code for item in load_catalogue().official())
LONGEST_OFF_TOPIC = 32  # characters
LONGEST_QUESTION = 24  # characters; who tells more wants something done


def _filled(pattern: str, words: dict[str, str]) -> str:
    """The pattern with the lists in {braces} put in."""
    for _ in range(2):  # a list may hold another
        for name, listed in words.items():
            pattern = pattern.replace("{" + name + "}", listed)
    return pattern


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, Any]:
    return load("meant")


def _any_of(patterns: list[str]) -> re.Pattern[str]:
    words = _lexicon()["words"]
    return re.compile("|".join(f"(?:{_filled(pattern, words)})" for pattern in patterns))


@lru_cache(maxsize=1)
def _had() -> re.Pattern[str]:
    return _any_of(_lexicon()["had"])


@lru_cache(maxsize=1)
def _off_topic() -> re.Pattern[str]:
    return _any_of(_lexicon()["off_topic"])


@lru_cache(maxsize=8)
def _rule(name: str) -> re.Pattern[str]:
    return _any_of([_lexicon()[name]])


@lru_cache(maxsize=1)
def _payment() -> dict[str, re.Pattern[str]]:
    return {name: _any_of([pattern]) for name, pattern in _lexicon()["payment"].items()}


def beside_what_is_had(text: str) -> tuple[int, ...]:
    """The places of the letters that are left when what somebody has is set aside: «我有残疾证，想洗澡» → «想洗澡».

    All of them where nothing is had, none where nothing else is said.
    """
    plain = even(text)
    kept: list[int] = []
    for part in PART.finditer(plain):
        had = _had().match(plain, part.start(), part.end())
        begin = had.end() if had else part.start()
        if any(letter not in MARKS + " " for letter in plain[begin : part.end()]):
            kept += range(begin, part.end())
    rest = "".join(plain[place] for place in kept)
    return tuple(range(len(text))) if _rule("of_what_is_had").search(rest) else tuple(kept)


def asks_of_a_payment(text: str) -> bool:
    """Whether it asks why a payment stopped or did not come («低保咋停了»)."""
    plain, known = even(text), _payment()
    return (
        len(plain) <= LONGEST_QUESTION
        and all(known[name].search(plain) for name in ("of", "asked", "stopped"))
        and known["unless"].search(plain) is None
    )


def told_not_wanted(
    text: str, chosen: tuple[ScoredLabel, ...], expecting: Expecting | None
) -> ScoredLabel | None:
    """What is said instead where only what there is is told («我爸是低保户», «交过费了的»); it answers no «where» or «who»."""
    if not {one.label for one in chosen} <= PAPERS or beside_what_is_had(text):
        return None
    label = OUT_OF_SCOPE if expecting in (Expecting.PLACE, Expecting.NAME) else INFORM
    return ScoredLabel(label, chosen[0].confidence)


def asked_not_wanted(text: str, chosen: tuple[ScoredLabel, ...]) -> tuple[ScoredLabel, ...]:
    """The labels without the application that a question about a payment sounds like."""
    if not {one.label for one in chosen} <= PAYMENTS | ASKS | {OUT_OF_SCOPE} or not asks_of_a_payment(text):
        return chosen
    asked = tuple(one for one in chosen if one.label in ASKS)
    return asked or (ScoredLabel(POLICY, chosen[0].confidence),)


def rules_not_wanted(text: str, chosen: tuple[ScoredLabel, ...]) -> tuple[ScoredLabel, ...]:
    """Only the question where a rule is asked about and nothing is wished («高龄津贴一个月是多少»)."""
    asked = tuple(one for one in chosen if one.label == POLICY)
    if len(chosen) != len(asked) + 1 or not asked or not {one.label for one in chosen} <= ITEMS | {POLICY}:
        return chosen
    return chosen if _rule("wishes").search(even(text)) else asked


def no_mere_visit(text: str, chosen: tuple[ScoredLabel, ...]) -> tuple[ScoredLabel, ...]:
    """Care or company to the doctor instead of a visit («想请个人陪夜», «我头疼，想让人陪我去看看»)."""
    if chosen[0].label != VISIT:
        return chosen
    plain = even(text)
    if _rule("for_company").search(plain):
        return chosen
    meant = next((label for label, rule in NO_MERE_VISIT.items() if _rule(rule).search(plain)), None)
    if meant is None or any(one.label == meant for one in chosen):
        return chosen
    return ScoredLabel(meant, chosen[0].confidence), *chosen[1:]


def is_off_topic(text: str) -> bool:
    """Whether the whole sentence is of a kind that is never about a service of ours («今天礼拜几», «把灯关了»)."""
    plain = even(text).strip(MARKS + " ")
    return 0 < len(plain) <= LONGEST_OFF_TOPIC and _off_topic().fullmatch(plain) is not None


def is_ailment(text: str) -> bool:
    """Whether somebody is ill without danger («我妈发烧了»)."""
    return _rule("ailment").search(even(text)) is not None
