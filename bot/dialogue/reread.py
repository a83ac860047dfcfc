"""Sentences of which only a part counts («谢谢啊，还有我妈的药», «不是，我要修灯»): that part is read by itself.

All of it is done before any flow looks at the sentence.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from bot.dialogue import cues
from bot.dialogue.talk import MISSPOKE, Talk
from nlu.clauses import MARKS
from nlu.understanding import ScoredLabel, Understanding

SHORTEST_SLIP = 2  # characters; «两份», «后天»
SHORTEST = 4  # characters; «你们» of «你们忙不过来就算了» says nothing


def reread(talk: Talk) -> None:
    """Replace what was heard, and where nothing of the rest matters the text too, by the part that counts."""
    if talk.heard.danger is not None or talk.heard.has("emergency"):
        return
    _without_condition(talk)
    _without_misspoke(talk)
    _behind_turn(talk)
    _which_benefit(talk)
    _without_slipped_thing(talk)
    _not_only(talk)
    _behind_lead_in(talk)
    _behind_no(talk)
    _behind_what_never_was(talk)
    _without_slip(talk)
    _for_somebody_else(talk)


def _only(talk: Talk, rest: str, heard: Understanding) -> None:
    """As if no more than the rest had been said."""
    talk.heard, talk.turn = heard, replace(talk.turn, text=rest)


def _without_condition(talk: Talk) -> None:
    """«让人来打扫，做不了那就算了» is a request: what is given up only for a case is read without it."""
    if not cues.says("drop_if", talk.text):
        return
    rest = cues.without("drop_if", talk.text).strip(MARKS + " ")
    if len(rest) >= SHORTEST:
        talk.heard = talk.read(rest, expecting=talk.asked)
    elif talk.form is not None:
        talk.heard = replace(talk.heard, labels=(ScoredLabel("inform", 1.0),))


def _without_misspoke(talk: Talk) -> None:
    """«刚才说错了，是后天», «两份啊，我刚忘了说»: what is right, and no wish to hear it once more."""
    if not cues.says("misspoke", talk.text):
        return
    rest = cues.without("misspoke", talk.text).strip(MARKS + " ")
    talk.happened.append(MISSPOKE)
    misheard = not talk.requests() and (talk.heard.has("repeat") or talk.heard.has("out_of_scope"))
    if not misheard:
        return
    if len(rest) >= SHORTEST_SLIP:
        _only(talk, rest, talk.read(rest, expecting=talk.asked))
    if talk.heard.has("repeat"):
        talk.heard = replace(talk.heard, labels=(ScoredLabel("inform", 1.0),))


def _behind_turn(talk: Talk) -> None:
    """«那算了，我订个饭吧», after something that we can not do: what is wanted now, and nothing is taken back."""
    rest = cues.without("turns_to", talk.text)
    if talk.form is not None or rest == talk.text or cues.says("no_more_needed", talk.text):
        return
    heard = talk.read(rest)
    if talk.items_of(heard) and not heard.has("cancel_order"):
        _only(talk, rest, heard)


def _without_slipped_thing(talk: Talk) -> None:
    """«帮我交水费，哦不是，是燃气费», «取件码3-2-5018，不对，是5-2-3018»: what was a slip is not kept beside what is meant."""
    text = talk.text
    rest = cues.without("code_slip", text)
    things = talk.slots("detail") if rest == text and text == talk.heard.text else ()
    for first, second in pairwise(things):
        whole = cues.measure(second.text) is None  # «两斤鸡蛋，不对，三斤» are still eggs
        if whole and cues.says("thing_slip", text[first.end : second.start]):
            rest = text[: first.start] + text[second.start :]
    if rest == text:
        return
    heard = talk.read(rest, expecting=talk.asked)
    if not set(talk.requests()) <= set(talk.items_of(heard)):
        heard = replace(heard, labels=talk.heard.labels)
    _only(talk, rest, heard)


def _which_benefit(talk: Talk) -> None:
    """«就是那个补贴» … «高龄的»: the benefit that was meant, and no second one."""
    form = talk.form
    if form is not None and form.item == "two_subsidies" and cues.says("of_old_age", talk.text):
        form.item = "senior_allowance"
        form.details.clear()
        talk.heard = replace(talk.heard, labels=(ScoredLabel("senior_allowance", 1.0),), slots=())


def _not_only(talk: Talk) -> None:
    """«不光打扫，还要做饭» denies nothing."""
    rest = cues.without("not_only", talk.text)
    if rest != talk.text and talk.items_of(heard := talk.read(rest)):
        _only(talk, rest, heard)


def _behind_lead_in(talk: Talk) -> None:
    """«对了还有，我要洗澡» is a request and no mere «对»; «没啥了，就是叫他们轻点» tells something and is no goodbye."""
    cue = "more_behind" if cues.says("more_behind", talk.text) else "tells_more_behind"
    rest = cues.without(cue, talk.text)
    if rest == talk.text or len(rest) < SHORTEST or talk.requests():
        return
    heard = talk.read(rest)
    if talk.items_of(heard) or talk.form is None:
        _only(talk, rest, heard)


def _behind_no(talk: Talk) -> None:
    """«不是，我要修灯»: what is wanted instead."""
    rest = cues.part("wanted_instead", talk.text)
    if talk.form is not None or talk.requests() or not rest or not cues.says("opens_no", talk.text):
        return
    heard = talk.read(rest)
    if talk.items_of(heard):
        talk.heard = heard


def _behind_what_never_was(talk: Talk) -> None:
    """«不要打扫了，给我洗衣服», when nothing stands and nothing is being arranged: only what is wanted counts."""
    wanted = cues.after("gives_up_for", talk.text)
    if talk.form is not None or talk.world.orders or len(wanted) < SHORTEST:
        return
    heard = talk.read(wanted)
    if talk.items_of(heard):
        _only(talk, wanted, heard)


def _without_slip(talk: Talk) -> None:
    """«明天我要洗澡，哦不，先理发»: of two services that were named only the second is meant."""
    text, items = talk.text, sorted(talk.requests(), key=lambda item: cues.first_mention(item, talk.text))
    if len(items) < 2 or cues.says("also", text):
        return
    first, second = (cues.first_mention(item, text) for item in items[:2])
    slip = cues.part("slip_between", text[first:second])
    if slip:
        rest = text[:first] + text[text.index(slip, first) + len(slip) :].lstrip(MARKS + " ")
        _only(talk, rest, talk.read(rest))


def _for_somebody_else(talk: Talk) -> None:
    """«我妈：洗澡 周日下午», while something is asked of another request for another person: one more request."""
    form, item = talk.form, talk.other_item(())
    if form is None or talk.requests() or item is None or item == form.item:
        return
    people = {slot.value or slot.text for slot in talk.slots("beneficiary")}
    if people - {form.beneficiary} and item in cues.items_mentioned(talk.text):
        talk.take_for(item)
