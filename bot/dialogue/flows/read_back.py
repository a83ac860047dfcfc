"""The answer to a read-back: yes, no, a correction, something besides, or a change of mind."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue import cues, details, forms, notes, people, times, whom
from bot.dialogue.flows import ask, policy
from bot.dialogue.flows.request import drop, for_another, meant, place, replace_item
from bot.dialogue.memory import Form, Pending
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from nlu.slots.numbers import digit_values

TELLS = ("wish", "diet", "health", "for_whoever_comes", "rules_out", "asks_to_bring")
SHORTEST_REST = 4  # characters
SURELY_NO = 0.75  # «一直滴水，不是大事» sounds a little like a no
SHORT_WISH = 10  # characters
SHORT_NO = 8
PARTICLES = 3  # characters besides a time that say nothing («十点以后来»)
SAME_KIND = 2  # characters at its end: «建设银行» is a bank, too
SOON = 8  # characters: a time this near to the «no» is what the «no» is about


def answer_confirmation(talk: Talk) -> bool:
    """The read-back was answered: yes, no, a correction, something else wanted, or a change of mind."""
    form = talk.form
    if talk.memory.asking != Asks.CONFIRM or form is None or talk.pending is not None:
        return False
    if _puts_right(talk, form):
        return True
    text, heard = talk.text, talk.heard
    if cues.says("asks_of_comers", text) and policy.asked_on_the_way(talk):
        return True
    if talk.slots("time") and all(times.is_remark(heard.text, slot) for slot in talk.slots("time")):
        notes.take_aside(talk, form)  # «下午我要睡觉», «我十二点要吃饭»
        return True
    means_no = _means_no(talk) and not cues.says("opens_yes", text)  # «差不多吧»
    says_no = (cues.says("opens_no", text) or means_no) and not cues.says("ends_yes", text)
    says_yes = heard.has("affirm") or (cues.says("opens_yes", text) and not says_no)
    says_yes = says_yes and not _only_asks(text)  # «要拍照咋办»
    says_yes |= cues.says("ends_yes", text)
    moves = _moves_it(talk)
    others = [item for item in talk.requests() if item != form.item and not moves]
    if says_no and not others and not moves and (instead := _wanted_instead(talk, form)):
        others = [instead]
    if notes.is_wish(talk) and not cues.items_mentioned(text) & set(others):
        others = []  # «要两个人来» sounds like company
    if not others and not moves and (instead := _named_instead(talk, form)):
        others, says_no = [instead], True
    if form.item in talk.requests() and for_another(talk, form):
        return False
    if not says_no and _belongs_to_it(talk, form, others):
        notes.take_aside(talk, form)
        return True
    if talk.drops and details.drop_detail(talk, form):
        return True
    if talk.drops and (other := meant(talk, form)) is not form:
        return drop(talk, other)
    if others and (says_no or cues.says("replace", text)):
        return replace_item(talk, form, others)
    cancels = heard.has("cancel_order") and cues.says("unwanted", text)  # «贵重东西我收起来了» only sounds so
    if (cancels or talk.drops) and not says_yes and not others and not talk.slots("time"):
        return drop(talk, form)
    if cancels and not others:
        return False  # «明天的饭不要了»: an order of before, or this form; decided by the flow for orders
    within = cues.says("within_it", text) and not (talk.slots("time") or talk.slots("place"))
    if not others and within and not cues.says("opens_yes", text):
        notes.take_aside(talk, form)  # «不用带东西，我家都有»
        return True
    if not others and notes.take_wish(talk, form):
        talk.say("confirm.noted")
        talk.understood = True
        if cues.says("opens_yes", text):
            _place(talk, form)
        return True
    changed = _filled(talk, form, moves) if not others else set()
    agrees = talk.heard.sure or cues.says("opens_yes", text) or cues.says("ends_yes", text)
    if says_yes and not changed and agrees:
        if not others:
            _note_the_rest(talk, form)
        _place(talk, form)
        talk.understood = True
        return not others
    if changed:
        talk.say("confirm.changed")
        talk.understood = True
        return not others
    if cues.says("refuse", text) and not others:
        talk.say("refused_more")
        talk.understood = True
        return True
    if not others and people.take_name(talk, form):
        talk.say("confirm.changed")
        talk.understood = True
        return True
    if not others and cues.says("phone_word", text) and not talk.heard.has("policy_question"):
        return _asks_for_number(talk, form)
    if not others and not says_no and not says_yes and notes.take_note(talk, form):
        talk.say("confirm.noted")
        talk.understood = True
        return True
    if says_no and not others and ask.twin(talk, form):
        return _leave_it_at_one(talk, form)
    if says_no and not others:
        talk.memory.pending = Pending(kind="wrong_what")
        talk.ask(Asks.DETAIL, "confirm.wrong_what")
        talk.understood = True
        return True
    return False


def swaps_thing(talk: Talk) -> bool:
    """«不去附属医院了，去人民医院»: one place or thing for another, and nothing is given up."""
    form = talk.form
    sign = cues.sign("swaps_thing", talk.text) or cues.sign("swaps_to", talk.text)
    if form is None or sign is None or talk.memory.in_danger or talk.pending is not None:
        return False
    new = sign["new"]
    old = sign.groupdict().get("old") or new[-SAME_KIND:]
    for told in (form.details, form.wishes):
        meant = next((one for one in told if old in one or one in old), None)
        old = meant if meant and "old" not in sign.groupdict() and meant.endswith(old) else old
        if meant is not None:
            told[told.index(meant)] = meant.replace(old, new) if old in meant else new
            talk.say("confirm.changed")
            talk.understood = True
            return True
    return False


def _puts_right(talk: Talk, form: Form) -> bool:
    """What of it is wrong, told without what is right («地址对，时间不对»), the right name, or «早一点»."""
    name = cues.core(talk.text)
    if form.elder_id is None and whom.is_a_name(name) and not talk.heard.has("thanks"):
        form.name = name
    elif people.take_name(talk, form):
        talk.say("confirm.changed")
    elif cues.says("asks_name_kept", talk.text) and form.name in talk.memory.named:
        talk.memory.named.remove(form.name)
    elif (sign := cues.sign("last_digits", talk.text)) and _phone_ends(talk, form, sign["digits"]):
        talk.say("confirm.changed")
    elif amount := cues.part("amount_instead", talk.text):
        measure = cues.measure(amount)
        form.details = [*(one for one in form.details if cues.measure(one) != measure), amount]
        talk.say("confirm.changed")
    elif cues.says("sooner", talk.text) and form.time is not None:
        notes.note(form, talk.text)
        talk.say("confirm.noted")
    elif not talk.heard.slots and (wrong := _told_wrong(talk)):
        _forget(talk, form, wrong)
    else:
        return False
    talk.understood = True
    return True


def _phone_ends(talk: Talk, form: Form, digits: str) -> bool:
    """«最后两位是一二，不是一一»: the end of the number to be rung, put right."""
    number, values = form.phone or talk.memory.phone or talk.world.caller.phone, digit_values()
    ending = "".join(str(values[one]) for one in digits if one in values)
    if number is None or len(ending) != len(digits):
        return False
    form.phone = number[: -len(ending)] + ending
    return True


def _named_wrong(talk: Talk) -> list[str]:
    """What is wrong, by the word for it («时间», «名字», «都不对»)."""
    if cues.says("all_wrong", talk.text):
        return ["time", "place"]
    if any(talk.slots(name) for name in ("time", "place")):
        return []
    if cues.says("name_only", talk.text):
        return ["name"]
    word = next((part for part in ("time", "place") if cues.says(f"{part}_word", talk.text)), None)
    wrong = word or _told_wrong(talk)
    return [wrong] if wrong else []


def _told_wrong(talk: Talk) -> str | None:
    return next((part for part in ("time", "place", "name") if cues.says(f"{part}_wrong", talk.text)), None)


def _forget(talk: Talk, form: Form, part: str) -> None:
    """Ask for this part of the request anew; of an address it may be one number that is wrong."""
    if part == "time" and form.time and form.wanted.iso and not form.wanted.recurrence:
        talk.ask(Asks.TIME, ask.question_key(talk, form, Asks.TIME)[0])  # «晚上» keeps the day
    elif part == "time":
        form.time = None
    elif part == "place":
        talk.ask(Asks.PLACE, "order.place_right")
    elif form.elder_id is None:
        talk.memory.told.get(form.beneficiary or "", {}).pop("name", None)
        form.name = None


def _note_the_rest(talk: Talk, form: Form) -> None:
    """«嗯，来的时候带上拖把»: what goes with the yes is told whoever comes."""
    rest = cues.without("opens_yes", talk.text) if cues.says("opens_yes", talk.text) else ""
    tells = any(cues.says(cue, rest) for cue in TELLS)
    if tells and len(rest) >= SHORTEST_REST and not cues.says("question", rest):
        notes.note(form, rest)
        talk.say("confirm.noted")


def _place(talk: Talk, form: Form) -> None:
    """Place it, and answer what was asked in the same breath («对，那多少钱»)."""
    asked = policy.asked_of_the_line(talk)
    asks_price = cues.says("asks_price", talk.text) and not asked
    if asks_price:
        notes.note(form, talk.words()["notes"]["price"])
    policy.note_asked(talk, form)
    place(talk, form)
    if asked:
        talk.say(f"policy.{asked}_on")
    elif asks_price:
        talk.say("policy.price_on")
    elif cues.says("asks_about", talk.text) or cues.says("man_or_woman", talk.text):
        talk.say("policy.unknown")


def answer_wrong_what(talk: Talk) -> bool:
    """After a bare «no»: what they say now is the correction."""
    form = talk.form
    if form is None or talk.pending is None or talk.pending.kind != "wrong_what":
        return False
    talk.memory.pending = None
    if talk.heard.has("affirm") and not talk.requests():
        talk.understood = True
        return True
    if len(talk.text) <= SHORT_NO and (wrong := _named_wrong(talk)):
        for part in wrong:
            _forget(talk, form, part)
        talk.understood = True
        return True
    others = [item for item in talk.requests() if item != form.item]
    if others:
        return replace_item(talk, form, others)
    if talk.heard.has("cancel_order") or talk.drops:
        return drop(talk, form)
    if forms.fill(talk, form):
        talk.say("confirm.changed")
        talk.understood = True
        return True
    if wrong := _named_wrong(talk):
        _forget(talk, form, wrong[0])
        talk.understood = True
    return talk.understood


def _wanted_instead(talk: Talk, form: Form) -> str | None:
    """«不对，我要的是打扫卫生»: what is likely, or is asked for behind the no."""
    if (likely := talk.other_item([form.item])) or not (rest := cues.part("wanted_instead", talk.text)):
        return likely
    return next((item for item in talk.items_of(talk.read(rest)) if item != form.item), None)


def _named_instead(talk: Talk, form: Form) -> str | None:
    """«我说的是理发，不是洗澡»: both are named, and the one that was read back is not meant."""
    named = cues.items_mentioned(talk.text)
    others = named - {form.item}
    denies_it = form.item in cues.items_mentioned(cues.after("is_not", talk.text))
    return others.pop() if denies_it and len(others) == 1 else None


def _only_asks(text: str) -> bool:
    return len(text) >= SHORTEST_REST and cues.says("question", text) and not cues.says("opens_yes", text)


def _means_no(talk: Talk) -> bool:
    """A no in other words; «没味儿，就是打不着» only tells how it is."""
    heard, text = talk.heard, talk.text
    sure = heard.has("deny") and heard.labels[0].confidence >= SURELY_NO
    return sure and (len(text) <= SHORT_NO or cues.says("denies", text))


def _asks_for_number(talk: Talk, form: Form) -> bool:
    """«电话换成我的» to the read-back: another number is wanted, and was not said in full."""
    if cues.says("refuse", talk.text) or cues.says("question", talk.text):
        return False
    talk.memory.phone_part = cues.digits(talk.text)
    if talk.memory.phone_part:
        talk.ask(Asks.PHONE, "ask.phone_rest", digits=talk.memory.phone_part)
    else:
        talk.ask(Asks.PHONE, "ask.phone_new")
    talk.understood = True
    return True


def _belongs_to_it(talk: Talk, form: Form, others: Sequence[str]) -> bool:
    """«要轮椅» when somebody is to come along: a wish for this request, not another. So is «就打这个电话»."""
    if len(talk.text) > SHORT_WISH or cues.says("also", talk.text):
        return False
    if others:
        return cues.goes_with(form.item, talk.text)
    return cues.says("this_phone", talk.text) and not talk.heard.has("affirm")


def _moves_it(talk: Talk) -> bool:
    """«不对，后天，明天我要去赶集», «十点以后来，她要去买菜»: another time with its reason, not another request."""
    slots = talk.slots("time")
    if not slots:
        return False
    head = cues.before("pause_in_speech", talk.text)
    mere = head != talk.text and slots[0].end <= len(head) <= len(slots[0].text) + PARTICLES
    return (cues.says("opens_no", talk.text) and slots[0].start <= SOON) or mere


def _filled(talk: Talk, form: Form, moves: bool) -> set[str]:
    """What the sentence changes of the request; behind «下午吧» stands why, and no other time («上午冷»)."""
    head = cues.before("with_reason", talk.text)
    told = [slot for slot in talk.heard.slots if slot.end <= len(head)]
    slots = talk.slots("time")
    if not moves or len(slots) < len(told) + 1 or {slot.slot for slot in told} != {"time"}:
        return forms.fill(talk, form)
    return forms.fill_from(talk, form, told)


def _leave_it_at_one(talk: Talk, form: Form) -> bool:
    talk.memory.forms.remove(form)
    talk.memory.asking = None
    talk.say("confirm.only_one")
    talk.understood = True
    talk.happened.append("dropped")
    return True
