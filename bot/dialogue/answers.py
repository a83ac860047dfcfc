"""The question just asked, answered in words that carry no slot: «随便», «不方便说», a bare name."""

from __future__ import annotations

from bot.dialogue import cues, notes, people, phones, places, times, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk, latest
from bot.dialogue.turn import Asks
from nlu.answers import bare_answer
from nlu.slots.names import is_surname


def take_answer(talk: Talk, form: Form) -> bool:
    """The question just asked may have been answered in words that carry no recognisable slot."""
    asked, text = talk.memory.asking, talk.text
    if asked is None or len(text) > 60 or phones.asks_for_number(talk):
        return False
    if (
        cues.says("refuse", text)
        or cues.says("enough", text)
        or (asked != Asks.CONFIRM and cues.says("unknown", text))
    ):
        return _leave_out(talk, form, asked)
    if asked == Asks.PLACE and cues.says("same_place", text):
        return places.take_usual(talk, form) or _take_last_place(talk, form)  # «一样的»
    if asked == Asks.PLACE and cues.says("a_room", text):
        notes.note(form, text)  # «客厅的»: where in the house
        talk.say("taken_down")
        talk.understood = True
        return False
    if asked == Asks.BENEFICIARY and (ward := whom.by_name(text, talk.world.caller)):
        form.beneficiary = ward.name
        whom.take_profile(form, whom.Match(elder=ward), talk.world.caller)
        return True
    if asked == Asks.TIME and cues.says("rules_out", text):
        notes.note(form, text)  # «不要太早»
        talk.understood = True
        if not cues.says("any", text):
            talk.say("taken_down")
            return False
    if asked == Asks.TIME and cues.says("any", text):
        form.time = {"iso": None, "asap": False, "recurrence": form.wanted.recurrence}
        if times.lacks_day(form):
            form.missing.append("time")
        return True
    if asked != Asks.PHONE and "detail" in talk.rules.catalogue[form.item].asks and cues.says("money", text):
        form.details.append(cues.core(text))
        return True
    if asked == Asks.PHONE and (cues.says("this_phone", text)):
        form.phone = talk.world.caller.phone
        return form.phone is not None or _leave_out(talk, form, asked)
    if asked == Asks.DETAIL and cues.says("any", text):
        return _leave_out(talk, form, asked, quietly=True)
    if not (
        talk.heard.has("inform") or talk.heard.has("out_of_scope") or talk.requests() or not talk.heard.sure
    ):
        return False
    answer = cues.core(text)
    if (
        asked in (Asks.TIME, Asks.PLACE, Asks.DETAIL)
        and form.elder_id is None
        and not form.name
        and whom.is_a_name(answer)
    ):
        form.name = answer  # said before it was asked for
        return True
    if bare_answer(text, expecting=Asks.CONFIRM) or (asked != Asks.DETAIL and notes.is_wish(talk)):
        return False  # a mere yes or no answers none of these, nor does how it is to be done
    if asked == Asks.DETAIL and answer:
        form.details.append(answer)
    elif asked == Asks.NAME and (people.may_be_a_name(answer) or is_surname(answer)):
        if cues.says("no_name", answer):
            return False
        form.name = answer
    elif asked == Asks.PLACE and len(answer) >= 2 and talk.heard.has("inform") and not talk.heard.slots:
        if not places.may_be_one(answer) or (len(answer) > 2 and whom.is_a_name(answer)):
            return False
        form.place, form.place_known = places.with_part(answer, form.place_part), False
    elif asked == Asks.BENEFICIARY and 1 <= len(answer) <= 8 and talk.heard.has("inform"):
        form.beneficiary = answer
    else:
        return False
    return True


def _take_last_place(talk: Talk, form: Form) -> bool:
    """«还是那个地址», for a relative: where this very caller sent somebody to them before."""
    theirs = [one for one in talk.own_orders() if one.place and one.beneficiary == form.beneficiary]
    before = latest(theirs)
    if before is None:
        return False
    form.place, form.name = before.place, form.name or before.beneficiary_name
    return True


def says_again(talk: Talk, form: Form) -> bool:
    """What they say is known already («随便哪天», when any day will do)."""
    if cues.says("any", talk.text) and form.time is not None:
        return True
    return talk.heard.has("inform") and any(talk.slots(name) for name in ("time", "place"))


def _leave_out(talk: Talk, form: Form, asked: str, *, quietly: bool = False) -> bool:
    """The caller can not or does not want to say it: the order goes on, staff call back."""
    if asked == Asks.CONFIRM:
        return False
    if asked == Asks.PLACE and form.place_part:
        form.place = form.place_part  # a landmark is more than nothing; staff ask for the rest
    if asked not in form.missing:
        form.missing.append(asked)
    if asked == Asks.TIME:
        form.time = {"iso": None, "asap": False, "recurrence": None}
    if asked == Asks.BENEFICIARY:
        form.beneficiary = "self"
    if not quietly:
        talk.say("refused")
    return True
