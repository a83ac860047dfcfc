"""Say it again, more slowly, more loudly."""

from __future__ import annotations

from bot.dialogue import cues
from bot.dialogue.talk import ASIDE, Talk
from bot.dialogue.turn import Asks, Channel

MOST_SLOWER = 3
MOST_LOUDER = 2
HARD_TO_HEAR = 2  # who asks «啥？» so often in a row did not hear it: once more the same way helps nobody


def pace(talk: Talk) -> bool:
    """Repeat the last reply as wished, clearer for whoever asks for it again and again. The question that was open stays open."""
    memory = talk.memory
    if _waits(talk):
        return True
    wish = next((name for name in ("slower", "louder", "repeat") if talk.heard.has(name)), None)
    memory.repeats = memory.repeats + 1 if wish == "repeat" else 0
    if wish is None:
        return False
    if not talk.requests() and (item := talk.other_item(())):
        talk.take_for(item)  # «大声点，我耳朵背，我想订饭»
    if talk.requests():
        _adjust(talk, wish)
        return False
    if _speaks_of_an_order(talk, wish):
        return False
    if talk.form is None and any(
        cues.says(cue, talk.text) for cue in ("no_more_only", "did_not_come", "within_it")
    ):
        return False  # «再说吧», «饭呢？都快一点了», «别来那么早»
    if talk.leaves_open or cues.says("counts", talk.text) or cues.says("asks_who", talk.text):
        return False  # «到时候再说» refuses an answer, «都订了啥» asks for something else
    hurries = cues.says("urges", talk.text) or cues.says("hurries", talk.text)
    if wish == "slower" and hurries and not cues.says("slow", talk.text):
        return False  # «快些来» hurries us
    talk.understood = True
    if memory.repeats >= HARD_TO_HEAR and talk.turn.channel is Channel.SPOKEN:
        wish = "clearer"
    _adjust(talk, wish)
    if not memory.said and not memory.question:
        talk.say("pace.nothing_said")
        return True
    talk.say(f"pace.{wish}")
    talk.sentences += memory.said
    talk.reads_back = talk.form is not None and memory.asking == Asks.CONFIRM
    talk.question = tuple(memory.question)
    talk.keep_question()
    talk.happened.append(wish)
    return True


def _speaks_of_an_order(talk: Talk, wish: str) -> bool:
    """«刚才说错了，是五队», «再加一份», «敲门敲大声点»: what is to be done about it, not how we are to speak."""
    if wish == "louder":
        return cues.says("at_the_door", talk.text)
    more = (cues.says("adds", talk.text) or cues.says("same_again", talk.text)) and not cues.says(
        "question", talk.text
    )
    redo = talk.pending is not None and talk.pending.kind == "complaint" and cues.says("once_more", talk.text)
    return wish == "repeat" and bool(talk.slots("place") or talk.slots("phone") or more or redo)


def _waits(talk: Talk) -> bool:
    """«等一下，我问问我老伴»: nothing is asked again until they are back."""
    names_time = any(not cues.says("wait", slot.text) for slot in talk.slots("time"))
    if talk.form is None or talk.requests() or names_time or not talk.memory.asking:
        return False
    if not cues.says("asks_to_wait", talk.text) or talk.leaves_open:
        return False
    talk.ask(None, "waits")
    talk.keep_question()
    talk.understood = True
    talk.happened.append(ASIDE)
    return True


def _adjust(talk: Talk, wish: str) -> None:
    memory = talk.memory
    if wish in ("slower", "clearer"):
        memory.pace = min(MOST_SLOWER, memory.pace + 1)
    if wish in ("louder", "clearer"):
        memory.loudness = min(MOST_LOUDER, memory.loudness + 1)
