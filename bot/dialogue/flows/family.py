"""Relatives: binding by a code, taking a binding back, and «I am on my way» after an alert."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from backend.domain.family import CODE_DIGITS, Binding
from backend.domain.people import Contact
from backend.services.family_commands import (
    AcknowledgeAlert,
    BindRelative,
    IssueCode,
    NoteGuess,
    RevokeBinding,
    ShutOut,
)
from bot.dialogue import cues, phrasing
from bot.dialogue.memory import Memory, Pending
from bot.dialogue.talk import Talk
from config.lexicon import load

BIND_CODE, BIND_RELATION, SHUT_OUT = "bind_code", "bind_relation", "shut_out"
PENDING = frozenset({BIND_CODE, BIND_RELATION, SHUT_OUT})
LONGEST_RELATION = 6  # characters
_CODE = re.compile(rf"(?<!\d)\d(?:[\s,，、-]?\d){{{CODE_DIGITS - 1}}}(?!\d)")


def concerns(memory: Memory, text: str) -> bool:
    """Whether the records of bindings must be looked at for this sentence."""
    pending = memory.pending.kind if memory.pending else None
    return (
        pending in PENDING
        or code_said(memory, text) is not None
        or any(_says(cue, text) for cue in ("bind", "code", "shut_out", "leave", "on_my_way"))
    )


def code_said(memory: Memory, text: str) -> str | None:
    """The code in this sentence: behind a QR code, asked for, said with «绑定», or the whole sentence."""
    if scanned := _cue("magnet").search(text):
        return scanned.group(1)
    if memory.pending is not None and memory.pending.kind == BIND_RELATION:
        return memory.pending.said
    found = _CODE.search("".join(str(_digits().get(letter, letter)) for letter in text))
    if found is None:
        return None
    asked = memory.pending is not None and memory.pending.kind == BIND_CODE
    alone = (
        memory.asking is None
        and memory.current() is None
        and len(_cue("around_code").sub("", text)) == CODE_DIGITS
    )
    if asked or alone or _says("bind", text):
        return "".join(letter for letter in found.group() if letter.isdigit())
    return None


def family(talk: Talk) -> bool:
    """True when the sentence was about bindings or an alert."""
    return _on_my_way(talk) or _binding(talk) or _elder_asks(talk) or _shutting_out(talk) or _leaving(talk)


def _on_my_way(talk: Talk) -> bool:
    alerts = talk.world.family.alerts
    if not alerts or not _says("on_my_way", talk.text):
        return False
    talk.commands += [AcknowledgeAlert(alert, talk.turn.sender, talk.turn.now) for alert in alerts]
    return _done(talk, "family.acknowledged", "alert_acknowledged")


def _binding(talk: Talk) -> bool:
    """The relative's side: the code, then what they are to the elder."""
    known, said = talk.world.family, code_said(talk.memory, talk.text)
    if said is None:
        if not _says("bind", talk.text) or talk.world.caller.elder or _says("leave", talk.text):
            return False
        return _asks(talk, BIND_CODE, "family.ask_code")
    if known.guesses.too_many:
        return _done(talk, "family.too_many", "binding_refused")
    if known.code is None:
        talk.commands.append(NoteGuess(talk.turn.sender, talk.turn.now))
        talk.happened.append("wrong_code")
        return _asks(talk, BIND_CODE, "family.wrong_code")
    name = known.code.elder_name
    if any(binding.elder_id == known.code.elder_id for binding in known.own):
        return _done(talk, "family.already", "bound_before", name=name)
    answered = talk.pending is not None and talk.pending.kind == BIND_RELATION
    relation = relation_in(talk.text) if answered else None
    if relation is None:
        again = "family.ask_relation_again" if answered else "family.ask_relation"
        return _asks(talk, BIND_RELATION, again, said=said, name=name)
    talk.commands.append(BindRelative(said, talk.turn.sender, relation, talk.turn.now))
    _done(talk, "family.bound", "bound", name=name)
    if known.code.rights.order:
        talk.say("family.may_order", name=name)
    if known.code.rights.see:
        talk.say("family.may_see")
    return True


def _elder_asks(talk: Talk) -> bool:
    """The elder's side: a code to pass on."""
    if not (_says("code", talk.text) or _says("bind", talk.text)) or _says("shut_out", talk.text):
        return False
    elder = talk.world.caller.elder
    if elder is None or elder.id is None:
        return _says("code", talk.text) and _done(talk, "family.only_elder", "code_refused")
    code = talk.world.family.fresh_code
    talk.commands.append(IssueCode(elder.id, code, talk.turn.now, by="elder"))
    return _done(talk, "family.code", "code_issued", code=" ".join(code))


def _shutting_out(talk: Talk) -> bool:
    """«别让我侄子看了»: the elder takes back what a relative may."""
    elder = talk.world.caller.elder
    asked = talk.pending is not None and talk.pending.kind == SHUT_OUT
    if elder is None or elder.id is None or not (asked or _says("shut_out", talk.text)):
        return False
    bound, shut = talk.world.family.relatives, talk.world.family.shut_out
    listed = [contact for contact in elder.contacts if contact.phone not in shut]
    people: list[Binding | Contact] = [*bound, *listed]
    meant = [one for one in people if _named(one, talk.text)]
    if not meant:
        names = list(dict.fromkeys(one.relation for one in people))
        if asked or not names:
            return _done(talk, "family.nobody", "nobody_shut_out")
        return _asks(
            talk, SHUT_OUT, "family.ask_whom", list=phrasing.joined(names, talk.words(), link="list_and")
        )
    now = talk.turn.now
    for one in meant:
        if isinstance(one, Binding):
            talk.commands.append(RevokeBinding(one.id, now, by="elder"))
        else:
            talk.commands.append(ShutOut(elder.id, one.phone, one.relation, now, by="elder"))
    return _done(talk, "family.shut_out", "binding_revoked", who=meant[0].relation)


def _leaving(talk: Talk) -> bool:
    """A relative unbinds themselves: from the elder they name, or from all."""
    own = talk.world.family.own
    if talk.world.caller.elder is not None or not own or not _says("leave", talk.text):
        return False
    named = [binding for binding in own if binding.elder_name in talk.text] or list(own)
    talk.commands += [RevokeBinding(binding.id, talk.turn.now, by="relative") for binding in named]
    names = phrasing.joined([binding.elder_name for binding in named], talk.words(), link="list_and")
    return _done(talk, "family.left", "binding_left", name=names)


def relation_in(text: str) -> str | None:
    """What somebody says that they are to the elder, in the word that records use; a short unknown word stands."""
    known = [word for word in _record_words() if word in text]
    if known:
        return max(known, key=lambda word: (len(word), text.rfind(word)))
    word = cues.core(text)
    return (
        word if 1 <= len(word) <= LONGEST_RELATION and not any(letter.isdigit() for letter in word) else None
    )


def _named(one: Binding | Contact, text: str) -> bool:
    if isinstance(one, Contact) and one.name and one.name in text:
        return True
    same = {one.relation} | {word for words in _kin() if one.relation in words for word in words}
    return any(word in text for word in same if word)


def _asks(talk: Talk, kind: str, key: str, *, said: str | None = None, **values: str) -> bool:
    talk.memory.pending = Pending(kind=kind, said=said)
    talk.ask(None, key, choices=(), **values)
    talk.understood = True
    return True


def _done(talk: Talk, key: str, happened: str, **values: str) -> bool:
    talk.memory.pending = None
    talk.say(key, **values)
    talk.understood = True
    talk.happened.append(happened)
    return True


def _says(cue: str, text: str) -> bool:
    return _cue(cue).search(text) is not None


@cache
def _cue(name: str) -> re.Pattern[str]:
    return re.compile(load("family")[name])


@cache
def _digits() -> dict[str, Any]:
    digits: dict[str, Any] = load("digits")["digits"]
    return digits


@cache
def _record_words() -> tuple[str, ...]:
    """Everything that a record may say somebody is to an elder."""
    relations: dict[str, dict[str, Any]] = load("relations")["relations"]
    return tuple({word for kin in relations.values() for word in kin["contact_is"]})


@cache
def _kin() -> Sequence[frozenset[str]]:
    """Words that mean the same relative: 侄子, 侄儿, 大侄子."""
    relations: dict[str, dict[str, Any]] = load("relations")["relations"]
    return [frozenset((*kin["words"], *kin.get("loose", ()))) for kin in relations.values()]
