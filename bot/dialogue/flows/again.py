"""One more of what was just ordered: another time, or for somebody else."""

from __future__ import annotations

from dataclasses import asdict

from backend.domain.order import State
from bot.dialogue import cues, forms, notes
from bot.dialogue.flows import orders
from bot.dialogue.talk import Talk, latest


def again(talk: Talk) -> bool:
    """«跟上回一样，下周再来一次», «我爸也要一次，后天», «顺便把我的也理了吧»: the same again, and nothing of it is moved."""
    order, mine = orders.last(talk), cues.says("mine_too", talk.text)
    if order is None or cues.items_mentioned(talk.text) - {order.item}:
        return False
    mine = mine and order.beneficiary != "self"
    who = cues.part("for_another_too", talk.text)[1:-1]
    named = bool(talk.slots("time") or orders.others(talk) or who)
    if not mine and not (cues.says("same_again", talk.text) and named):
        return False
    form = forms.open_form(talk, order.item)
    if mine:
        form.time, form.place = asdict(order.wanted), order.place
        form.beneficiary, form.details = "self", list(order.details)
        forms.fill(talk, form)
    else:
        forms.fill(talk, form)
        form.beneficiary = form.beneficiary or who or None
        forms.like_before(talk, form, order, whole=form.beneficiary in (None, order.beneficiary))
        orders.same_person(talk, form, order)
    talk.memory.pending, talk.understood = None, True
    return True


def once_more(talk: Talk) -> bool:
    """«还是上次那个人陪我爸，下星期一再去一次», in a later call: the latest order for that person, for another day."""
    if talk.form is not None or orders.last(talk) or not cues.says("once_more_as_before", talk.text):
        return False
    who = {slot.value or slot.text for slot in talk.slots("beneficiary")}
    named = cues.items_mentioned(talk.text) if talk.heard.sure else set()  # «陪我爸» may be of any kind
    meant = [one for one in talk.own_orders() if one.beneficiary in who and (not named or one.item in named)]
    before = latest(meant)
    surely_else = talk.heard.sure and before is not None and set(talk.requests()) - {before.item}
    if before is None or surely_else or not talk.slots("time"):
        return False
    form = forms.open_form(talk, before.item)
    forms.fill(talk, form)
    forms.like_before(talk, form, before, whole=True)
    if cues.says("same_worker_before", talk.text):
        notes.note(form, cues.before("pause_in_speech", talk.text))
    talk.memory.pending, talk.understood = None, True
    return True


def reorders(talk: Talk) -> bool:
    """«那你再给我订上，还是明天上午», of what was cancelled: the same is read back to be ordered anew."""
    if talk.form is not None or talk.requests() or not cues.says("orders_anew", talk.text):
        return False
    cancelled = latest(talk.world.orders)
    if cancelled is None or cancelled.state is not State.CANCELLED:
        return False
    form = forms.open_form(talk, cancelled.item)
    orders.copied(talk, form, cancelled)
    forms.fill(talk, form)
    talk.memory.pending, talk.understood = None, True
    return True
