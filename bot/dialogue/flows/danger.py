"""Danger to life comes before everything: what to do now, and everybody who must know is told."""

from __future__ import annotations

from backend.domain.people import Elder
from backend.domain.queue import TaskKind
from backend.services.commands import OpenTask
from bot.dialogue import cues, forms, whom
from bot.dialogue.talk import Talk
from nlu.understanding import Danger

WANTED_BESIDES = 0.8
SAME_EMERGENCY = "emergency"


def danger(talk: Talk) -> bool:
    """Escalate in this very reply. Requests under way, and those in the same breath, are put aside, not lost."""
    if not (talk.heard.danger or talk.heard.has("emergency")):
        return False
    found = talk.heard.danger or Danger(kind="other", confidence=1.0, why=())
    memory = talk.memory
    if memory.in_danger and not talk.requests() and not found.why:
        return False  # «窗户开了»: what they do about it, no further danger
    if memory.in_danger and memory.danger == found.kind and not talk.requests():
        _tell(talk, found)  # they go on telling of it; what to do was said
        return _accompany(talk)
    if not memory.in_danger:
        memory.emergencies += 1
        memory.danger_place = memory.danger_asked = False
    for item in _surely_wanted(talk):
        forms.fill(talk, forms.open_form(talk, item))
    for form in memory.forms:
        form.parked = True
    contacts = _tell(talk, found)
    key = f"emergency.{found.kind}"
    told = talk.words()["told"]["family" if contacts else "duty"]
    talk.say(key if talk.rules.wording.has(key) else "emergency.other", told=told)
    memory.in_danger = memory.emergency = talk.urgent = talk.understood = True
    memory.danger, memory.pending = found.kind, None
    talk.happened.append(f"emergency:{found.kind}")
    return True


def _surely_wanted(talk: Talk) -> list[str]:
    """What is asked for besides. «出去买菜没回来» tells where somebody went."""
    sure = {label.label for label in talk.heard.labels if label.confidence >= WANTED_BESIDES}
    return [item for item in talk.requests() if item in sure]


def _tell(talk: Talk, found: Danger | None) -> tuple[str, ...]:
    """Open (or add to) the emergency of this conversation. Returns the contacts that staff are to tell."""
    person = _who(talk)
    told = tuple(f"{c.name} {c.relation} {c.phone}" for c in person.contacts if c.emergency) if person else ()
    place = next((slot.value or slot.text for slot in talk.slots("place")), None)
    talk.memory.danger_place |= place is not None
    talk.commands.append(
        OpenTask(
            key=f"{talk.turn.session}:{SAME_EMERGENCY}:{talk.memory.emergencies}",
            kind=TaskKind.EMERGENCY,
            session=talk.turn.session,
            sender=talk.turn.sender,
            at=talk.turn.now,
            text=talk.text,
            why=f"{found.kind}: {'、'.join(found.why)}" if found else "",
            who=person.name if person else next((slot.text for slot in talk.slots("beneficiary")), None),
            place=place or (person.address if person else talk.memory.place),
            phone=talk.world.caller.phone,
            elder_id=person.id if person else None,
            told=told,
        )
    )
    return told


def _who(talk: Talk) -> Elder | None:
    """The person in danger, if we know them: the one named, else the elder who speaks, else the only ward."""
    caller = talk.world.caller
    meant = whom.spoken_of(talk.slots("beneficiary"), caller)
    if meant.elder_id is not None:
        everybody = [ward.elder for ward in caller.wards] + ([caller.elder] if caller.elder else [])
        return next((elder for elder in everybody if elder.id == meant.elder_id), None)
    if caller.elder:
        return caller.elder
    return caller.wards[0].elder if len(caller.wards) == 1 else None


def after_danger(talk: Talk) -> bool:
    """The turns that follow: stay with the person, note the place, and go on only when it is over or they want to."""
    memory = talk.memory
    if not memory.in_danger:
        return False
    if talk.heard.has("human") and talk.heard.sure:
        return False
    if cues.says("false_alarm", talk.text) and not cues.says("urges", talk.text) and not talk.requests():
        memory.in_danger = False
        talk.understood = True
        talk.say("emergency.false_alarm")
        talk.happened.append("false_alarm")
        for form in memory.forms:
            form.parked = False
        if memory.current():
            talk.say("going_on")
        return True
    if talk.requests() or any(
        talk.heard.has(name) for name in ("cancel_order", "reschedule", "order_status")
    ):
        memory.in_danger = False
        if cues.says("false_alarm", talk.text) or cues.says("opens_no", talk.text):
            talk.say("emergency.unharmed")
            talk.happened.append("false_alarm")
        return False
    return _accompany(talk)


def _accompany(talk: Talk) -> bool:
    """A word to whoever waits for help; where to go is asked once, and passed on when told."""
    memory = talk.memory
    talk.understood = talk.urgent = True
    tells_where = memory.danger_asked and not memory.danger_place and cues.says("whereabouts", talk.text)
    if talk.slots("place") or tells_where:
        _tell(talk, None)
        memory.danger_place = True
        talk.say("emergency.place_noted")
    elif _where_is_unknown(talk) and not memory.danger_asked:
        memory.danger_asked = True
        _stay(talk, "where")  # no open question: whatever they say next is dealt with
    else:
        _stay(talk, "stay")
    return True


def _stay(talk: Talk, what: str) -> None:
    """A word to whoever waits, fit for the kind of danger, and not the same one twice in a row."""
    for key in (f"emergency.{what}_{talk.memory.danger}", f"emergency.{what}"):
        if talk.rules.wording.has(key):
            again = talk.rules.wording.has(f"{key}_on") and set(talk.phrase(key)) <= set(talk.memory.said)
            talk.say(f"{key}_on" if again else key)
            return


def _where_is_unknown(talk: Talk) -> bool:
    """Help must know where to go: a stranger to us must tell."""
    memory, person = talk.memory, _who(talk)
    return not (memory.danger_place or memory.place or (person and person.address))
