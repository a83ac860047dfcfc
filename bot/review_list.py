"""Which sentences of a turn staff should look at again, masked before they leave the conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from backend.domain.people import Caller
from backend.domain.review import Reason
from backend.services.ports import Line, UnitOfWork
from backend.services.review import NoteSentence
from bot.dialogue.engine import Outcome
from bot.dialogue.memory import Memory
from bot.dialogue.turn import Asks, Turn
from nlu.review import key_of, mask
from nlu.understanding import Parser, Understanding

EMERGENCY = "emergency"
# What happened in a turn whose own sentence is worth a look.
OWN_SENTENCE = {
    "not_understood": Reason.NOT_UNDERSTOOD,
    "unsure": Reason.UNSURE,
    "handoff:stuck": Reason.STUCK,
}
# Answers to these are names, addresses and numbers. What was not understood of them can not be masked either.
PERSONAL = frozenset({Asks.NAME, Asks.PLACE, Asks.PHONE})
MOST_READ_BACK = 10  # sentences of the caller in which the one that misled us is looked for


def for_review(
    memory: Memory, turn: Turn, outcome: Outcome, caller: Caller, uow: UnitOfWork, parser: Parser
) -> list[NoteSentence]:
    """The sentence of this turn if it was not understood, and the one before it that the caller took back.

    `memory` is the one before the turn.
    """
    notes = list(own_sentence(memory, turn, outcome, caller))
    if taken_back := corrected(memory, outcome):
        lines, names = uow.contacts.lines(turn.session), names_of(outcome.memory, caller)
        notes += misleading_sentence(*taken_back, turn, lines, parser, names)
    # In one order everywhere, so that two turns never wait for each other's rows.
    return sorted(notes, key=lambda note: note.key)


def own_sentence(memory: Memory, turn: Turn, outcome: Outcome, caller: Caller) -> Iterator[NoteSentence]:
    """The sentence of this turn, if it was not understood."""
    reason = next((OWN_SENTENCE[one] for one in outcome.reply.happened if one in OWN_SENTENCE), None)
    if reason is None or outcome.heard is None or memory.asking in PERSONAL:
        return
    names = names_of(outcome.memory, caller)
    yield from _note(outcome.heard, reason, turn, names, asked=memory.asking)


def corrected(memory: Memory, outcome: Outcome) -> tuple[str, Reason] | None:
    """The label that the caller took back in this turn: an item that became another one, or an emergency that is none."""
    if "false_alarm" in outcome.reply.happened:
        return EMERGENCY, Reason.FALSE_ALARM
    now = {form.id: form.item for form in outcome.memory.forms}
    changed = (form.item for form in memory.forms if now.get(form.id, form.item) != form.item)
    return next(((item, Reason.CORRECTED) for item in changed), None)


def misleading_sentence(
    label: str, reason: Reason, turn: Turn, lines: Sequence[Line], parser: Parser, names: Sequence[str]
) -> Iterator[NoteSentence]:
    """The last sentence of the conversation that was taken for `label`."""
    said = (line for line in reversed(lines) if line.who == "caller")
    for line in islice(said, MOST_READ_BACK):
        heard = parser.parse(line.text, now=line.at)
        if heard.has(label):
            yield from _note(heard, reason, turn, names, asked=None)
            return


def names_of(memory: Memory, caller: Caller) -> list[str]:
    """Every name that the conversation or the records know here."""
    elders = [*((caller.elder,) if caller.elder else ()), *(ward.elder for ward in caller.wards)]
    known = [name for elder in elders for name in (elder.name, *(one.name for one in elder.contacts))]
    told = [facts["name"] for facts in memory.told.values() if "name" in facts]
    return [*known, *told, *(form.name for form in memory.forms if form.name)]


def _note(
    heard: Understanding, reason: Reason, turn: Turn, names: Sequence[str], *, asked: str | None
) -> Iterator[NoteSentence]:
    text = mask(heard.text, heard.slots, names)
    if key := key_of(text):
        channel = turn.channel.value
        yield NoteSentence(text, key, heard.names(), reason, channel, asked, turn.now)
