"""Greeting, thanks, goodbye, «what can you do?», and the answer to «anything else?»."""

from __future__ import annotations

from bot.dialogue import cues, forms, notes
from bot.dialogue.flows import ask, existing, person, request
from bot.dialogue.memory import Pending
from bot.dialogue.talk import ABOUT_ORDERS, Talk
from bot.dialogue.turn import Asks


def answer_offer(talk: Talk) -> bool:
    """A yes, a no or a choice in answer to something the line offered."""
    pending = talk.pending
    if pending is None:
        return False
    no = talk.heard.has("deny") or cues.says("opens_no", talk.text)
    asks = cues.says("question", talk.text) and not (talk.heard.has("affirm") and talk.heard.sure)
    yes = (talk.heard.has("affirm") or cues.says("opens_yes", talk.text)) and not (no or asks)
    if pending.kind == "anything_else" and pending.numbers and cues.says("undo", talk.text):
        return existing.undo_cancel(talk, pending)
    if pending.kind == "anything_else" and talk.memory.dropped and cues.says("undo", talk.text):
        return _takes_up_again(talk)
    if pending.kind == "anything_else" and talk.memory.orders and _belongs_to_the_last(talk):
        return person.pass_on(talk, talk.memory.orders[-1])
    unsure = not talk.requests() or not talk.heard.sure
    if pending.items and pending.kind == "offer_person" and unsure and _books(talk):
        talk.memory.pending, talk.understood = None, True
        request.take_up(talk, pending.items[0], pending.said)
        return True
    if pending.kind == "offer_person" and (yes or no) and not talk.requests():
        return _answer_person(talk, wanted=yes)
    if pending.kind == "offer_items":
        return _answer_items(talk, pending, yes=yes, no=no)
    if pending.kind == "none_open" and cues.says("insists", talk.text):
        return existing.offer_to_ask(talk)
    if pending.kind in ("anything_else", "none_open") and not talk.requests():
        return _answer_anything_else(talk, yes=yes, no=no)
    return False


def _belongs_to_the_last(talk: Talk) -> bool:
    """«来之前打个电话», «再加二斤豆腐», «电话打这个就行»: about the order that was just placed."""
    order = talk.order(talk.memory.orders[-1])
    adds = cues.says("adds", talk.text) and not talk.slots("time")
    same = order is not None and (not talk.requests() or order.item in talk.requests())
    tells = cues.says("wish", talk.text) and not talk.heard.sure and not cues.says("question", talk.text)
    return notes.is_wish(talk) or tells or cues.says("this_phone", talk.text) or (adds and same)


def _takes_up_again(talk: Talk) -> bool:
    """«那算了» … «不是，还是订吧»."""
    memory = talk.memory
    if memory.dropped is not None:
        memory.forms.append(memory.dropped)
        forms.fill(talk, memory.dropped)
    memory.pending, memory.dropped, talk.understood = None, None, True
    return True


def _books(talk: Talk) -> bool:
    """«不问了，给我约个后天下午的»: what was asked about is wanted."""
    return bool(talk.slots("time")) or cues.says("book", talk.text)


def _answer_person(talk: Talk, *, wanted: bool) -> bool:
    talk.understood = True
    talk.memory.pending = None
    if wanted:
        person.hand_off(talk, why="accepted_offer", phrase="person.coming")
    elif talk.form is None:
        talk.memory.pending = Pending(kind="anything_else")
        talk.ask(None, "person.declined")
    return True


def _answer_items(talk: Talk, pending: Pending, *, yes: bool, no: bool) -> bool:
    """Which of the offered items: by number, by name, by a new request, or yes when only one was offered."""
    index = cues.ordinal(talk.text)
    item = next((item for item in talk.requests() if item in pending.items), None)
    if item is None and index is not None and index < len(pending.items):
        item = pending.items[index]
    elif item is None and yes and len(pending.items) == 1:
        item = pending.items[0]
    elif item is None:
        shorts = {talk.rules.catalogue[code].short: code for code in pending.items}
        mentioned = [code for code in pending.items if code in cues.items_mentioned(talk.text) and not no]
        item = shorts.get(talk.text) or (mentioned[0] if len(mentioned) == 1 else None)
    if item is None and no and (instead := talk.other_item(pending.items)):
        item = instead
    if item is None and not no and not talk.requests() and _tells_more(talk):
        item = pending.items[0]
    if item is None and no and not talk.requests():
        talk.memory.pending = None
        talk.understood = True
        if talk.form is None:
            talk.say("help")
        return True
    if item is None:
        return False
    talk.memory.pending = None
    talk.understood = True
    request.take_up(talk, item, pending.said)
    return True


def _tells_more(talk: Talk) -> bool:
    """«您是想陪看病，对吗？» – «我爸在中卫»: who goes on about it means it, unless it was no more than the usual offer."""
    if talk.memory.misses or any(talk.heard.has(name) for name in ABOUT_ORDERS):
        return False
    told = talk.heard.has("inform") or talk.slots("beneficiary") or talk.slots("place") or talk.slots("time")
    return bool(told) and not cues.says("question", talk.text)


def _answer_anything_else(talk: Talk, *, yes: bool, no: bool) -> bool:
    no = no and not (cues.says("question", talk.text) and not talk.heard.has("deny"))
    done = no or talk.heard.has("goodbye") or talk.heard.has("thanks") or cues.says("no_more_only", talk.text)
    if done:
        talk.memory.pending = None
        talk.say("nothing_else")
        talk.understood = talk.ended = True
        return True
    if yes and talk.heard.has("affirm"):
        talk.memory.pending = None
        talk.say("greet.again")
        talk.understood = True
        return True
    return False


def courtesy(talk: Talk) -> bool:
    """Courtesies; a request under way is taken up again right after."""
    heard, memory = talk.heard, talk.memory
    if cues.says("wrong_number", talk.text) and talk.form is None and not talk.requests():
        talk.say("wrong_number")
        talk.ended = True
    elif cues.says("asks_who", talk.text) and not talk.requests():
        talk.say("who_we_are")
    elif cues.says("suspects", talk.text) and not talk.requests():
        talk.say("no_fraud")
    elif talk.form is None and (cues.says("preamble", talk.text) or _only_a_sound(talk)):
        talk.say("greet.listening")
    elif heard.has("affirm") and talk.form is None and talk.pending is None and memory.orders:
        ask.anything_else(talk)  # «行吧» to how things stand
    elif talk.form and cues.says("can_you", talk.text) and not talk.requests():
        talk.say("we_can")
    elif heard.has("help") and not (talk.form and cues.says("refuse", talk.text)):
        talk.ask(None, "help", choices=ask.choices_for(talk, Asks.WHICH_ITEM))
    elif heard.has("greet"):
        greet(talk)
    elif heard.has("goodbye") and not (talk.form and cues.says("enough", talk.text)):
        talk.say("goodbye")
        talk.ended = True
    elif heard.has("thanks"):
        talk.say("thanks")
        if talk.form is None and memory.orders:
            talk.ended = True
    else:
        return False
    talk.understood = True
    return talk.ended


def _only_a_sound(talk: Talk) -> bool:
    """«嗯» when nothing was asked: they are still listening, or thinking what to say."""
    return talk.pending is None and not talk.heard.has("greet") and cues.says("mere_sound", talk.text)


def greet(talk: Talk) -> None:
    """Say who we are, by name to somebody we know; once a conversation."""
    elder = talk.world.caller.elder
    if talk.memory.turns > 1:
        if talk.form is None:
            talk.say("greet.again")
    elif elder:
        talk.say("greet.known", name=elder.name)
    else:
        talk.say("greet.first")
