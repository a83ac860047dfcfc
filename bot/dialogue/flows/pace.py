"""Say it again, more slowly, more loudly."""

from __future__ import annotations

from bot.dialogue import cues
from bot.dialogue.talk import Talk

MOST_SLOWER = 3
MOST_LOUDER = 2


def pace(talk: Talk) -> bool:
    """Repeat the last reply as wished. The question that was open stays open."""
    memory = talk.memory
    wish = next((name for name in ("slower", "louder", "repeat") if talk.heard.has(name)), None)
    if wish is None or talk.requests():
        return False
    if memory.asking and any(cues.says(cue, talk.text) for cue in ("refuse", "unknown")):
        return False  # «到时候再说» refuses an answer
    talk.understood = True
    if wish == "slower":
        memory.pace = min(MOST_SLOWER, memory.pace + 1)
    elif wish == "louder":
        memory.loudness = min(MOST_LOUDER, memory.loudness + 1)
    if not memory.said and not memory.question:
        talk.say("pace.nothing_said")
        return True
    talk.say(f"pace.{wish}")
    talk.sentences += memory.said
    talk.question = tuple(memory.question)
    talk.keep_question()
    talk.happened.append(wish)
    return True
