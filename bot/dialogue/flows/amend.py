"""What is said of an order that stands and only people can change: whom it is for, where, how much, how.

Staff are told in the caller's own words, with the order; the order itself stays as it is until they have seen to it.
"""

from __future__ import annotations

from dataclasses import replace

from backend.domain.order import Order
from backend.domain.queue import TaskKind
from backend.services.commands import OpenTask
from bot.dialogue import cues, notes, whom
from bot.dialogue.flows import ask, orders, request
from bot.dialogue.memory import Pending
from bot.dialogue.talk import MISSPOKE, Talk
from bot.dialogue.turn import Asks
from nlu.understanding import Person, Slot

SAME_THING = 2  # characters at its end name a thing: «两斤鸡蛋» is «鸡蛋»
LONGEST = 40  # characters of a remark; what is longer tells something else, too
SHORTEST = 4
SHORTEST_PHONE = 7  # digits
LEAST_LIKELY = 0.1  # a service that a sentence is this likely to be about
# What speaks of something else than a change to an order.
NO_REMARK = (
    "complaint",
    "policy_question",
    "human",
    "emergency",
    "order_status",
    "goodbye",
    "thanks",
    "greet",
)


def amends(talk: Talk) -> bool:
    """A change to an order that stands is passed on. True when the sentence was one."""
    if talk.pending is not None and talk.pending.kind == "complaint":
        return False
    return _sets_right(talk) or _another_number(talk) or _changes_one(talk)


def _another_number(talk: Talk) -> bool:
    """«我想改一下联系电话», in a later call, too: the new number is asked for and passed on."""
    if talk.form is not None or not cues.says("another_number", talk.text) or talk.requests():
        return False
    standing = orders.open_orders(talk)
    digits = cues.digits(talk.text)
    if len(digits) >= SHORTEST_PHONE:
        if not standing:
            talk.memory.phone = digits
            talk.say("channel.phone_kept")
            talk.understood = True
        return bool(talk.understood) or pass_on(talk, standing[0])
    if standing:
        return _ask_more(talk, standing[0], Asks.PHONE, "ask.phone_new")
    talk.memory.pending = Pending(kind="offer_person", said=talk.text)
    talk.ask(Asks.CONFIRM, "person.offer", choices=ask.choices_for(talk, Asks.CONFIRM))
    talk.understood = True
    return True


def _sets_right(talk: Talk) -> bool:
    """«我订的打扫地址错了», «换个地址», in a later call, too: the right address is asked for, and nothing is cancelled."""
    if talk.form is not None or not any(cues.says(cue, talk.text) for cue in ("is_wrong", "another_place")):
        return False
    standing = orders.open_orders(talk)
    last = [order for order in standing if order.number in talk.memory.orders[-1:]]
    meant = orders.fitting(talk, standing) if cues.items_mentioned(talk.text) else (last or standing)
    if not meant or any(talk.likely(name) for name in ("complaint", "policy_question")):
        return False
    if len(meant) > 1:
        orders.which(talk, "amend", meant)
        return True
    return set_right(talk, meant[0])


def set_right(talk: Talk, order: Order, said: str | None = None) -> bool:
    """What is wrong with this order, or `said` to be so: the address is asked for, the rest is passed on."""
    about = f"{said or ''}{talk.text}"
    if cues.says("place_word", about) and not talk.slots("place") and not cues.says("full_place", about):
        key = "order.place_right" if cues.says("is_wrong", about) else "order.place_there"
        return _ask_more(talk, order, Asks.PLACE, key, said=said)
    return to_be_changed(talk, order, said)


def _changes_one(talk: Talk) -> bool:
    order = orders.last(talk) or orders.spoken_of(talk)
    if order is None:
        return False
    if talk.heard.has("reschedule") and _another_time(talk, order) and not talk.slots("place"):
        return False
    surely_else = talk.heard.sure and bool(set(talk.requests()) - {order.item})
    besides = cues.says("besides", talk.text) or MISSPOKE in talk.happened
    if MISSPOKE in talk.happened and talk.slots("place") and not surely_else:
        return to_be_changed(talk, order)
    besides = besides and not surely_else and not talk.slots("time")
    of_it = orders.spoken_of(talk) is not None and notes.is_wish(talk)
    in_case = cues.says("in_case", talk.text) or (
        not talk.requests() and cues.says("sooner_please", talk.text)
    )
    in_case |= cues.says("another_worker", talk.text)
    if besides or of_it or in_case or _is_wish(talk) or _another_phone(talk) or _another_kind(talk, order):
        return pass_on(talk, order)
    if any(talk.likely(name) for name in NO_REMARK):
        return False
    if not surely_else and _is_elsewhere(talk, order):
        return _to_another_place(talk, order)
    if not surely_else and _tells_another_place(talk, order):
        return to_be_changed(talk, order)
    if not _concerns(talk, order):
        return False
    if (person := _meant_for(talk, order)) is not None:
        return _for_another(talk, order, person)
    same = _ends_series(talk, order) or _says_more(talk, order)
    return same and pass_on(talk, order)


def _concerns(talk: Talk, order: Order) -> bool:
    """Whether nothing in the sentence speaks of another service than this."""
    wanted = set(talk.requests()) if talk.heard.sure else set()
    if wanted - {order.item} or cues.items_mentioned(talk.text) - {order.item}:
        return False
    return talk.other_item([order.item]) is None or order.item in wanted


# ---- how long


def _ends_series(talk: Talk, order: Order) -> bool:
    """«换到15号为止», «每天都送»: how long, or how often, it is to go on."""
    if cues.says("every_time", talk.text):
        return True
    return not orders.is_once(order) and bool(talk.slots("time")) and cues.says("until", talk.text)


# ---- for somebody else


def _meant_for(talk: Talk, order: Order) -> Slot | None:
    """«错了错了，是给我老伴理，不是我»: whom the order is for, and was not ordered for."""
    if not cues.says("wrong_person", talk.text) or _another_time(talk, order) or cues.says("also", talk.text):
        return None
    if cues.says("door_number", talk.text):
        return None  # «不对，是七零二，七零一是我邻居»
    denied = cues.after("is_not", talk.text)
    people = [slot for slot in talk.slots("beneficiary") if not denied.startswith(slot.text)]
    meant = [slot for slot in people if (slot.value or slot.text) != order.beneficiary]
    if len(meant) > 1:  # «我给我妈订的打扫改成给我爸»
        meant = [slot for slot in meant if cues.says("changes", talk.heard.text[: slot.start])]
    return meant[0] if len(meant) == 1 else None


def _for_another(talk: Talk, order: Order, slot: Slot) -> bool:
    person = slot.resolved if isinstance(slot.resolved, Person) else Person(text=slot.text)
    names = [one.resolved.name for one in talk.slots("beneficiary") if isinstance(one.resolved, Person)]
    found = whom.find(person, talk.world.caller).elder
    if person.relation == "self" or found is not None or any(names):
        return to_be_changed(talk, order)
    who = whom.polite(whom.spoken_of([slot], talk.world.caller), talk.words())
    return _ask_more(talk, order, Asks.NAME, "ask.name_other", who=who)


# ---- somewhere else


def _is_elsewhere(talk: Talk, order: Order) -> bool:
    """«你们去我闺女那儿打扫», of the day that was ordered."""
    if not cues.says("another_home", talk.text) or cues.says("also", talk.text):
        return False
    return not _another_time(talk, order)


def _another_time(talk: Talk, order: Order) -> bool:
    """Whether a time is named that is not the day of the order."""
    return not all(orders.is_of_day(order, slot) for slot in talk.slots("time"))


def _tells_another_place(talk: Talk, order: Order) -> bool:
    """«明天那个饭改成送到…5号楼», of an order that they name or that was just placed."""
    told = any(cues.says("full_place", slot.text) for slot in talk.slots("place"))
    changes = any(cues.says(cue, talk.text) for cue in ("changes", "corrects", "place_word"))
    return told and changes and not _another_time(talk, order) and not cues.says("also", talk.text)


def _to_another_place(talk: Talk, order: Order) -> bool:
    """Without a word that corrects it may be one more order of the same; then they are asked."""
    named = orders.spoken_of(talk) is not None
    if not named and not cues.says("corrects", talk.text) and not cues.says("changes", talk.text):
        talk.memory.pending = Pending(
            kind="change_or_new", numbers=[order.number], items=[order.item], said=talk.text
        )
        choices = ask.choices_for(talk, Asks.CONFIRM)
        talk.ask(Asks.CONFIRM, "order.change_or_new", choices=choices)
        talk.understood = True
        return True
    return _change_place(talk, order)


def _change_place(talk: Talk, order: Order, said: str | None = None) -> bool:
    if any(cues.says("full_place", slot.text) for slot in talk.slots("place")):
        return to_be_changed(talk, order, said)
    return _ask_more(talk, order, Asks.PLACE, "order.place_there", said=said)


# ---- how much, what besides, how it is to be done


def _says_more(talk: Talk, order: Order) -> bool:
    """«要两份», «我还要个醋», «顺便把窗帘也洗了», «鸡蛋少买点»."""
    text = talk.text
    if talk.slots("time") or _names_somebody(talk):
        return False
    if not (order.item in talk.requests() or _likely(talk) in (None, order.item)):
        return False
    corrects = cues.says("corrects", text) and bool(talk.slots("place") or cues.says("door_number", text))
    changes = any(cues.says(cue, text) for cue in ("how_many", "amends")) or _names_a_thing(talk, order)
    return corrects or changes or (cues.says("adds", text) and _takes_more(talk, order))


def _names_a_thing(talk: Talk, order: Order) -> bool:
    """«鸡蛋买三斤吧», of eggs that are on the list already."""
    bought = "detail" in talk.rules.catalogue[order.item].asks and order.number in talk.memory.orders[-1:]
    things = (cues.thing(detail)[-SAME_THING:] for detail in order.details)
    return bought and any(len(thing) == SAME_THING and thing in talk.text for thing in things)


def _takes_more(talk: Talk, order: Order) -> bool:
    """Whether a thing more is a thing of this order («再要个醋»): what is bought or brought is counted, a visit is not."""
    item = talk.rules.catalogue[order.item]
    return order.item in talk.requests() or "detail" in item.asks or item.household


def _likely(talk: Talk) -> str | None:
    """The service that the sentence is most likely about, if any."""
    ranked = (s for s in talk.heard.ranking if s.label in talk.rules.catalogue)
    return next((s.label for s in ranked if s.confidence >= LEAST_LIKELY), None)


def _names_somebody(talk: Talk) -> bool:
    """Somebody to be served besides («给我妈也要两份»), not somebody who merely comes («我老姐妹来了»)."""
    return any(cues.says("for_them", talk.heard.text[: slot.start]) for slot in talk.slots("beneficiary"))


def _another_kind(talk: Talk, order: Order) -> bool:
    """«我老伴不吃羊肉，给她换个西红柿鸡蛋的» sounds like a request of its own."""
    others = cues.items_mentioned(talk.text) - {order.item}
    return cues.says("another_kind", talk.text) and not others and _takes_more(talk, order)


def _is_wish(talk: Talk) -> bool:
    """How it is to be done; a sentence that also names another service wants that."""
    if cues.items_mentioned(talk.text) and talk.requests() and talk.heard.sure:
        return False
    tells = cues.says("wish", talk.text) and not talk.heard.sure and not cues.says("question", talk.text)
    this_phone = cues.says("this_phone", talk.text) and not talk.likely("goodbye")
    return notes.is_wish(talk) or tells or this_phone


def _another_phone(talk: Talk) -> bool:
    """«我换号了，新号是…», «电话留我老公的…»."""
    said = talk.slots("phone") or len(cues.digits(talk.text)) >= SHORTEST_PHONE
    wants = bool(talk.requests()) and talk.heard.sure
    return bool(said) and not wants and cues.says("phone_said", talk.text)


def remark(talk: Talk) -> bool:
    """Whatever else they tell right after an order («她后天晚上回来，接一下») belongs to it, as far as one can tell."""
    order = orders.last(talk)
    told = talk.heard.names()[:1] == ("inform",)
    told |= talk.heard.has("out_of_scope") or (talk.heard.has("deny") and bool(talk.slots("time")))
    if order is None or not (told or _for_whoever_comes(talk)) or cues.says("no_more_only", talk.text):
        return False
    if any(talk.likely(name) for name in NO_REMARK) or _away_on_its_day(talk, order):
        return False
    if not SHORTEST <= len(talk.text) <= LONGEST or cues.says("question", talk.text):
        return False
    return _concerns(talk, order) and pass_on(talk, order)


def _away_on_its_day(talk: Talk, order: Order) -> bool:
    """«后天我不在家», and they come that day: it must move."""
    slots = talk.slots("time")
    return cues.says("away", talk.text) and (not slots or any(orders.is_of_day(order, s) for s in slots))


def _for_whoever_comes(talk: Talk) -> bool:
    return cues.says("for_whoever_comes", talk.text) and not (talk.requests() and talk.heard.sure)


def asks_what_is_wrong(talk: Talk) -> bool:
    """«错了错了» to «anything else?»: something of what was just ordered is wrong; asked what, where it is not told."""
    order = orders.last(talk)
    if order is None or talk.requests() or not cues.says("was_wrong", talk.text):
        return False
    if len(cues.core(cues.after("was_wrong", talk.text))) >= SHORTEST:
        return pass_on(talk, order)
    talk.memory.pending = Pending(kind="wrong_order", numbers=[order.number], said=talk.text)
    talk.ask(Asks.DETAIL, "confirm.wrong_what")
    talk.understood = True
    return True


def within(talk: Talk) -> bool:
    """«饭里不要放辣椒了», «米饭不要了，要面», of an order that stands, in a later call, too: a wish, and nothing is cancelled."""
    if talk.form is not None or not cues.says("within_it", talk.text) or talk.likely("complaint"):
        return False
    standing = orders.open_orders(talk)
    meant = orders.fitting(talk, standing) if cues.items_mentioned(talk.text) else standing
    order = orders.last(talk) or (meant[0] if len(meant) == 1 else None)
    if order is None or (talk.heard.sure and set(talk.requests()) - {order.item}):
        return False
    return pass_on(talk, order)


def in_part(talk: Talk) -> bool:
    """«鸡蛋不要了，换成豆腐»: one thing of several that were ordered. The order stands; staff tell whoever goes."""
    order = _changed_in_part(talk)
    return order is not None and pass_on(talk, order)


def _changed_in_part(talk: Talk) -> Order | None:
    if talk.form is not None or not (talk.heard.has("cancel_order") or cues.says("swaps", talk.text)):
        return None
    for order in orders.fitting(talk, orders.open_orders(talk)):
        if any(item != order.item for item in talk.requests()):
            continue
        named = [detail for detail in order.details if detail[-SAME_THING:] in talk.text]
        whole = orders.name_of(talk, order)
        if any(detail in whole for detail in named) and not cues.says("swaps", talk.text):
            continue  # «把理发取消», of the haircut itself
        if not named and order.number in talk.memory.orders[-1:] and _changes_a_thing(talk, order):
            return order
        if named and (len(named) < len(order.details) or cues.says("swaps", talk.text)):
            return order
    return None


def _changes_a_thing(talk: Talk, order: Order) -> bool:
    """«改成两份», «土豆也别买了»: a thing and no time, right after the order."""
    if talk.slots("time") or cues.items_mentioned(talk.text) - {order.item}:
        return False
    return cues.says("neither", talk.text) or (bool(talk.slots("detail")) and cues.says("swaps", talk.text))


# ---- passing on


def pass_on(
    talk: Talk, order: Order, key: str = "order.passed_on", said: str | None = None, **values: str
) -> bool:
    """Tell staff, with the order and with what was `said` before, and say so; then whether there is anything else."""
    tell(talk, order, said)
    talk.say(key, **values)
    orders.touched(talk, order)
    if talk.form is None:
        ask.anything_else(talk)
    talk.understood = True
    talk.happened.append("noted")
    return True


def to_be_changed(talk: Talk, order: Order, said: str | None = None) -> bool:
    """Pass on what only people can change of an order, and say that they will: it stands as it is until then."""
    return pass_on(talk, order, "order.to_be_changed", said, what=orders.name_of(talk, order))


def tell(talk: Talk, order: Order, said: str | None = None) -> None:
    talk.tell_staff(TaskKind.HANDOFF, "note", why="note", order_number=order.number)
    task = talk.commands[-1]
    if said and isinstance(task, OpenTask):
        talk.commands[-1] = replace(task, text=f"{said}\n{talk.text}")


def _ask_more(
    talk: Talk, order: Order, asks: Asks, key: str, *, said: str | None = None, who: str = ""
) -> bool:
    """Staff know at once; the name or the place that goes with it is asked for, and told them, too."""
    tell(talk, order, said)
    talk.say("taken_down")
    talk.memory.pending = Pending(kind="tell_more", numbers=[order.number], said=said or talk.text)
    talk.ask(asks, key, who=who)
    orders.touched(talk, order)
    talk.understood = True
    talk.happened.append("noted")
    return True


def answer_more(talk: Talk, pending: Pending, order: Order) -> bool:
    """The name or the place that was asked for. Who can not say it has said enough."""
    if talk.requests() or any(talk.heard.has(name) for name in (*NO_REMARK, "cancel_order", "reschedule")):
        return False
    wordless = talk.heard.has("deny") or cues.says("unknown", talk.text) or cues.says("refuse", talk.text)
    talk.memory.pending = None
    if pending.kind == "wrong_order":
        return set_right(talk, order, pending.said)
    if not wordless or talk.heard.slots:
        return to_be_changed(talk, order, pending.said)
    talk.say("order.to_be_changed", what=orders.name_of(talk, order))
    ask.anything_else(talk)
    talk.understood = True
    return True


def answer_change(talk: Talk, pending: Pending, order: Order) -> bool:
    """«是改刚才那个吗？»: yes, the place of it changes; no, it is one more."""
    no = talk.heard.has("deny") or cues.says("opens_no", talk.text)
    if no or cues.says("also", talk.text):
        talk.memory.pending, talk.understood = None, True
        request.take_up(talk, pending.items[0], pending.said)
        return True
    if not (talk.heard.has("affirm") or cues.says("opens_yes", talk.text) or talk.slots("place")):
        return False
    talk.memory.pending = None
    before = talk.read(pending.said or "")
    if any(cues.says("full_place", slot.text) for slot in before.filled("place")):
        return to_be_changed(talk, order, pending.said)
    return _change_place(talk, order, said=pending.said)
