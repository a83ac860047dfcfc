"""Tells in plain lines why a sentence is understood as it is."""

from __future__ import annotations

from datetime import datetime

from nlu.answers import bare_answer
from nlu.clauses import clauses
from nlu.decide import ranked, sigmoid
from nlu.engines.ngrams import telling
from nlu.parse import MODEL_FOLDER, read_parser
from nlu.speech import cut, even, sounds, tables
from nlu.understanding import Expecting


def explain(text: str, *, expecting: str | None, now: datetime) -> str:
    """How the sentence is read and sounds, what each engine thinks, what decided."""
    text = cut(text)
    parser = read_parser(MODEL_FOLDER)
    asked = Expecting(expecting) if expecting else None
    found = parser.parse(text, expecting=asked, now=now)
    evened = even(text)
    heard = " ".join(tables().syllables[number] for number in sounds(evened) if number)
    lines = [f"read as     {evened}", f"sounds      {heard}"]
    if bare := bare_answer(text, expecting=asked):
        lines.append(f"bare answer {bare} (config/lexicon/answers.yaml)")
    fast = ranked(sigmoid(parser.ngrams.score(text)), parser.labels)
    lines.append("n-grams     " + ", ".join(f"{one.label} {one.confidence:.2f}" for one in fast))
    for one in fast[:2]:
        told = ", ".join(
            f"{stretch} {weight:+.2f}" for stretch, weight in telling(parser.ngrams, text, one.label)
        )
        lines.append(f"  {one.label}: {told}")
    if parser.encoder is not None:
        slow = ranked(sigmoid(parser.encoder.score(text, expecting=expecting)), parser.labels)
        lines.append("encoder     " + ", ".join(f"{one.label} {one.confidence:.2f}" for one in slow))
    if len(parts := clauses(text)) > 1:
        lines.append("parts       " + " | ".join(part.text for part in parts))
    if found.danger is not None:
        lines.append(
            f"danger      {found.danger.kind} {found.danger.confidence:.2f}: {', '.join(found.danger.why)}"
        )
    lines.append("acts on     " + ", ".join(f"{one.label} {one.confidence:.2f}" for one in found.labels))
    lines += [f"slot        {one.slot}: {one.text} = {one.value}" for one in found.slots]
    lines.append(f"sure        {'yes' if found.sure else 'no: asks back'}")
    return "\n".join(lines)
