"""Questions about rules are answered from the knowledge file with its source, or not at all."""

from __future__ import annotations

from bot.dialogue import cues
from bot.dialogue.flows import ask
from bot.dialogue.memory import Pending
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks


def policy(talk: Talk) -> bool:
    """Answer from `config/knowledge.yaml`. What is not there is never made up: a person is offered."""
    in_passing, may_they = _in_passing(talk), _may_they(talk)
    if not (talk.heard.has("policy_question") or in_passing or may_they or _about_this(talk)):
        return False
    # Only what is surely spoken of: a weak guess would turn a bare «啥条件» into an answer about something else.
    spoken_of = (*talk.requests(), *_under_way(talk))
    entry = talk.rules.knowledge.answer(talk.text, spoken_of)
    talk.understood = True
    if entry is None:
        _unknown(talk)
    else:
        told = entry.sentences(talk.turn.channel.value)
        asks_more = talk.form is not None or (bool(talk.requests()) and not may_they)
        talk.sentences += told[:1] if asks_more else told
        talk.say("policy.source", source=entry.source_name)
        talk.happened.append(f"policy:{entry.id}")
        if entry.item and entry.item in talk.rules.catalogue and not asks_more and len(told) == 1:
            talk.memory.pending = Pending(kind="offer_items", items=[entry.item], said=talk.text)
            talk.ask(Asks.CONFIRM, "policy.book", choices=ask.choices_for(talk, Asks.CONFIRM))
    return not talk.requests() or not talk.heard.has("policy_question") or in_passing


def _under_way(talk: Talk) -> tuple[str, ...]:
    """What is being arranged, else what was ordered last in this conversation («每次多久？»)."""
    if talk.form:
        return (talk.form.item,)
    order = talk.order(talk.memory.orders[-1]) if talk.memory.orders else None
    return (order.item,) if order else ()


def _about_this(talk: Talk) -> bool:
    """A question about the very thing being arranged («这个评估分几个等级»), which reads like asking for it again."""
    form = talk.form
    if form is None or talk.requests() != (form.item,) or talk.heard.slots:
        return False
    return talk.rules.knowledge.answer(talk.text, (form.item,)) is not None


def _may_they(talk: Talk) -> bool:
    """«那我妈八十三了能领不»: whether they may, which also reads like asking for it."""
    if talk.form is not None or len(talk.requests()) != 1 or not cues.says("eligible", talk.text):
        return False
    return talk.rules.knowledge.answer(talk.text, talk.requests()) is not None


def _in_passing(talk: Talk) -> bool:
    """«那需要我准备啥», «大夫上门来评吗»: asked instead of an answer, or about what was just ordered."""
    if talk.heard.slots or (talk.form is None and not talk.memory.orders):
        return False
    if talk.requests():
        unsure = talk.form is not None and not talk.heard.sure
        return unsure and cues.says("question", talk.text) and not cues.says("also", talk.text)
    return cues.says("asks_about", talk.text)


def _unknown(talk: Talk) -> None:
    talk.happened.append("policy:unknown")
    if talk.form or talk.requests():
        talk.say("policy.unknown")
        return
    spoken_of = cues.items_mentioned(talk.text)
    likely = [scored.label for scored in talk.heard.ranking if scored.label in spoken_of]
    talk.memory.pending = Pending(kind="offer_person", items=likely[:1])
    talk.ask(Asks.CONFIRM, "person.offer", choices=ask.choices_for(talk, Asks.CONFIRM))
