"""What is no alarm yet, but nothing to be ordered either: swindlers, a slip that is over, a telephone that nobody answers,
days without food. What is listened for stands in `config/lexicon/alarms.yaml`."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from backend.domain.queue import TaskKind
from bot.dialogue import cues, forms
from bot.dialogue.flows import request
from bot.dialogue.memory import Pending
from bot.dialogue.talk import Talk
from config.lexicon import load
from nlu.danger import find_danger, speaks_against
from nlu.understanding import Danger, ScoredLabel

VISIT = "care_visit"
MEAL = "meal"
BARE = 10  # characters: «我妈电话打不通» and no more
MERE_WORRY = ("lost", "no_answer", "violence")
GUESSED = 0.75  # a danger below this was guessed from a weak sign or a hint
NO_BODILY_HARM = ("other", "violence", "trapped", "no_answer", "lost")


@cache
def _cue(name: str) -> re.Pattern[str]:
    return re.compile(_lexicon()[name])


def _lexicon() -> dict[str, Any]:
    return load("alarms")


def says(name: str, text: str) -> bool:
    """Whether the text carries the cue of this name in config/lexicon/alarms.yaml."""
    return _cue(name).search(text) is not None


def advice(kind: str, text: str) -> str | None:
    """What happened just here, when another advice fits than is usual for this kind of danger."""
    fitting = (name for name, pattern in _lexicon()["advice"].get(kind, ()) if re.search(pattern, text))
    return next(fitting, None)


def wants_money(text: str) -> bool:
    """Whether somebody is after the money, a code or the bank card of whoever speaks, or of theirs."""
    return says("fraud_alone", text) or (says("fraud", text) and says("fraud_by", text))


def fraud(talk: Talk) -> bool:
    """Somebody wants their money: first not to pay, then whom to ring; staff are told. It is nothing to be ordered."""
    text, danger = talk.text, talk.heard.danger
    if danger is not None and danger.kind not in NO_BODILY_HARM:
        return False
    if says("asked_of_us", text) and not talk.requests():
        talk.say("no_fraud_on" if talk.form else "no_fraud")
        talk.understood = True
        return talk.form is None
    goods = says("fraud_goods", text)
    if not (goods or wants_money(text)):
        return False
    if danger is not None and danger.kind == "violence" and not says("fraud_by_phone", text):
        return False
    talk.tell_staff(TaskKind.HANDOFF, "fraud", why="fraud")
    talk.say("fraud.goods" if goods else "fraud.paid" if says("fraud_paid", text) else "fraud.wanted")
    if talk.form is not None:
        talk.keep_question()
        talk.question = tuple(talk.memory.question)
    talk.understood = True
    talk.memory.pending = None
    talk.happened.append("fraud")
    return True


def no_alarm(talk: Talk) -> bool:
    """What only the classifier takes for danger, and what was said speaks against («水管爆了，快来人», «他把我拉黑了，
    联系不上»), is read without it."""
    found, text = talk.heard.danger, talk.text
    if talk.memory.in_danger or not (found or talk.heard.has("emergency") or _was_guessed(talk)):
        return False
    if talk.form is not None and cues.says("habit", text):
        return False  # taken down for whoever comes
    unanswered = says("no_reply", text) and (says("waits_first", text) or len(text) <= BARE)
    guessed = found is None or not found.why
    guessed |= found is not None and found.confidence < GUESSED and found.kind in MERE_WORRY
    over = cues.says("false_alarm", text) or says("better", text)
    if (unanswered and guessed) or (found is None and not over and speaks_against(text)):
        _calm(talk, quietly=unanswered)
    return False


def _was_guessed(talk: Talk) -> bool:
    """Whether it sounds like danger more than like anything else, and nothing else was understood."""
    first = talk.heard.ranking[:1]
    return talk.heard.names() == ("out_of_scope",) and any(one.label == "emergency" for one in first)


def _calm(talk: Talk, *, quietly: bool = False) -> None:
    """Read the sentence without the alarm; where it then says nothing else, a kind word is said."""
    labels = tuple(one for one in talk.heard.labels if one.label not in ("emergency", "out_of_scope"))
    if not labels:
        labels = (ScoredLabel("out_of_scope", 1.0),)
        if talk.form is None and not quietly:
            talk.say("no_alarm")
            talk.understood = True
    talk.heard = replace(talk.heard, labels=labels, danger=None)
    talk.happened.append("no_alarm")


def worse(talk: Talk) -> Danger | None:
    """The danger that what they say now makes of what they told before («我妈不接电话», «从昨天就没接»)."""
    pending = talk.pending
    if pending is None or pending.said is None or pending.items != [VISIT]:
        return None
    if any(says(cue, talk.text) for cue in ("nothing", "wants_visit")) or talk.heard.has("affirm"):
        return None
    return find_danger(f"{pending.said}，{talk.text}")


def nobody_answers(talk: Talk) -> bool:
    """«我妈电话打不通»: no alarm yet; since when is asked, and that somebody looks in is offered. «找到了» is good news."""
    text, pending = talk.text, talk.pending
    if pending and pending.items == [VISIT] and pending.kind == "offer_items" and says("wants_visit", text):
        talk.memory.pending, talk.understood = None, True
        request.take_up(talk, VISIT, pending.said)
        return True
    if talk.form is not None or set(talk.requests()) - {VISIT} or talk.heard.has("complaint"):
        return False
    if says("all_well", text):
        talk.say("no_reply.good")
    elif not says("no_reply", text):
        return False
    elif says("waits_first", text):
        talk.say("no_reply.wait")
    else:
        talk.memory.pending = Pending(kind="offer_items", items=[VISIT], said=text)
        talk.ask(None, "no_reply.ask")
    talk.understood = True
    return True


def hungry(talk: Talk) -> bool:
    """Days without food: today's meal is urgent, and staff are told."""
    requests = talk.requests()
    if talk.form is not None or not cues.says("hungry", talk.text) or set(requests) - {MEAL}:
        return False
    if says("hot_meal", talk.text):
        return False  # «三天没吃上一口热饭»: no hunger
    if not any(one.label == MEAL for one in (*talk.heard.labels, *talk.heard.ranking)):
        return False
    talk.tell_staff(TaskKind.HANDOFF, "hungry", why="hungry")
    form = forms.open_form(talk, MEAL)
    forms.fill(talk, form)
    form.time = form.time or {"iso": None, "asap": True, "recurrence": None}
    talk.say("hungry")
    talk.understood = True
    return True
