"""How orders stand: what is told of them, and what is offered when none is found."""

from __future__ import annotations

from backend.domain.order import State
from bot.dialogue import cues, phrasing, whom
from bot.dialogue.flows import amend, ask, orders, person, policy, request
from bot.dialogue.memory import Pending
from bot.dialogue.talk import ABOUT_ORDERS, ASIDE, Talk
from bot.dialogue.turn import Asks
from nlu.understanding import Person, WantedTime

MOST_TOLD = 2
# Cues of sentences that speak of an order, whether or not it is known here.
SPEAKS_OF_ONE = (
    "as_ordered",
    "how_it_stands",
    "that_order",
    "drop",
    "move",
    "ordered_before",
    "stood_up",
    "did_not_come",
    "when_comes",
    "was_cancelled",
    "insists",
    "not_going",
    "unwanted_there",
)
MOST_LISTED = 5
SAID_MORE = "\n"  # between what was said of an order that is looked for
LIKELY_TOPIC = 0.05


def status(talk: Talk) -> None:
    told = orders.open_orders(talk) or list(talk.world.orders[:1])
    if cues.says("was_cancelled", talk.text):
        told = list(talk.world.orders)
    if orders.others(talk):  # not the order of one elder for that of another
        told = orders.of_people(talk, told) or [order for order in told if order.elder_id is None]
    if cues.says("was_cancelled", talk.text) and talk.slots("time"):  # «周五那个取消了没有»
        told = [order for order in told if any(orders.is_of_day(order, slot) for slot in talk.slots("time"))]
    if not told and talk.memory.topic and not talk.form and cues.says("asks_of_service", talk.text):
        policy.offer_person(talk)  # «几个人来», after «上门洗澡是咋洗的»
        return
    if not told:
        none_open(talk)
        if not talk.form and not orders.others(talk):
            offer_to_ask(talk)
        return
    for order in orders.fitting(talk, told)[:MOST_TOLD]:
        department = talk.rules.departments.by_code.get(order.department or "")
        talk.say(
            f"order.status_{order.stage.value}",
            what=orders.name_of(talk, order),
            department=department.short if department else "",
        )
    talk.happened.append("status")


def lists_all(talk: Talk) -> bool:
    """«我一共订了几个», «都订了啥»: how many, and which."""
    if not cues.says("counts", talk.text) or (talk.heard.has("policy_question") and talk.heard.sure):
        return False
    standing = sorted(orders.open_orders(talk), key=lambda order: order.wanted.iso or "")
    if not standing:
        return False
    words = talk.words()
    names = [orders.name_of(talk, order) for order in standing[:MOST_LISTED]]
    where = standing[0].place
    if len(standing) > 1:
        talk.say(
            "order.count", count=words["two"] if len(standing) == 2 else phrasing.number(len(standing), words)
        )
    talk.say("order.which_of", list=phrasing.joined(names, words, link="list_comma"))
    if len(standing) == 1 and where:
        talk.say("confirm.where", place=where)
    talk.understood = True
    talk.happened.append("status")
    return True


def asks_how_it_stands(talk: Talk) -> bool:
    """«饭几点送», «怎么还没人联系我» right after an order: asked of that order, whatever else it sounds like."""
    order = orders.last(talk)
    if order is None or talk.likely("complaint") or cues.items_mentioned(talk.text) - {order.item}:
        return False
    asks = any(cues.says(cue, talk.text) for cue in ("when_comes", "did_not_come"))
    asks = asks and not cues.says("may_it", talk.text)
    if not (asks or cues.says("nobody_yet", talk.text)) or orders.was_due(order, talk.turn.now):
        return False
    status(talk)
    talk.understood = True
    return True


def asks_about_coming(talk: Talk) -> bool:
    """«要是没人来咋办», «你们打我哪个电话», «来的人叫啥», of what was ordered in this conversation."""
    order = orders.last(talk)
    if order is None:
        return False
    if cues.says("rings_before", talk.text):
        return amend.pass_on(talk, order)
    if cues.says("if_nobody", talk.text):
        talk.say("order.if_nobody")
    elif cues.says("asks_phone_kept", talk.text) and order.phone:
        talk.say("confirm.phone", phone=phrasing.phone_groups(order.phone))
    elif cues.says("who_is_coming", talk.text):
        talk.say("who_comes.unknown")
    else:
        return False
    ask.anything_else(talk)
    talk.understood = True
    talk.happened.append(ASIDE)
    return True


def asks_result(talk: Talk) -> bool:
    """«我爸的能力评估啥时候出结果», of what an office has in hand: looked up by somebody, and not ordered."""
    wanted = talk.requests()
    papers = talk.are_papers(wanted)
    if talk.form is not None or not papers or not cues.says("asks_result", talk.text):
        return False
    if cues.says("wishes_it", talk.text) or any(one.item in wanted for one in orders.open_orders(talk)):
        return False
    return offer_to_ask(talk)


def ordered_before(talk: Talk) -> bool:
    """«我上周三给我妈订的助浴»: tells of an order, and wants no new one. How it stands, or an offer to order it."""
    if (
        talk.form is not None
        or not cues.says("ordered_before", talk.text)
        or cues.says("as_before", talk.text)
    ):
        return False
    if any(talk.heard.has(name) for name in (*ABOUT_ORDERS, "policy_question", "emergency", "human")):
        return False
    named = {*talk.requests(), *cues.items_mentioned(talk.text)}
    if len(named) != 1:
        return False
    (item,) = named
    if any(order.item == item for order in orders.open_orders(talk)):
        status(talk)
    elif talk.pending is not None and talk.pending.kind in ("none_open", "offer_person"):
        return offer_to_ask(talk)
    else:
        talk.memory.pending = Pending(kind="missing_order", items=[item], said=talk.text)
        talk.say("order.none_of", what=talk.rules.catalogue[item].say)
        talk.ask(Asks.CONFIRM, "order.order_now", choices=ask.choices_for(talk, Asks.CONFIRM))
    talk.understood = True
    return True


def answer_missing(talk: Talk, pending: Pending) -> bool:
    """Order it now, or have somebody look for it."""
    if talk.heard.has("deny") or cues.says("opens_no", talk.text):
        return offer_to_ask(talk)
    days = [
        slot
        for slot in talk.slots("time")
        if isinstance(slot.resolved, WantedTime) and slot.resolved.day_said
    ]
    books = cues.says("book", talk.text) or days
    if talk.heard.has("affirm") or cues.says("opens_yes", talk.text) or books:
        talk.memory.pending, talk.understood = None, True
        request.take_up(talk, pending.items[0], pending.said)
        return True
    return False


def offer_to_ask(talk: Talk) -> bool:
    """An order that they speak of is not here: it was made elsewhere, or before there was this line."""
    named = cues.items_mentioned(talk.text)
    ranked = [scored.label for scored in talk.heard.ranking if scored.label in named]
    papers = (
        one.label
        for one in talk.heard.ranking
        if one.label in talk.rules.catalogue and one.confidence >= LIKELY_TOPIC
    )
    talk.memory.topic = next(iter(ranked), talk.memory.topic) or next(papers, None)
    return _offer_to_ask(talk, "order.none_to_ask")


def _offer_to_ask(talk: Talk, key: str) -> bool:
    talk.memory.pending = Pending(kind="offer_person", said=talk.text)
    talk.ask(Asks.CONFIRM, key, choices=ask.choices_for(talk, Asks.CONFIRM))
    talk.understood = True
    return True


def tells_whose(talk: Talk, pending: Pending) -> bool:
    """«我叫丁玉莲», «上个月办的», «送餐的那个», when an order was not found: kept for whoever looks for it."""
    if cues.says("has_it_asked", talk.text):
        person.hand_off(talk, why="accepted_offer", phrase="person.coming")
        talk.understood = True
        return True
    done = cues.says("has_it_done", talk.text)
    which = cues.says("tells_which_order", talk.text) and not done
    if cues.says("never_done", talk.text) and not (done or which):
        return _offer_topic(talk)
    own = [
        slot for slot in talk.slots("beneficiary") if isinstance(slot.resolved, Person) and slot.resolved.name
    ]
    own_name = whom.is_a_name(cues.core(talk.text))
    whose = own_name or (bool(talk.slots("beneficiary")) and talk.heard.names()[:1] == ("inform",))
    wanted = talk.requests()
    papers = talk.are_papers(wanted)
    which |= papers and not done and cues.says("mere_naming", talk.text)  # «护理补贴»
    if not which and (talk.requests() or not (own or whose or talk.slots("phone"))):
        return False
    if which and pending.kind == "none_open":
        return offer_to_ask(talk)
    if pending.said and SAID_MORE in pending.said:  # told twice: whoever looks for it can find it
        person.hand_off(talk, why="accepted_offer", phrase="person.coming")
        talk.understood = True
        return True
    if own and cues.says("my_name", talk.heard.text[: own[0].start]):
        talk.memory.tell("self", name=own[0].resolved.name)  # type: ignore[union-attr]
    talk.say("taken_down")
    said, talk.understood = f"{pending.said}{SAID_MORE}{talk.text}", True
    _offer_to_ask(talk, "order.ask_staff")
    if talk.memory.pending is not None:
        talk.memory.pending.said = said
    return True


def _offer_topic(talk: Talk) -> bool:
    """«没申请过，不知道要申请», asked after it: it can be arranged now."""
    item = talk.memory.topic
    if item is None:
        return False
    ask.offer_to_book(talk, item)
    talk.understood = True
    return True


def stays(talk: Talk) -> bool:
    """«打扫还是照常来吧？», when another order was cancelled."""
    named = cues.items_mentioned(talk.text)
    if not named & {order.item for order in orders.open_orders(talk)}:
        return False
    talk.say("order.kept")
    ask.anything_else(talk)
    talk.understood = True
    return True


def presses(talk: Talk) -> bool:
    """«都十点半了», «你催一下», of an order that stands: staff are told, and nothing of it is moved."""
    standing = orders.fitting(talk, orders.open_orders(talk))
    if talk.form is not None or not standing or not cues.says("presses", talk.text):
        return False
    if talk.requests() and talk.heard.sure:
        return False
    amend.tell(talk, standing[0])
    talk.say("hurried")
    ask.anything_else(talk)
    talk.understood = True
    return True


def missed_call(talk: Talk) -> bool:
    """«你们刚给我打电话了»: what it was about does not stand here; staff know."""
    if talk.form is not None or talk.requests() or not cues.says("missed_call", talk.text):
        return False
    return offer_to_ask(talk)


def _is_cancelled_already(talk: Talk) -> bool:
    """«嗯，取消吧», of what was cancelled a moment ago."""
    latest = talk.order(talk.memory.orders[-1]) if talk.memory.orders else None
    if latest is None or latest.state is not State.CANCELLED or not talk.heard.has("cancel_order"):
        return False
    if cues.items_mentioned(talk.text) - {latest.item}:
        return False
    talk.say("order.status_cancelled", what=orders.name_of(talk, latest))
    ask.anything_else(talk)
    talk.understood = True
    return True


def none_open(talk: Talk) -> bool:
    """Nothing stands of what they speak of; a service that they name is offered to whoever never ordered any."""
    if talk.form:
        return True
    if _is_cancelled_already(talk):
        return True
    named = cues.items_mentioned(talk.text) & set(talk.rules.catalogue)
    if (
        not talk.world.orders
        and len(named) == 1
        and not any(cues.says(cue, talk.text) for cue in SPEAKS_OF_ONE)
    ):
        return ask.offer_one(talk, named.pop())
    talk.memory.pending = Pending(kind="none_open", said=talk.text)
    others = orders.others(talk)
    if others and talk.world.caller.elder is None and not orders.elders_named(talk):
        talk.ask(None, "order.none_open_of_other")
    else:
        talk.ask(None, "order.none_open_for" if others else "order.none_open")
    return True
