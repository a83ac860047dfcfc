"""A person can always be reached: at once when asked for, and when the line does not get any further."""

from __future__ import annotations

from backend.domain.queue import TaskKind
from bot.dialogue import cues, notes, whom
from bot.dialogue.memory import Pending
from bot.dialogue.talk import ASIDE, Talk

# What sounds like a wish for a person, and asks about, or for, whoever comes.
NO_PERSON = ("asks_who", "come_and_do", "visit_wanted", "asks_of_comers")


def wants_person(talk: Talk) -> bool:
    if any(cues.says(cue, talk.text) for cue in ("no_person", "who_is_coming")):
        return False  # «不用叫人», «来的人叫啥»
    if cues.says("diet", talk.text) and not cues.says("asks_for_person", talk.text):
        return False  # «有没有清真的»
    if talk.form is not None and cues.says("somebody_to_talk_to", talk.text):
        hand_off(talk, why="asked_for", phrase="person.coming")
        talk.understood = True
        return True
    if talk.memory.orders and cues.says("another_worker", talk.text):
        return False  # «换个人来，别叫上次那个»
    if talk.heard.has("human") and _asks_for_a_visit(talk):
        return True
    if talk.heard.has("human") and not cues.says("asks_for_person", talk.text) and _means_no_person(talk):
        return False
    if not (
        talk.likely("human") or (talk.heard.has("human") and cues.says("asks_for_person", talk.text))
    ) and not any(cues.says(cue, talk.text) for cue in ("that_person", "puts_through")):
        return False
    hand_off(talk, why="asked_for", phrase="person.coming")
    talk.understood = True
    return True


def _means_no_person(talk: Talk) -> bool:
    """«你是机器人吧» asks who is speaking; «还让他来» says who is to come, «叫人到家里弄» that somebody is to."""
    return any(cues.says(cue, talk.text) for cue in NO_PERSON) or notes.is_wish(talk)


def _asks_for_a_visit(talk: Talk) -> bool:
    """«我妈这边需要人», when nothing is talked about: what they need somebody for is asked, once."""
    memory = talk.memory
    wants = cues.says("visit_wanted", talk.text) and not cues.says("asks_for_person", talk.text)
    asked = list(talk.phrase("not_understood.story")) == memory.question
    if (
        not wants
        or asked
        or talk.form is not None
        or memory.topic
        or memory.orders
        or talk.pending is not None
    ):
        return False
    talk.ask(None, "not_understood.story")
    talk.understood = True
    return True


def still_coming(talk: Talk) -> bool:
    """«好的», «我姓马，让他给我回电话», after a person was fetched: they are on their way, and hear that, too."""
    memory = talk.memory
    if not memory.handoff or memory.in_danger or talk.form is not None or memory.pending is not None:
        return False
    told = (
        bool(talk.slots("phone"))
        or cues.says("has_it_asked", talk.text)
        or cues.says("tells_name", talk.text)
    )
    told |= whom.is_a_name(cues.core(talk.text)) and not memory.forms
    if talk.requests() or not (told or cues.says("mere_assent", talk.text)):
        return False
    if told:
        talk.tell_staff(TaskKind.HANDOFF, "note", why="asked_for")
        talk.say("taken_down")
    talk.say("person.coming")
    talk.understood = True
    talk.happened.append(ASIDE)
    return True


def pass_on(talk: Talk, number: str) -> bool:
    """«来之前给我打个电话», said when the order stands: staff tell whoever comes."""
    talk.tell_staff(TaskKind.HANDOFF, "note", why="note", order_number=number)
    talk.say("order.passed_on")
    talk.memory.pending = Pending(kind="anything_else")
    talk.ask(None, "anything_else")
    talk.understood = True
    return True


def hand_off(talk: Talk, *, why: str, phrase: str) -> None:
    """A queue entry for staff, with everything that was said; the requests under way stay as they are."""
    memory = talk.memory
    form = memory.current()
    talk.tell_staff(TaskKind.HANDOFF, "handoff", why=why, place=form.place if form else None)
    talk.asks, talk.question, talk.choices = None, (), ()
    talk.say(phrase)
    memory.handoff = talk.ended = True
    for form in memory.forms:
        form.parked = True
    memory.pending = None
    memory.misses = memory.silences = 0
    talk.happened.append(f"handoff:{why}")
