"""Say it again, more slowly, more loudly."""

from __future__ import annotations

from bot.dialogue import cues
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Channel

MOST_SLOWER = 3
MOST_LOUDER = 2
HARD_TO_HEAR = 2  # who asks «啥？» so often in a row did not hear it: once more the same way helps nobody


def pace(talk: Talk) -> bool:
    """Repeat the last reply as wished, clearer for whoever asks for it again and again. The question that was open stays open."""
    memory = talk.memory
    wish = next((name for name in ("slower", "louder", "repeat") if talk.heard.has(name)), None)
    memory.repeats = memory.repeats + 1 if wish == "repeat" else 0
    if wish is None:
        return False
    if not talk.requests() and (item := talk.other_item(())):
        talk.take_for(item)  # «大声点，我耳朵背，我想订饭»
    if talk.requests():
        _adjust(talk, wish)
        return False
    if talk.leaves_open:
        return False  # «到时候再说» refuses an answer
    if wish == "slower" and cues.says("urges", talk.text) and not cues.says("slow", talk.text):
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
    talk.question = tuple(memory.question)
    talk.keep_question()
    talk.happened.append(wish)
    return True


def _adjust(talk: Talk, wish: str) -> None:
    memory = talk.memory
    if wish in ("slower", "clearer"):
        memory.pace = min(MOST_SLOWER, memory.pace + 1)
    if wish in ("louder", "clearer"):
        memory.loudness = min(MOST_LOUDER, memory.loudness + 1)
