"""When nothing was said, or nothing was understood: ask in other words, offer choices, then fetch a person."""

from __future__ import annotations

from dataclasses import asdict

from bot.dialogue import cues, notes, phrasing, whom
from bot.dialogue.flows import ask, courtesy, person, policy
from bot.dialogue.memory import Pending
from bot.dialogue.talk import ASIDE, PAPERS, Talk
from bot.dialogue.turn import Asks, Choice
from nlu.answers import bare_answer

MISSES_UNTIL_PERSON = 2
SILENCES_UNTIL_PERSON = 3
SAME_QUESTION_UNTIL_PERSON = 2
LEFT_TO_STAFF = (Asks.TIME, Asks.PLACE, Asks.NAME, Asks.DETAIL)  # an order can do without
MOST_REMARKS = 4  # that are listened to; with more of them the question leads nowhere
REPEATED = frozenset({"repeat", "slower", "louder", "clearer"})
# Longer than anybody says in one turn; beyond it the beginning is read for danger and the person asked to be brief.
LONGEST_TURN = 1_000
LEAST_LIKELY_OFFER = 0.06
SHORTEST_QUESTION = 5  # characters
STORY = 24  # characters: whoever begins with so many has not come to the point yet


def silence(talk: Talk) -> None:
    """The ladder: a gentle word, then how to go on, then somebody calls back. The first silence of all is a greeting."""
    memory = talk.memory
    talk.understood = True
    if memory.turns == 1:
        courtesy.greet(talk)
        return
    memory.silences += 1
    talk.happened.append("silence")
    if memory.silences >= SILENCES_UNTIL_PERSON:
        person.hand_off(talk, why="silence", phrase="silence.third")
    else:
        talk.ask(None, "silence.first" if memory.silences == 1 else "silence.second")
        talk.keep_question()


def too_long(talk: Talk) -> None:
    talk.ask(None, "refused_input.too_long")
    talk.keep_question()
    talk.happened.append("too_long")


def not_understood(talk: Talk) -> None:
    """Once: what it may have been, or the same in other words, with at most three choices. Twice in a row: a person."""
    memory = talk.memory
    first = memory.misses == 0 and talk.form is None
    if first and (_comes_back_to_topic(talk) or _guesses(talk)):
        return
    if talk.form is not None and bare_answer(talk.text, expecting=Asks.CONFIRM):
        return  # «嗯» to «what is your name»: they listen, and it is asked again
    if talk.form is None and cues.says("mere_sound", talk.text):
        talk.say("greet.listening")
        return
    if first and _only_opens(talk):
        said = list(talk.phrase("greet.listening")) == memory.said
        talk.say("greet.again" if said else "greet.listening")
        return
    if memory.handoff and talk.form is None and not cues.says("asks_anything", talk.text):
        talk.say("person.coming")  # they are told so again, and need say nothing more
        return
    if first and _asks_what_we_cannot_say(talk):
        talk.happened.append("not_understood")
        policy.offer_person(talk)
        return
    memory.misses += 1
    talk.happened.append("not_understood")
    if memory.misses >= MISSES_UNTIL_PERSON and _takes_as_said(talk):
        return
    if memory.misses == MISSES_UNTIL_PERSON and talk.form is None:
        policy.offer_person(talk)
        talk.understood = False
        return
    if memory.misses >= MISSES_UNTIL_PERSON:
        person.hand_off(talk, why="not_understood", phrase="not_understood.to_person")
        return
    if talk.form is not None:
        return  # the open question is asked again in other words
    if len(talk.text) >= STORY and not talk.text.isascii() and memory.turns == 1:
        talk.ask(None, "not_understood.story")
        return
    _offer(talk)


def _takes_as_said(talk: Talk) -> bool:
    """A question that leads nowhere is left to staff, with the answer as it was said; the request goes on."""
    form, asked = talk.form, talk.memory.asking
    if form is None or asked not in LEFT_TO_STAFF or asked in form.missing:
        return False
    notes.note(form, talk.text)
    form.missing.append(asked)
    if asked == Asks.TIME:
        form.time = {"iso": None, "asap": False, "recurrence": None}
        form.conflict = None
    talk.memory.misses = talk.memory.asked_again = 0
    talk.say("refused_more" if cues.says("refuse", talk.text) else "taken_down")
    ask.next_question(talk)
    return True


def _comes_back_to_topic(talk: Talk) -> bool:
    """«身份证户口本都有», «诊断证明有», after a question about a service: whether it is to be arranged."""
    topic = talk.memory.topic
    if topic is None or cues.says("question", talk.text) or cues.items_mentioned(talk.text) - {topic}:
        return False
    ask.offer_to_book(talk, topic)
    return True


def _guesses(talk: Talk) -> bool:
    """What is likely enough, or the one service named, to be asked for by its name («再就是我妈的药»)."""
    catalogue = talk.rules.catalogue
    told = cues.items_mentioned(talk.text) & set(catalogue)
    named = {
        item for item in told if catalogue[item].category not in PAPERS
    }  # «我爸是低保户» asks for nothing
    guess = talk.other_item(()) or (named.pop() if len(named) == 1 else None)
    if guess is None or cues.says("asks_on", talk.text) or talk.heard.has("emergency"):
        return False
    ask.offer_one(talk, guess)
    return True


def _asks_what_we_cannot_say(talk: Talk) -> bool:
    """«养老院咋进», «邻居把我的路堵了，谁管»: a whole question that has nothing to do with our services."""
    asks = cues.says("question", talk.text) or cues.says("may_it", talk.text)
    return asks and len(talk.text) >= SHORTEST_QUESTION and not talk.text.isascii()


def _only_opens(talk: Talk) -> bool:
    """«我妈», «八十二了», «我是马丽»: whom it is about, before what is wanted."""
    told = any(talk.slots(name) for name in ("beneficiary", "place", "phone"))
    told = told or cues.says("tells_age", talk.text) or whom.is_a_name(cues.core(talk.text))
    return told and not talk.requests() and not cues.says("question", talk.text)


def _offer(talk: Talk) -> None:
    catalogue = talk.rules.catalogue
    likely = [
        r.label for r in talk.heard.ranking if r.label in catalogue and r.confidence >= LEAST_LIKELY_OFFER
    ]
    usual = [code for code in talk.words()["usual_items"] if code not in likely]
    items = (likely + usual)[: ask.MOST_CHOICES]
    shorts = [catalogue[item].short for item in items]
    talk.memory.pending = Pending(kind="offer_items", items=items, said=talk.text)
    what = phrasing.joined(shorts, talk.words())
    talk.ask(Asks.WHICH_ITEM, "not_understood.offer", choices=[Choice(s, s) for s in shorts], what=what)


def stuck(talk: Talk) -> bool:
    """The same question over and over without getting on: fetch a person."""
    memory = talk.memory
    if REPEATED & set(talk.happened) or ASIDE in talk.happened:
        return False  # they asked to hear it again, or something else
    if talk.commands:  # something came of it
        memory.asked_again, memory.asked_key = 0, None
        return False
    known = asdict(form) | {"wishes": form.wishes[:MOST_REMARKS]} if (form := memory.current()) else None
    key = f"{talk.asks}:{talk.question}:{known}"
    memory.asked_again = memory.asked_again + 1 if talk.question and key == memory.asked_key else 0
    memory.asked_key = key
    if memory.asked_again < SAME_QUESTION_UNTIL_PERSON:
        return False
    talk.sentences.clear()
    if _takes_as_said(talk):
        return True
    person.hand_off(talk, why="stuck", phrase="not_understood.to_person")
    memory.asked_again = 0
    return True
