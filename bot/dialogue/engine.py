"""One turn of the conversation: the memory before and what was said in, the memory after, the reply and commands out.

Pure: no clock, no database, no network. What the records say comes in as a `World`; what is to be done goes out as
commands. The order in which the flows look at a sentence is the order of `_STOPPING` and `_ADDING`: danger first.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

from backend.services.commands import CancelOrder, PlaceOrder, RescheduleOrder
from bot.dialogue import answers, cues, forms, matter, notes, repair, reread, told, whom
from bot.dialogue.flows import (
    ask,
    courtesy,
    danger,
    existing,
    family,
    instead,
    pace,
    person,
    policy,
    read_back,
    request,
    several,
    worries,
)
from bot.dialogue.memory import Memory
from bot.dialogue.talk import ABOUT_ORDERS, ASIDE, Rules, Talk
from bot.dialogue.turn import Asks, Command, Reply, Turn, World
from nlu.speech import in_one_line, simplified
from nlu.understanding import Understanding

# Each looks at the sentence and says True when the turn is answered; a pending question was then answered, too.
_STOPPING: tuple[Callable[[Talk], bool], ...] = (
    worries.fraud,
    worries.no_alarm,
    danger.danger,
    family.family,
    danger.after_danger,
    worries.nobody_answers,
    worries.hungry,
    person.wants_person,
    person.still_coming,
    courtesy.placeholder,
    courtesy.puts_off,
    courtesy.tells_diet,
    policy.still_asks,
    matter.still_offered,
    matter.for_the_medicine,
    existing.comes_too_late,
    pace.pace,
    policy.of_the_line,
    existing.answer_which,
    courtesy.answer_offer,
    read_back.swaps_thing,
    instead.instead,
    read_back.answer_wrong_what,
    read_back.answer_confirmation,
    request.gives_up,
)
# Several of these may have something to say about one sentence («太不像话了，到底啥时候来»).
_ADDING: tuple[Callable[[Talk], bool], ...] = (
    courtesy.kind_word,
    existing.complaint,
    policy.policy,
    existing.existing,
    request.new_requests,
    request.as_before,
    courtesy.courtesy,
)

LIKELY_BARE = 0.3
REMARKED_ON = frozenset({Asks.TIME, Asks.PLACE, Asks.NAME, Asks.PHONE})
TOLD_BESIDE = frozenset({Asks.TIME, Asks.PLACE, Asks.DETAIL, Asks.BENEFICIARY})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one turn leads to."""

    memory: Memory
    reply: Reply
    commands: tuple[Command, ...]
    heard: Understanding | None


class Dialogue:
    """The conversation core. One instance serves every conversation; it keeps nothing between turns."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def asks_something_new(self, turn: Turn) -> bool:
        """Whether a first sentence stands on its own, so that nothing broken off has to be taken up for it."""
        text = in_one_line(turn.text or "")
        heard = self.rules.parser.parse(text, expecting=None, alternatives=turn.alternatives, now=turn.now)
        return any(name in self.rules.catalogue for name in heard.names())

    def respond(self, memory: Memory, turn: Turn, world: World) -> Outcome:
        """Answer one turn. `memory` is not changed; the new one is in the outcome."""
        memory = deepcopy(memory)
        memory.turns += 1
        memory.ended = False
        turn = replace(turn, text=simplified(turn.text)) if turn.text else turn
        text = in_one_line(turn.text or "")
        expecting = Asks(memory.asking) if memory.asking else None
        heard = self.rules.parser.parse(
            text, expecting=expecting, alternatives=turn.alternatives, now=turn.now
        )
        if memory.borrowed or (heard.danger is None and whom.speaks_from_anothers_phone(text)):
            memory.borrowed, world = True, replace(world, caller=whom.stranger(world.caller))
        talk = Talk(rules=self.rules, memory=memory, turn=turn, world=world, heard=heard)
        reread.reread(talk)
        matter.narrow(talk)
        if not text and not turn.returning:
            repair.silence(talk)
        else:
            _answer(talk)
            request.remember_whom(talk)
        _close(talk)
        return Outcome(
            memory=memory, reply=talk.reply(), commands=tuple(talk.commands), heard=heard if text else None
        )


def _answer(talk: Talk) -> None:
    talk.memory.silences = 0
    if len(talk.text) > repair.LONGEST_TURN and not danger.danger(talk):
        repair.too_long(talk)
        return
    if (item := _asked_bare(talk)) is not None:
        talk.take_for(item)
    if _answers_after_all(talk):
        for form in talk.memory.forms:
            form.parked = False
    resuming = talk.turn.returning and talk.form is not None
    if resuming:
        talk.say("going_on")
    pending = talk.pending
    stopped = not talk.text or any(flow(talk) for flow in _STOPPING)
    if not stopped:
        if talk.pending is pending and talk.pending is not None:
            talk.memory.pending = None  # they talk about something else; the offer lapses
        for flow in _ADDING:
            if flow(talk):
                break
        policy.note_asked_besides(talk)
        _take_answer(talk)
        told.remember(talk)
    if talk.understood or (resuming and not talk.slots("time")):
        talk.memory.misses = 0
    else:
        repair.not_understood(talk)
    if not talk.ended and not talk.memory.in_danger and talk.memory.pending is None and not talk.question:
        _go_on(talk)


def _asked_bare(talk: Talk) -> str | None:
    """«后天上午理发» when nothing is talked about is no answer: a service is named that it may well be."""
    memory = talk.memory
    if memory.asking or memory.pending or talk.form is not None or talk.heard.names() != ("inform",):
        return None
    named = cues.items_mentioned(talk.text)
    likely = (s for s in talk.heard.ranking if s.label in named and s.confidence >= LIKELY_BARE)
    return next((scored.label for scored in likely), None)


def _answers_after_all(talk: Talk) -> bool:
    """A person was asked for, and they go on with the request themselves («算了，明天中午吧»)."""
    memory = talk.memory
    about_orders = any(talk.heard.has(name) for name in ABOUT_ORDERS)
    if not memory.handoff or memory.in_danger or talk.form is not None or talk.requests() or about_orders:
        return False
    return bool(talk.slots("time") or talk.slots("place"))


def _take_answer(talk: Talk) -> None:
    """Whatever else the sentence was, it may answer the open question or correct the open request."""
    form = talk.form
    if form is None or talk.ended or ASIDE in talk.happened or (talk.requests() and talk.understood):
        return
    changed = forms.fill(talk, form)
    talk.understood |= forms.fill_others(talk)
    if "beneficiary" in changed and not form.name:
        several.split_by_person(talk, form, goes_on=True)
        form = talk.form or form
    answered = changed or answers.take_answer(talk, form)
    noted = talk.memory.asking != Asks.CONFIRM and notes.take_wishes(talk, form)
    if talk.memory.asking in TOLD_BESIDE and (answered or noted):
        told.keep(talk, talk.heard, [form])
    if talk.memory.asking in REMARKED_ON and not (answered or noted or talk.understood):
        noted = notes.take_remark(talk, form)
    nothing_new = cues.says("that_one", talk.text) or answers.says_again(talk, form)
    talk.understood |= bool(answered or noted or nothing_new)
    if (changed or noted) and not talk.sentences and forms.missing(talk, form) == talk.memory.asking:
        talk.say("taken_down")


def _go_on(talk: Talk) -> None:
    """The next question of the open request; after the last one, whether there is anything else."""
    placed = any(isinstance(command, PlaceOrder | CancelOrder | RescheduleOrder) for command in talk.commands)
    form = talk.form
    if form is not None:
        if placed or "dropped" in talk.happened:
            talk.say("order.next", what=ask.called(talk, form.item, form.details))
        ask.next_question(talk)
        return
    if placed or "dropped" in talk.happened or "complaint" in talk.happened:
        cancelled = [command.number for command in talk.commands if isinstance(command, CancelOrder)]
        ask.anything_else(talk, cancelled)
    elif not talk.sentences:
        talk.say("greet.again")


def _close(talk: Talk) -> None:
    """Remember what was said and asked."""
    memory = talk.memory
    if not talk.ended:
        repair.stuck(talk)
    if not repair.REPEATED & set(talk.happened) and "silence" not in talk.happened:
        memory.said, memory.question = list(talk.sentences), list(talk.question)
        memory.asking = talk.asks.value if talk.asks else None
        memory.choices = [[choice.label, choice.text] for choice in talk.choices]
    memory.ended = talk.ended
    if talk.ended and memory.in_danger:
        memory.ended = talk.ended = False
    memory.updated_at = talk.turn.now.isoformat()
