"""Greeting, thanks, goodbye, «what can you do?», and the answer to «anything else?»."""

from __future__ import annotations

from backend.domain.queue import TaskKind
from bot.dialogue import cues, forms, notes, phrasing
from bot.dialogue.flows import amend, ask, existing, person, request
from bot.dialogue.memory import Pending
from bot.dialogue.talk import ABOUT_ORDERS, ASIDE, Talk
from bot.dialogue.turn import Asks


def answer_offer(talk: Talk) -> bool:
    """A yes, a no or a choice in answer to something the line offered."""
    if existing.goes_on_complaining(talk):
        return True
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
    if pending.kind == "anything_else" and existing.withdraws_the_last(talk):
        return True
    if pending.kind == "who_comes":
        return _answer_who_comes(talk, pending, answered=yes or no or cues.says("any", talk.text))
    unsure = not talk.requests() or not talk.heard.sure
    if pending.items and pending.kind in ("offer_person", "told") and unsure and _books(talk):
        talk.memory.pending, talk.understood = None, True
        request.take_up(talk, pending.items[0], pending.said)
        return True
    if pending.kind == "offer_person" and (yes or no) and not talk.requests():
        return _answer_person(talk, wanted=yes)
    if pending.kind == "offer_items":
        return _answer_items(talk, pending, yes=yes, no=no)
    if pending.kind == "none_open" and cues.says("insists", talk.text):
        return existing.offer_to_ask(talk)
    if pending.kind in ("anything_else", "none_open", "complaint") and not talk.requests():
        return _answer_anything_else(talk, yes=yes, no=no)
    return False


def _answer_who_comes(talk: Talk, pending: Pending, *, answered: bool) -> bool:
    """A woman, a man, or it does not matter."""
    if notes.is_wish(talk):
        return person.pass_on(talk, pending.numbers[0])
    if not answered or talk.requests():
        return False
    ask.anything_else(talk)
    talk.understood = True
    return True


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
    return bool(talk.slots("time")) or cues.says("book", talk.text) or cues.says("come_and_do", talk.text)


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
    no = no and (talk.likely("deny") or cues.says("opens_no", talk.text))
    no = no and not (cues.says("question", talk.text) and not talk.heard.has("deny"))
    placed = talk.pending is not None and talk.pending.kind == "anything_else"
    if placed and cues.says("more_to_come", talk.text):
        talk.say("greet.listening")
        talk.understood = True
        return True
    if placed and (amend.asks_what_is_wrong(talk) or amend.remark(talk)):
        return True
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

    def means(name: str) -> bool:
        return talk.likely(name) and not (talk.form and notes.is_wish(talk))

    if cues.says("wrong_number", talk.text) and talk.form is None and not talk.requests():
        talk.say("wrong_number")
        talk.ended = True
    elif cues.says("asks_who", talk.text) and not talk.requests():
        _aside(talk, "who_we_are")
    elif cues.says("suspects", talk.text) and not talk.requests():
        _aside(talk, "no_fraud_on" if talk.form else "no_fraud")
    elif cues.says("asks_who_runs", talk.text) and not talk.requests():
        _aside(talk, "who_runs_it_on" if talk.form else "who_runs_it")
    elif talk.form is None and (cues.says("preamble", talk.text) or _only_a_sound(talk)):
        talk.say("greet.listening")
    elif heard.has("affirm") and talk.form is None and talk.pending is None and memory.orders:
        ask.anything_else(talk)  # «行吧» to how things stand
    elif cues.says("praise", talk.text) and not talk.requests() and not cues.says("bad_service", talk.text):
        talk.tell_staff(TaskKind.HANDOFF, "praise", why="note")
        _aside(talk, "praised")
    elif cues.says("asks_clock", talk.text):
        day, clock = phrasing.calendar(talk.turn.now, talk.words())
        _aside(talk, "clock", day=day, clock=clock)
    elif talk.form and cues.says("considers", talk.text) and not talk.slots("time"):
        memory.dropped = talk.form
        memory.forms.remove(talk.form)
        memory.asking = None
        memory.pending = Pending(kind="anything_else")
        talk.say("considers")
    elif cues.says("insults", talk.text) and not talk.requests():
        _aside(talk, "insulted")
    elif cues.says("small_talk", talk.text) and not talk.requests():
        _aside(talk, "small_talk")
    elif talk.form and cues.says("hurries", talk.text) and not talk.requests():
        notes.note(talk.form, talk.text)
        talk.say("hurried")
    elif (
        talk.form
        and (cues.says("can_you", talk.text) or cues.says("come_and_do", talk.text))
        and not talk.requests()
    ):
        talk.say("we_can")
    elif means("help") and not (talk.form and cues.says("refuse", talk.text)):
        talk.ask(None, "help", choices=ask.choices_for(talk, Asks.WHICH_ITEM))
    elif means("greet"):
        greet(talk)
    elif means("goodbye") and not (talk.form and cues.says("enough", talk.text)):
        talk.say("goodbye")
        talk.ended = True
    elif means("thanks"):
        talk.say("thanks")
        if talk.form is None and memory.orders:
            talk.ended = True
    else:
        return False
    talk.understood = True
    return talk.ended


# What deserves a kind word or a first advice before it is arranged: the sign, and the service it goes with.
KIND_WORDS = (
    ("mourns", "pension_insurance"),
    ("hungry", "meal"),
    ("floods", "emergency_repair"),
)


def kind_word(talk: Talk) -> bool:
    """«我爷走了，丧葬费咋领», «饿了两天了», «水管爆了»: said once, when it is first spoken of. «想问个事» asks us to listen."""
    if talk.form is None and cues.says("preamble", talk.text):
        talk.say("greet.listening")
        talk.understood = True
        return True
    for cue, item in KIND_WORDS:
        spoken_of = {*talk.requests(), *cues.items_mentioned(talk.text)}
        if talk.form is None and item in spoken_of and cues.says(cue, talk.text):
            talk.say(f"kind.{cue}")
    return False


def _aside(talk: Talk, key: str, **values: str) -> None:
    """Answer something that has nothing to do with what is being arranged."""
    talk.say(key, **values)
    talk.happened.append(ASIDE)


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
