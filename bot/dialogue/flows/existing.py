"""Orders that exist: which flow has to do with what is said of them; and complaints about them."""

from __future__ import annotations

import re

from backend.domain.order import Order, State
from backend.domain.queue import TaskKind
from bot.dialogue import cues, notes, whom
from bot.dialogue.flows import again, amend, ask, cancel, each, move, orders, request, series, state
from bot.dialogue.memory import Pending
from bot.dialogue.talk import Talk
from nlu.understanding import WantedTime

NO_COMPLAINT = ("suspects", "too_dear", "insults", "praise", "well_done")  # what only sounds like one
# What is no part of a complaint that they are telling of.
NOT_OF_A_COMPLAINT = ("affirm", "deny", "thanks", "goodbye", "greet", "cancel_order", "reschedule", "human")
# What the flows for courtesies ask of orders.
undo_cancel, withdraws_the_last = cancel.undo, cancel.withdraws_the_last
stays = state.stays
offer_to_ask = state.offer_to_ask


def existing(talk: Talk) -> bool:
    """Answer what the sentence wants of orders that exist. True when nothing else is left to do with it."""
    if amend.in_part(talk) or move.away(talk) or _is_of_none(talk):
        return True
    handled = False
    if talk.heard.has("order_status"):
        state.status(talk)
        handled = True
    if talk.heard.has("cancel_order") and cues.says("was_cancelled", talk.text):
        state.status(talk)
        handled = True
    elif _takes_back_an_order(talk):
        handled = _cancel(talk) or handled
    moves = talk.heard.has("reschedule") and not cues.says("as_before", talk.text)
    if (moves and not talk.leaves_open) or move.means_existing(talk):
        handled = move.another_time(talk) or (not talk.requests() and state.none_open(talk)) or handled
    talk.understood = talk.understood or handled
    return handled and (not talk.requests() or move.MOVED in talk.happened)


def _is_of_none(talk: Talk) -> bool:
    """«我爸每天那顿饭，周三不用了», of an order that is not known here: nothing is ordered by it."""
    speaks_of_one = cues.says("that_order", talk.text) and cues.says("drop", talk.text)
    if talk.form is not None or orders.open_orders(talk) or not speaks_of_one:
        return False
    talk.understood = state.none_open(talk)
    return True


def _takes_back_an_order(talk: Talk) -> bool:
    """«明天别来了，后天再来» is a move and no cancellation."""
    if not talk.heard.has("cancel_order") or (talk.heard.has("reschedule") and talk.form is None):
        return False
    return cancel.may_be_meant(talk) if talk.form is None else cancel.is_meant(talk)


def _cancel(talk: Talk) -> bool:
    if cancel.not_wanted(talk):
        return True
    if talk.form is not None and cues.says("stops_it", talk.text):
        return notes.take_as_told(talk, talk.form)
    if not talk.requests():
        state.none_open(talk)
    return True


def complaint(talk: Talk) -> bool:
    """Apologise, write it down for staff, and say that somebody calls back. A word about swindlers or prices is none."""
    sounds_so = talk.likely("complaint") and not any(cues.says(cue, talk.text) for cue in NO_COMPLAINT)
    hurt = cues.says("hurt_by_us", talk.text)
    complains = sounds_so or ((hurt or cues.says("bad_service", talk.text)) and talk.form is None)
    if not (complains or _stood_up(talk) or _is_overdue(talk)):
        return False
    again = talk.pending is not None and talk.pending.kind == "complaint"
    if not again:
        talk.memory.complaint = talk.memory.turns
    _write_down(talk)
    talk.say("complaint.more" if again else "complaint.taken")
    talk.understood = True
    talk.happened.append("complaint")
    if talk.form is None and _arranges_it_anew(talk):
        return True
    if not (_stood_up(talk) or _is_overdue(talk)) and _wants_besides(talk):
        return False
    if talk.form is None:
        _hear_out(talk)
    return True


def _wants_besides(talk: Talk) -> bool:
    """«干得太敷衍了，窗台都是灰» names the service only to say what was wrong with it."""
    again = cues.says("put_right", talk.text)  # «给我换一份»
    if cues.says("hurt_by_us", talk.text) and not cues.says("once_more", talk.text):
        return False
    if cues.says("bad_service", talk.text) and (again or not cues.says("wants_done", talk.text)):
        return False
    return bool(talk.requests()) or talk.heard.has("order_status") or talk.heard.has("cancel_order")


def _write_down(talk: Talk) -> None:
    """Add what was said to the complaint they are telling of."""
    fitting = orders.fitting(talk, talk.world.orders)
    number = fitting[0].number if fitting else None
    turn = talk.memory.complaint
    talk.tell_staff(TaskKind.COMPLAINT, "complaint", why="complaint", order_number=number, turn=turn)


def _hear_out(talk: Talk) -> None:
    """Whatever they say next may still be about what they complain of; `items` is what went wrong."""
    before = talk.pending.items if talk.pending and talk.pending.kind == "complaint" else []
    named = cues.items_mentioned(talk.text) & set(talk.rules.catalogue)
    named = named or {order.item for order in talk.world.orders[:1] if len(talk.world.orders) == 1}
    items = before or (list(named) if len(named) == 1 else [])
    talk.memory.pending = Pending(kind="complaint", items=items)
    talk.ask(None, "complaint.else", choices=ask.choices_of(talk, "anything_else"))


def goes_on_complaining(talk: Talk) -> bool:
    """«就昨天打扫卫生的», «我姓马», «我不知道她叫啥», «你们管不管»: more of the complaint, and no new order."""
    heard, text = talk.heard, talk.text
    if talk.form is not None or not talk.memory.complaint:
        return False
    if _comes_again(talk):
        return True
    otherwise = cues.says("another_worker", text) or notes.is_wish(talk)  # «下次换个人来行不行»
    if not otherwise and _wants_something_else(talk):
        return False
    if cues.says("call_back", text):
        phrase = "complaint.call_back"
    elif talk.pending is None or talk.pending.kind != "complaint":
        return False
    elif cues.says("unknown", text) or cues.says("at_a_loss", text):
        phrase = "complaint.no_matter"
    elif heard.has("complaint"):
        phrase = "complaint.more"
    else:
        phrase = "complaint.added"
    _keep_who(talk)
    _write_down(talk)
    talk.say(phrase)
    _hear_out(talk)
    talk.understood = True
    return True


def _comes_again(talk: Talk) -> bool:
    """«那明天下午三点来», «重新来一次», after a complaint: what went wrong is arranged anew, and staff hear that, too."""
    pending = talk.pending
    if pending is None or pending.kind != "complaint" or len(pending.items) != 1 or talk.requests():
        return False
    later = any(isinstance(slot.resolved, WantedTime) and slot.resolved.iso for slot in talk.slots("time"))
    if cues.says("question", talk.text) or not cues.says(
        "once_more" if not later else "come_again", talk.text
    ):
        return False
    _write_down(talk)
    talk.memory.pending, talk.understood = None, True
    request.take_up(talk, pending.items[0])
    what = talk.rules.catalogue[pending.items[0]].say
    talk.say("complaint.again", what=what)
    return True


def _arranges_it_anew(talk: Talk) -> bool:
    """«理发的没来，再约一个»: said in the same breath as what went wrong."""
    named = cues.items_mentioned(talk.text) & set(talk.rules.catalogue)
    if len(named) != 1 or not cues.says("once_more", talk.text):
        return False
    request.take_up(talk, named.pop())
    return True


def _wants_something_else(talk: Talk) -> bool:
    """An answer to «anything else?», a courtesy, or something that is wanted now; not which of the past is meant."""
    heard, text = talk.heard, talk.text
    if cues.says("call_back", text):
        return False
    if heard.has("goodbye") and not talk.requests() and not cues.says("takes_leave", text):
        return False  # «都第二回了» only sounds like one
    if cues.says("no_more_only", text) or any(talk.likely(name) for name in NOT_OF_A_COMPLAINT):
        return True
    if cues.says("tells_which", text):
        return False
    if heard.has("help"):
        return cues.says("what_can_you", text)
    return bool(talk.requests()) or any(heard.has(name) for name in ("order_status", "policy_question"))


def _keep_who(talk: Talk) -> None:
    """The name of whoever complains («我姓马，马玉莲»), so that they are called by it."""
    if cues.says("tells_name", talk.text):
        pieces = [cues.core(piece) for piece in re.split("[ ，,、。]+", talk.text)]
        talk.memory.tell(
            "self", name=next((piece for piece in reversed(pieces) if whom.is_a_name(piece)), None)
        )


def _stood_up(talk: Talk) -> bool:
    """«昨天说好送饭的，人没来»: it asks where somebody is, and reproaches that nobody came."""
    if talk.form is None and cues.says("waited", talk.text):
        return True
    asks = talk.heard.has("order_status") or talk.heard.has("complaint")
    if asks and cues.says("once_more", talk.text) and cues.says("did_not_come", talk.text):
        return True  # «理发的没来，再约一个»
    reproaches = cues.says("reproach", talk.text) or not cues.says("question", talk.text)
    return asks and cues.says("stood_up", talk.text) and reproaches


def _is_overdue(talk: Talk) -> bool:
    """«今天饭咋没送来», «我的饭呢», «啥时候来», when it should have been there by now."""
    if talk.form is not None or talk.heard.danger is not None or cues.says("may_it", talk.text):
        return False
    asks = cues.says("did_not_come", talk.text) or cues.says("when_comes", talk.text)
    now, standing = talk.turn.now, orders.open_orders(talk)
    return asks and any(orders.was_due(order, now) for order in orders.fitting(talk, standing))


def comes_too_late(talk: Talk) -> bool:
    """Said sorry for at once, whatever else it sounds like («说九点来，这都十点半了» names two hours)."""
    return _is_overdue(talk) and complaint(talk)


def answer_which(talk: Talk) -> bool:
    """The answer to a question about orders; then whatever else is said of those that stand."""
    return (
        _answer_pending(talk)
        or cancel.instead(talk)
        or cancel.for_another(talk)
        or cancel.no_more_needed(talk)
        or each.changes(talk)
        or again.reorders(talk)
        or again.once_more(talk)
        or state.missed_call(talk)
        or state.asks_about_coming(talk)
        or state.lists_all(talk)
        or state.asks_how_it_stands(talk)
        or state.asks_result(talk)
        or amend.within(talk)
        or series.one_day(talk)
        or again.again(talk)
        or amend.amends(talk)
        or _others(talk)
    )


def _others(talk: Talk) -> bool:
    return (
        cancel.names_another(talk)
        or cancel.not_going(talk)
        or state.presses(talk)
        or move.of_the_last(talk)
        or state.ordered_before(talk)
    )


def _answer_pending(talk: Talk) -> bool:
    pending = talk.pending
    if pending is None:
        return False
    if pending.kind == "missing_order":
        return state.answer_missing(talk, pending)
    if pending.kind == "none_open" or (pending.kind == "offer_person" and pending.said and not pending.items):
        return state.tells_whose(talk, pending)
    standing = [
        order
        for number in pending.numbers
        if (order := talk.order(number)) and order.state is not State.CANCELLED
    ]
    if pending.kind == "move_when":
        return move.answer_when(talk, standing) or _calls_off(talk, standing)
    if pending.kind == "wrong_order" and {slot.slot for slot in talk.heard.slots} == {"time"}:
        return move.answer_when(talk, standing)
    if pending.kind in ("tell_more", "wrong_order", "change_or_new") and standing:
        answer = amend.answer_change if pending.kind == "change_or_new" else amend.answer_more
        return answer(talk, pending, standing[0])
    return pending.kind in orders.ASKS_WHICH and _answer_which(talk, pending, standing)


def _calls_off(talk: Talk, standing: list[Order]) -> bool:
    """«等天晴了我再打电话», to the question for another day: nobody is to come until then."""
    if not standing or not cues.says("rings_again", talk.text):
        return False
    talk.memory.pending, talk.understood = None, True
    cancel.cancel(talk, standing[0])
    return True


def _answer_which(talk: Talk, pending: Pending, standing: list[Order]) -> bool:
    chosen = orders.chosen(talk, standing)
    if not chosen:
        if talk.heard.has("deny") or cues.says("opens_no", talk.text):
            talk.memory.pending = None
            talk.say("order.kept")
            ask.anything_else(talk)
            talk.understood = True
            return True
        return False
    talk.memory.pending, talk.understood = None, True
    for order in chosen:
        if pending.kind == "cancel":
            cancel.cancel(talk, order)
        elif pending.kind == "reschedule":
            move.answer_which(talk, pending, order)
        elif pending.kind == "amend":
            amend.set_right(talk, order, pending.said)
        else:
            amend.pass_on(talk, order, said=pending.said)
    return True
