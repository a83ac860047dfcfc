"""One more of what was just ordered: another time, or for somebody else."""

from __future__ import annotations

from dataclasses import asdict

from backend.domain.order import State
from bot.dialogue import cues, forms
from bot.dialogue.flows import orders
from bot.dialogue.talk import Talk


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


def reorders(talk: Talk) -> bool:
    """«那你再给我订上，还是明天上午», of what was cancelled: the same is read back to be ordered anew."""
    if talk.form is not None or talk.requests() or not cues.says("orders_anew", talk.text):
        return False
    latest = max(talk.world.orders, key=lambda order: order.placed_at, default=None)
    if latest is None or latest.state is not State.CANCELLED:
        return False
    form = forms.open_form(talk, latest.item)
    orders.copied(talk, form, latest)
    forms.fill(talk, form)
    talk.memory.pending, talk.understood = None, True
    return True
