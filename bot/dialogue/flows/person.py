"""A person can always be reached: at once when asked for, and when the line does not get any further."""

from __future__ import annotations

from backend.domain.queue import TaskKind
from backend.services.commands import OpenTask
from bot.dialogue import forms
from bot.dialogue.memory import Pending
from bot.dialogue.talk import Talk


def wants_person(talk: Talk) -> bool:
    if not talk.heard.has("human") or (forms.is_wish(talk) and not talk.heard.sure):
        return False
    hand_off(talk, why="asked_for", phrase="person.coming")
    talk.understood = True
    return True


def pass_on(talk: Talk, number: str) -> bool:
    """«来之前给我打个电话», said when the order stands: staff tell whoever comes."""
    caller = talk.world.caller
    talk.commands.append(
        OpenTask(
            key=f"{talk.turn.session}:note:{talk.memory.turns}",
            kind=TaskKind.HANDOFF,
            session=talk.turn.session,
            sender=talk.turn.sender,
            at=talk.turn.now,
            text=talk.text,
            why="note",
            who=caller.elder.name if caller.elder else talk.memory.name,
            phone=talk.memory.phone or caller.phone,
            elder_id=caller.elder.id if caller.elder else None,
            order_number=number,
        )
    )
    talk.say("order.passed_on")
    talk.memory.pending = Pending(kind="anything_else")
    talk.ask(None, "anything_else")
    talk.understood = True
    return True


def hand_off(talk: Talk, *, why: str, phrase: str) -> None:
    """A queue entry for staff, with everything that was said; the requests under way stay as they are."""
    memory, caller = talk.memory, talk.world.caller
    form = memory.current()
    talk.commands.append(
        OpenTask(
            key=f"{talk.turn.session}:handoff:{memory.turns}",
            kind=TaskKind.HANDOFF,
            session=talk.turn.session,
            sender=talk.turn.sender,
            at=talk.turn.now,
            text=talk.text,
            why=why,
            who=caller.elder.name if caller.elder else memory.name,
            place=form.place if form else None,
            phone=memory.phone or caller.phone,
            elder_id=caller.elder.id if caller.elder else None,
        )
    )
    talk.asks, talk.question, talk.choices = None, (), ()
    talk.say(phrase)
    memory.handoff = talk.ended = True
    for form in memory.forms:
        form.parked = True
    memory.pending = None
    memory.misses = memory.silences = 0
    talk.happened.append(f"handoff:{why}")
