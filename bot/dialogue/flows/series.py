"""One day of what comes again and again: left out, taken back, or other than usual. The rest of it stands as it is."""

from __future__ import annotations

from backend.domain.order import Order
from bot.dialogue import cues
from bot.dialogue.flows import amend, orders
from bot.dialogue.talk import Talk
from nlu.understanding import Slot, WantedTime

OF_SOMETHING_ELSE = ("complaint", "policy_question", "emergency")


def one_day(talk: Talk) -> bool:
    """What is said of some of its days is passed on; nothing of it is cancelled or moved."""
    changes = any(cues.says(cue, talk.text) for cue in ("pauses", "resumes", "that_day", "away"))
    if not changes or any(talk.likely(name) for name in OF_SOMETHING_ELSE) or cues.says("mourns", talk.text):
        return False
    named = cues.items_mentioned(talk.text) & {order.item for order in orders.open_orders(talk)}
    if talk.form is not None and (not named or talk.form.item in named):
        return False
    days = _days(talk)
    meant = _narrowed(talk, _series(talk, days, named), named)
    if not meant or _says_nothing_of_days(talk, days):
        return False
    if len(meant) > 1:
        orders.which(talk, "pause", meant)
        return True
    return _passed_on(talk, meant[0], days)


def _says_nothing_of_days(talk: Talk, days: list[Slot]) -> bool:
    """«每天的饭都不要了» is about all of them."""
    some = cues.says("some_days", talk.text) or cues.says("resumes", talk.text)
    return not (days or some or cues.says("one_more_meal", talk.text))


def _passed_on(talk: Talk, order: Order, days: list[Slot]) -> bool:
    some = cues.part("some_days", talk.text)
    said = list(dict.fromkeys(slot.text for slot in days)) or [some]
    when = talk.words()["list_comma"].join(said)
    resumes, starts = cues.says("resumes", talk.text), _starts(talk, days, some)
    left_out = cues.says("pauses", talk.text) or cues.says("away", talk.text)
    counted = not days and cues.says("pauses", some)  # «停三天» names no day
    key = "order.paused" if left_out and when and not (resumes or starts or counted) else "order.passed_on"
    if starts and left_out and when and not resumes:
        key = "order.stops"
    others = set(talk.requests()) - {order.item}
    if others and (cues.says("also", talk.text) or cues.says("wants_done", talk.text)):
        amend.tell(talk, order)  # «…，我去我姐家» is a reason, «…，再帮我买点菜» one more request
        talk.say(key, when=when)
        return False
    return amend.pass_on(talk, order, key=key, when=when)


def _starts(talk: Talk, days: list[Slot], some: str) -> bool:
    """«从后天开始不送了»: no end is told, and it is no single day."""
    behind = [talk.heard.text[slot.end :] for slot in days]
    if some:
        behind.append(talk.text.partition(some)[2])
    return any(cues.says("starts", text) for text in behind)


def _days(talk: Talk) -> list[Slot]:
    """The days that are named; «每天» alone is none."""
    said = [(slot, slot.resolved) for slot in talk.slots("time")]
    return [
        slot
        for slot, time in said
        if isinstance(time, WantedTime) and time.iso and time.day_said and time.recurrence != "FREQ=DAILY"
    ]


def _series(talk: Talk, days: list[Slot], named: set[str]) -> list[Order]:
    """What comes again and again, of the orders that can be meant; nothing where one visit of that day is."""
    standing = [order for order in orders.open_orders(talk) if not named or order.item in named]
    standing = orders.of_people(talk, standing) or standing
    if any(orders.is_once(order) and orders.is_of_day(order, slot) for order in standing for slot in days):
        return []
    return [order for order in standing if not orders.is_once(order)]


def _narrowed(talk: Talk, meant: list[Order], named: set[str]) -> list[Order]:
    """Of several the meals, where a meal is spoken of («那顿»), else the one talked about last."""
    if len(meant) < 2 or named:
        return meant
    meals = [order for order in meant if order.item == "meal" and cues.says("meal_counted", talk.text)]
    return meals or [order for order in meant if order.number in talk.memory.orders[-1:]] or meant
