"""One thing given up for another while it is being arranged: «不打扫了，换成擦玻璃», «说错了，是洗澡», «算了给我自己送»."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue import cues, forms, notes
from bot.dialogue.flows.request import replace_item
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from nlu.clauses import MARKS


def instead(talk: Talk) -> bool:
    """What is wanted takes the place of the request that is talked about; when, where and for whom stay as they were told."""
    form = talk.form
    if form is None or talk.memory.in_danger or talk.pending is not None:
        return False
    if cues.says("slip", talk.text) and set(talk.requests()) - {form.item}:
        return replace_item(talk, form, [item for item in talk.requests() if item != form.item])
    wanted = cues.after("gives_up_for", talk.text)
    unwanted = talk.text.removesuffix(wanted)
    if not wanted or not _is_given_up(talk, form, unwanted):
        return False
    items = _asked_for(talk, wanted)
    if others := [item for item in items if item != form.item]:
        return replace_item(talk, form, others)
    return form.item in items and _another_way(talk, form, unwanted, wanted)


def _is_given_up(talk: Talk, form: Form, unwanted: str) -> bool:
    """Whether it is this request that is given up, and not a thing or a part of it («不要辣的，要清淡的»)."""
    return form.item in cues.items_mentioned(unwanted) or cues.says("no_more_of_it", unwanted)


def _asked_for(talk: Talk, wanted: str) -> Sequence[str]:
    return talk.items_of(talk.read(wanted)) or sorted(
        cues.items_mentioned(wanted) & set(talk.rules.catalogue)
    )


def _another_way(talk: Talk, form: Form, unwanted: str, wanted: str) -> bool:
    """The same service, but not all of it, or for somebody else («不订饭了，叫人来做饭»)."""
    form.details = [detail for detail in form.details if detail not in unwanted]
    if not forms.fill(talk, form) & {"beneficiary", "detail"}:
        notes.note(form, wanted.strip(MARKS))
    talk.say("confirm.changed")
    talk.understood = True
    return True
