"""Makes more training sentences from the written ones: answers cut out of requests, two requests in one breath,
courtesy around a request, misheard characters. Everything by seed, so that a training can be repeated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from config.lexicon import load
from nlu.clauses import MARKS
from nlu.data_files import Annotation, Example
from nlu.noise import mishear
from nlu.understanding import TALK_LABELS

COURTESIES = ("greet", "thanks", "goodbye", "affirm")
ANSWERED_BY = ("time", "place", "phone", "beneficiary", "detail")
JOINABLE_TALK = frozenset(
    {"care_visit", "policy_question", "order_status", "cancel_order", "complaint", "reschedule"}
)
LONGEST_ANSWER = 12


def is_request(example: Example) -> bool:
    return all(label not in TALK_LABELS for label in example.labels)


def cut_out_answers(examples: Sequence[Example], rng: random.Random, count: int) -> list[Example]:
    """Slot values cut out of requests: with that slot just asked for, they only inform."""
    pool = sorted({
        (span.text, span.slot) for example in examples if is_request(example) for span in example.spans
        if span.slot in ANSWERED_BY and 2 <= len(span.text) <= LONGEST_ANSWER
    })  # fmt: skip
    chosen = rng.sample(pool, min(count, len(pool)))
    return [
        Example(text, ("inform",), (Annotation(slot, 0, len(text), text),), "answer", expecting=slot)
        for text, slot in chosen
    ]


def with_questions(examples: Sequence[Example], rng: random.Random) -> list[Example]:
    """The same sentences, some with what the line had just asked; answers mostly after their question."""
    asked: list[Example] = []
    for example in examples:
        expecting = example.expecting
        if expecting is None and rng.random() < _chance_of_question(example):
            expecting = _likely_question(example, rng)
        asked.append(replace(example, expecting=expecting))
    return asked


def _chance_of_question(example: Example) -> float:
    return {"inform": 0.7, "affirm": 0.6, "deny": 0.6}.get(example.labels[0], 0.2)


def _likely_question(example: Example, rng: random.Random) -> str:
    label = example.labels[0]
    if label in ("affirm", "deny"):
        return rng.choice(("confirm", "confirm", "confirm", "satisfaction"))
    if label == "inform":
        slots = [span.slot for span in example.spans if span.slot in ANSWERED_BY]
        return slots[0] if slots else rng.choice(("detail", "name", "beneficiary", "place"))
    return rng.choice((*ANSWERED_BY, "confirm", "which_item", "which_item", "satisfaction"))


def join(first: Example, second: Example, joint: str) -> Example:
    """Two sentences in one breath: labels and spans of both."""
    head = first.text.rstrip(MARKS) + joint
    spans = (
        *first.spans,
        *(replace(span, start=span.start + len(head), end=span.end + len(head)) for span in second.spans),
    )
    labels = tuple(dict.fromkeys((*first.labels, *second.labels)))
    return Example(head + second.text, labels, spans, "joined")


def joined(examples: Sequence[Example], rng: random.Random, count: int) -> list[Example]:
    """Pairs of short requests (or a request and a matter about orders), as people put them in one breath."""
    short = [example for example in examples if len(example.labels) == 1 and len(example.text) <= 24]
    requests = [example for example in short if is_request(example)]
    others = [example for example in short if example.labels[0] in JOINABLE_TALK]
    joints = [str(joint) for joint in load("answers")["joints"] if len(str(joint)) > 1]
    found: list[Example] = []
    for _ in range(count):
        first = rng.choice(requests)
        second = rng.choice(others if rng.random() < 0.25 else requests)
        if first.labels == second.labels:
            continue
        if rng.random() < 0.3:
            first, second = second, first
        found.append(
            join(first, second, rng.choice(("，", "，", "，" + rng.choice(joints), rng.choice(joints))))
        )
    return found


def with_courtesy(examples: Sequence[Example], rng: random.Random, count: int) -> list[Example]:
    """Requests with a greeting before or thanks after them: the request alone is meant."""
    words = {
        kind: [e.text for e in examples if e.labels == (kind,) and len(e.text) <= 8] for kind in COURTESIES
    }
    pool = [
        example for example in examples if example.labels[0] not in (*COURTESIES, "inform", "human", "help")
    ]
    found: list[Example] = []
    for _ in range(count):
        example = rng.choice(pool)
        if rng.random() < 0.6 and words["greet"]:
            head = rng.choice(words["greet"]).rstrip(MARKS) + rng.choice(("，", ""))
            spans = tuple(replace(s, start=s.start + len(head), end=s.end + len(head)) for s in example.spans)
            found.append(replace(example, text=head + example.text, spans=spans))
        elif words["thanks"]:
            tail = rng.choice(("，", "")) + rng.choice(words["thanks"])
            found.append(replace(example, text=example.text.rstrip(MARKS) + tail))
    return found


def misheard(
    examples: Sequence[Example], rng: random.Random, count: int, *, share: float = 0.12
) -> list[Example]:
    """Random sentences as a recogniser would mishear them; spans keep their places."""
    found: list[Example] = []
    for example in rng.sample(list(examples), min(count, len(examples))):
        text = mishear(example.text, rng, share=share * rng.uniform(0.5, 1.7), folded=rng.random() < 0.3)
        spans = tuple(replace(span, text=text[span.start : span.end]) for span in example.spans)
        found.append(replace(example, text=text, spans=spans, style="misheard"))
    return found
