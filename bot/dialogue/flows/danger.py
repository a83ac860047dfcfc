"""Danger to life comes before everything: what to do now, and everybody who must know is told."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.people import Elder
from backend.domain.queue import TaskKind
from backend.services.commands import OpenTask
from bot.dialogue import cues, forms, notes, whom
from bot.dialogue.flows import worries
from bot.dialogue.memory import Pending
from bot.dialogue.talk import Talk
from config.lexicon import load
from nlu.danger import find_danger
from nlu.understanding import Danger, Person, Place

WANTED_BESIDES = 0.8
SAME_EMERGENCY = "emergency"
SURE_OF_IT = 0.9  # from this confidence on a danger was found by what was said, not by likelihood
LONGEST_REMARK = 14  # characters
# What must not wait, whatever they hope.
URGENT = ("stroke", "chest", "breathing", "unconscious", "poison")
NO_AMBULANCE = ("gas", "fire", "lost", "no_answer", "trapped", "violence")  # another number is rung first
HOW_IT_IS = "how_it_is"  # kind of the open question after something that is over


def danger(talk: Talk) -> bool:
    """Escalate in this very reply. Requests under way, and those in the same breath, are put aside, not lost."""
    if (talk.heard.danger is None and _is_over(talk)) or _was_some_time_ago(talk):
        return _asks_how_it_is(talk)
    if _ails_vaguely(talk):
        return _asks_how_it_is(talk)
    grown, sunk = worries.worse(talk), _sinks(talk)
    if not (talk.heard.danger or talk.heard.has("emergency") or grown or sunk):
        return _says_how_it_is(talk)
    if _is_a_habit(talk):
        return _notes_it(talk)
    found = sunk or talk.heard.danger or grown or Danger(kind="other", confidence=1.0, why=())
    memory = talk.memory
    if memory.in_danger and worries.says("nothing", talk.text):
        return False  # «是我看错了，是邻居做饭的烟»
    if memory.in_danger and found.kind == "other" and _asks_on(talk):
        return False  # «你们打120了没有»
    if memory.in_danger and not talk.requests() and not found.why:
        return False  # «窗户开了»: what they do about it, no further danger
    guessed = (
        found is talk.heard.danger and find_danger(talk.text) is None
    )  # «喝了酒»: of the one who does not wake
    lesser = found.kind == memory.danger or guessed
    if memory.in_danger and lesser and not talk.requests():
        _tell(talk, found)  # they go on telling of it; what to do was said
        return _accompany(talk)
    if not memory.in_danger:
        memory.emergencies += 1
        memory.danger_place = memory.danger_asked = False
        memory.danger_whom = ""
    memory.danger_whom = _somebody_else(talk) or memory.danger_whom
    for item in _surely_wanted(talk):
        forms.fill(talk, forms.open_form(talk, item))
    for form in memory.forms:
        form.parked = True
    contacts = _tell(talk, found)
    told = talk.words()["told"]["family" if contacts else "duty"]
    talk.say(_advice_key(talk, found.kind), told=told, them=memory.danger_whom)
    if _from_afar(talk) and _where_is_unknown(talk) and not memory.danger_asked:
        memory.danger_asked = True
        talk.say("emergency.where_is", them=memory.danger_whom)
    memory.in_danger = memory.emergency = talk.urgent = talk.understood = True
    memory.danger, memory.pending = found.kind, None
    talk.happened.append(f"emergency:{found.kind}")
    return True


def _is_a_habit(talk: Talk) -> bool:
    """«他下不了床», «她最近血糖高» while something is being arranged for them: how they are, and no alarm."""
    found = talk.heard.danger
    unsure = found is None or found.confidence < SURE_OF_IT or worries.says("bedridden", talk.text)
    arranging = talk.form is not None and talk.memory.asking is not None and not talk.memory.in_danger
    short = len(talk.text) <= LONGEST_REMARK
    long_so = cues.says("habit", talk.text) or cues.says("diet", talk.text)
    return unsure and arranging and short and long_so and not cues.says("urges", talk.text)


def _notes_it(talk: Talk) -> bool:
    """Kept for whoever comes; the open question is asked again."""
    form = talk.form
    if form is None:
        return False
    notes.note(form, talk.text)
    talk.say("taken_down")
    talk.understood = True
    return True


def _is_over(talk: Talk) -> bool:
    """«早上滑了一下，现在没事»: it only sounds like danger, and they say themselves that all is well."""
    well = cues.says("false_alarm", talk.text) or cues.says("asleep", talk.text)
    happened = talk.heard.has("emergency") or cues.says("slipped", talk.text)
    return (
        well
        and happened
        and not talk.memory.in_danger
        and not talk.requests()
        and not cues.says("urges", talk.text)
    )


def _was_some_time_ago(talk: Talk) -> bool:
    """«我早上滑了一下», and no more: a guess, about which one asks first. «昨天晕得很，今天好些了»: over, and asked about."""
    found, text = talk.heard.danger, talk.text
    if (
        talk.memory.in_danger
        or talk.requests()
        or not worries.says("mishap", text)
        or cues.says("urges", text)
    ):
        return False
    guessed = found is not None and find_danger(text) is None and not cues.says("ails", text)
    ago = guessed and worries.says("some_time_ago", text)
    return ago or (found is None and worries.says("better", text))


def _ails_vaguely(talk: Talk) -> bool:
    """«我难受，说不上来哪里难受»: what it is, is asked first."""
    calm = talk.heard.danger is None and not talk.memory.in_danger and not talk.requests()
    return calm and worries.says("vague", talk.text)


def _sinks(talk: Talk) -> Danger | None:
    """«不动了», «睡过去了», of somebody whom help is awaited for."""
    memory = talk.memory
    if not memory.in_danger or memory.danger in (*NO_AMBULANCE, "suicide"):
        return None
    if not worries.says("sinks", talk.text):
        return None
    return Danger(kind="unconscious", confidence=1.0, why=(talk.text,))


def _asks_how_it_is(talk: Talk) -> bool:
    """No alarm, but nobody is left alone with it either."""
    talk.memory.pending = Pending(kind=HOW_IT_IS, said=talk.text)
    if cues.says("false_alarm", talk.text):
        talk.say("emergency.unharmed")
    talk.ask(None, "emergency.how_now")
    talk.understood = True
    talk.happened.append("asked_how_it_is")
    return True


def _says_how_it_is(talk: Talk) -> bool:
    """The answer: something hurts after all, or all is well and the talk goes on."""
    pending = talk.pending
    if pending is None or pending.kind != HOW_IT_IS:
        return False
    talk.memory.pending = None
    if cues.says("ails", talk.text):
        kind = "fall" if cues.says("fell", pending.said or "") else "other"
        talk.heard = replace(talk.heard, danger=Danger(kind=kind, confidence=1.0, why=(talk.text,)))
        return danger(talk)
    if talk.requests():
        return False
    talk.say("emergency.glad")
    talk.understood = True
    return talk.form is None or not talk.heard.slots  # «后天» answers what was asked before


def _somebody_else(talk: Talk) -> str:
    """How the line speaks of the person in danger: 她, 他, 老人; empty when it is the caller, or nobody was named."""
    persons = [slot.resolved for slot in talk.slots("beneficiary") if isinstance(slot.resolved, Person)]
    if worries.says("of_myself", talk.text) or any(person.relation == "self" for person in persons):
        return ""
    if not persons:
        named = next((word for word in "她他" if word in talk.text), "")
        return named if worries.says("elsewhere", talk.text) else ""
    gender = load("relations")["relations"].get(persons[0].relation or "", {}).get("gender")
    return {"f": "她", "m": "他"}.get(gender, "老人")


def _from_afar(talk: Talk) -> bool:
    """The caller is not where the danger is, and can do nothing there with their own hands."""
    return bool(talk.memory.danger_whom) and any(
        worries.says(cue, talk.text) for cue in ("elsewhere", "i_am_in")
    )


def _advice_key(talk: Talk, kind: str) -> str:
    """The advice for what happened just here, to a caller elsewhere, to one who is with the person, or to the person."""
    special, wording = worries.advice(kind, talk.text), talk.rules.wording
    keys = [f"emergency.{kind}_{special}"] if special else []
    if _from_afar(talk):
        keys = [f"emergency.{kind}_away"]
        if kind not in NO_AMBULANCE:
            keys.append("emergency.away")
    elif talk.memory.danger_whom:
        keys.append(f"emergency.{kind}_other")
    return next((key for key in (*keys, f"emergency.{kind}") if wording.has(key)), "emergency.other")


def _surely_wanted(talk: Talk) -> list[str]:
    """What is asked for besides. «出去买菜没回来» tells where somebody went."""
    sure = {label.label for label in talk.heard.labels if label.confidence >= WANTED_BESIDES}
    return [item for item in talk.requests() if item in sure]


def _tell(talk: Talk, found: Danger | None) -> tuple[str, ...]:
    """Open (or add to) the emergency of this conversation. Returns the contacts that staff are to tell."""
    person = _who(talk)
    told = tuple(f"{c.name} {c.relation} {c.phone}" for c in person.contacts if c.emergency) if person else ()
    place = _place_told(talk)
    talk.memory.danger_place |= place is not None
    _keep_place(talk, place)
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


def _keep_place(talk: Talk, place: str | None) -> None:
    """Where whoever is in danger lives need not be told again for what is ordered afterwards."""
    if place is None or not cues.says("full_place", place):
        return
    before = (talk.memory.last_whom or {}).get("beneficiary") if talk.memory.danger_whom else "self"
    named = [slot for slot in talk.slots("beneficiary") if slot.value != "self"]
    names = {one.name for slot in named if isinstance(one := slot.resolved, Person)}
    for word in {slot.value or slot.text for slot in named} | names if named else {before}:
        if word:
            talk.memory.tell(word, place=place)


def _place_told(talk: Talk) -> str | None:
    """Where help must go. Not where the child is who rings up («我爸…», «我在西安，不在跟前»), nor «在家»."""
    if worries.says("no_place", talk.text) or (
        talk.memory.danger_whom and worries.says("i_am_in", talk.text)
    ):
        return None
    whom_last = (talk.memory.last_whom or {}).get("beneficiary")
    elsewhere = cues.says("elsewhere", talk.text)
    for slot in talk.slots("place"):
        mine = cues.says("speaker_is_at", talk.heard.text[: slot.start])
        usual = (isinstance(slot.resolved, Place) and slot.resolved.usual) or cues.says(
            "just_home", slot.text
        )
        if not usual and not (mine and (elsewhere or whom_last not in (None, "self"))):
            return slot.value or slot.text
    return None


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
    if talk.heard.has("human") and talk.heard.sure and not cues.says("no_person", talk.text):
        return False
    unwilling = cues.says("hopes", talk.text) or cues.says("no_person", talk.text)
    unwilling |= worries.says("hopes_well", talk.text)
    if memory.danger in URGENT and unwilling and not _takes_back(talk):
        talk.say("emergency.insist")
        talk.understood = talk.urgent = True
        return True
    if (who := _it_is_somebody_else(talk)) and not memory.danger_place:
        memory.danger_whom, memory.danger_asked = who, True
        talk.say("emergency.which_door", them=who)
        talk.understood = talk.urgent = True
        return True
    nothing = cues.says("false_alarm", talk.text) or worries.says("nothing", talk.text)
    if (
        (nothing or _takes_back(talk) or _answers_after_all(talk))
        and not cues.says("urges", talk.text)
        and not _orders(talk)
    ):
        memory.in_danger = False
        talk.understood = True
        talk.say("emergency.false_alarm")
        talk.happened.append("false_alarm")
        for form in memory.forms:
            form.parked = False
        if memory.current():
            talk.say("going_on")
        return True
    listens = not cues.items_mentioned(talk.text) or worries.says("keep_company", talk.text)
    if worries.says("in_hands", talk.text) or (memory.danger == "suicide" and listens):
        return _accompany(talk)
    if _orders(talk) or _of_an_order(talk):
        memory.in_danger = False
        if cues.says("false_alarm", talk.text) or cues.says("opens_no", talk.text):
            talk.say("emergency.unharmed")
            talk.happened.append("false_alarm")
        return False
    return _accompany(talk)


def _takes_back(talk: Talk) -> bool:
    """«我说的是上个月», «是电视里说的», «现在不疼了», «我订饭呢»: no danger now, and the request under way is meant."""
    if talk.memory.danger == "suicide" or worries.says("what_to_do", talk.text):
        return False
    if worries.says("taken_back", talk.text) or (worries.says("better", talk.text) and talk.memory.forms):
        return True
    if cues.says("no_person", talk.text) and talk.memory.danger not in URGENT:
        return True
    named = cues.items_mentioned(talk.text) & {form.item for form in talk.memory.forms}
    return bool(named) and worries.says("wants_order", talk.text)


def _answers_after_all(talk: Talk) -> bool:
    """«她说话了，就是开不了门», of somebody who did not come to the door, and nothing hurts."""
    unharmed = not cues.says("ails", talk.text) and not cues.says("fell", talk.text)
    return talk.memory.danger == "no_answer" and worries.says("answers", talk.text) and unharmed


def _it_is_somebody_else(talk: Talk) -> str:
    """«是我邻居，不是我»: whose danger it is, put right."""
    if not worries.says("not_me", talk.text):
        return ""
    return _somebody_else(talk)


def _orders(talk: Talk) -> bool:
    """Something is asked for. A bare word is none («降压药», when asked what was swallowed)."""
    if worries.says("what_to_do", talk.text) or worries.says("in_hands", talk.text):
        return False
    return bool(talk.requests()) and (worries.says("wants_order", talk.text) or bool(talk.slots("time")))


def _of_an_order(talk: Talk) -> bool:
    """«明天的饭不要了». «快点来啊» speaks of the help that was called."""
    changes = any(talk.heard.has(name) for name in ("cancel_order", "reschedule"))
    return changes and bool(cues.items_mentioned(talk.text))


def _accompany(talk: Talk) -> bool:
    """A word to whoever waits for help; where to go is asked once, and passed on when told."""
    memory = talk.memory
    talk.understood = talk.urgent = True
    tells_where = memory.danger_asked and not memory.danger_place and cues.says("whereabouts", talk.text)
    place = _place_told(talk)
    elsewhere = memory.danger_whom and worries.says("i_am_in", talk.text)
    nowhere = place is None and (talk.slots("place") or elsewhere or worries.says("no_place", talk.text))
    if nowhere and not memory.danger_place and _where_is_unknown(talk):
        memory.danger_asked = True
        talk.say("emergency.which_door", them=memory.danger_whom or talk.words()["your_place"])
    elif place or tells_where:
        _tell(talk, None)
        memory.danger_place = True
        talk.say("emergency.place_noted")
    elif _answer(talk):
        pass
    elif _where_is_unknown(talk) and not memory.danger_asked:
        memory.danger_asked = True
        _stay(talk, "where")  # no open question: whatever they say next is dealt with
    else:
        _stay(talk, "stay")
    return True


def _asks_on(talk: Talk) -> bool:
    """Asks about the help that was called, and tells of nothing new."""
    asked = ("did_you_call", "cannot_call", "what_to_do", "in_hands")
    return any(worries.says(cue, talk.text) for cue in asked)


def _answer(talk: Talk) -> bool:
    """What they ask while they wait: to ring for them, whether help was called, what to do."""
    if worries.says("in_hands", talk.text):
        talk.say("emergency.in_hands")
    elif worries.says("did_you_call", talk.text):
        talk.say("emergency.called")
    elif worries.says("cannot_call", talk.text):
        talk.say("emergency.call_for_you")
    elif worries.says("what_to_do", talk.text) and talk.memory.danger == "trapped":
        _stay(talk, "stay")  # what was said holds: an earthquake is no lift
    elif worries.says("what_to_do", talk.text) and talk.memory.danger:
        key = _advice_key(talk, talk.memory.danger)
        talk.say(key, told=talk.words()["told"]["duty"], them=talk.memory.danger_whom)
    else:
        return False
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
