"""Questions about rules are answered from the knowledge file with its source, or not at all."""

from __future__ import annotations

from bot.dialogue import cues, notes
from bot.dialogue.flows import amend, ask, orders, request
from bot.dialogue.memory import Form, Pending
from bot.dialogue.talk import ASIDE, PAPERS, Talk
from bot.dialogue.turn import Asks

# What is asked of the line itself, and stands in no document: how it is paid, whether a subsidy pays it, who is there when.
OF_THE_LINE = ("asks_subsidy_use", "asks_payment", "asks_hours")
ASKED_OF_US = "asked_of_us"  # what a turn notes when one of these was asked beside something else
SHORTEST_ASKED = 4  # characters
LONGEST_ASKED_ON = 12  # characters of a question that goes on with the one before


def of_the_line(talk: Talk) -> bool:
    """«怎么付钱», «能不能用补贴付», «周末有人吗»: answered as far as that is known, noted for staff, and nothing of the
    request under way is touched. With something else in the same breath («对，钱咋付») that is dealt with, too."""
    asked = asked_of_the_line(talk)
    if asked is None or talk.memory.in_danger:
        return False
    agrees = talk.memory.asking == Asks.CONFIRM and cues.says("opens_yes", talk.text)
    if agrees or _asks_for_more(talk, asked):
        return False
    talk.understood = True
    _answer_of_the_line(talk, asked)
    return True


def asked_of_the_line(talk: Talk) -> str | None:
    return next((cue for cue in OF_THE_LINE if cues.says(cue, talk.text)), None)


def _asks_for_more(talk: Talk, asked: str) -> bool:
    """Whether something is asked for besides («明天中午订个饭，怎么付钱»)."""
    return bool(set(talk.requests()) & cues.items_mentioned(cues.without(asked, talk.text)))


def _answer_of_the_line(talk: Talk, asked: str) -> None:
    talk.happened.append(ASIDE)
    placed = orders.last(talk)
    if talk.form is not None or placed is not None:
        talk.say(f"policy.{asked}_on")
    if talk.form is not None:
        note_asked(talk, talk.form)
    elif placed is not None:
        if asked in talk.words()["notes"]:
            amend.tell(talk, placed)
        ask.anything_else(talk)
    elif asked == "asks_hours":
        talk.say("policy.asks_hours")
    else:
        talk.say(f"policy.{asked}")
        talk.memory.pending = Pending(kind="offer_person")
        talk.ask(Asks.CONFIRM, "policy.price_person", choices=ask.choices_of(talk, "offer_person"))


def note_asked_besides(talk: Talk) -> None:
    """What was asked in the same breath in which something was wanted."""
    if ASKED_OF_US in talk.happened and talk.form is not None:
        note_asked(talk, talk.form)


def note_asked(talk: Talk, form: Form) -> None:
    """What staff are to tell before somebody comes goes with the order."""
    asked = asked_of_the_line(talk)
    if asked and (words := talk.words()["notes"].get(asked)):
        notes.note(form, words)


def policy(talk: Talk) -> bool:
    """Answer from `config/knowledge.yaml`. What is not there is never made up: a person is offered."""
    if (item := _asks_how_to_order(talk)) is not None:
        return _take_up(talk, item)
    if cues.says("man_or_woman", talk.text):
        return _who_comes(talk)
    if _asks_what_it_is(talk):
        _tell(talk, may_they=True)
        return True
    if _asks_of_this(talk):
        return asked_on_the_way(talk)
    if asked := asked_of_the_line(talk):  # beside something else that is wanted
        talk.say(f"policy.{asked}_on")
        talk.happened.append(ASKED_OF_US)
        return False
    in_passing, may_they = _in_passing(talk), _may_they(talk)
    if _reports_or_asks(talk):
        _tell(talk, may_they=True)
        return True
    if not (
        talk.heard.has("policy_question")
        or in_passing
        or may_they
        or _about_this(talk)
        or (cues.says("too_dear", talk.text) and not talk.requests())
        or _asks_its_price(talk)
    ):
        return False
    _tell(talk, may_they)
    return not talk.requests() or not talk.heard.has("policy_question") or in_passing


def _asks_what_it_is(talk: Talk) -> bool:
    """«能力评估分几个等级», «养老金认证每年啥时候做»: to be told, before anything is wanted."""
    one = talk.form is None and len(talk.requests()) == 1 and not talk.slots("time")
    return one and cues.says("asks_what_it_is", talk.text) and not cues.says("wishes_it", talk.text)


def _asks_of_this(talk: Talk) -> bool:
    """«谁来评啊», of the very thing that is being arranged: it sounds like asking for it again."""
    form = talk.form
    wants = cues.says("wishes_it", talk.text) or {slot.slot for slot in talk.heard.slots} - {"detail"}
    return form is not None and talk.requests() == (form.item,) and not wants


def _tell(talk: Talk, may_they: bool = False) -> None:
    """The answer that stands in the knowledge file, or that there is none."""
    # Only what is surely spoken of: a weak guess would turn a bare «啥条件» into an answer about something else.
    spoken_of = (*talk.requests(), *_under_way(talk))
    if _asks_besides(talk):
        spoken_of = (*_under_way(talk), *talk.requests())
    entry = talk.rules.knowledge.answer(talk.text, spoken_of)
    talk.understood = True
    if talk.form is None:
        about = entry.item if entry and entry.item in talk.rules.catalogue else None
        named = about or next(iter(_spoken_of(talk)), None)
        if named and not _asks_what_pays_it(talk, named):
            talk.memory.topic = named
    if entry is None:
        _unknown(talk, may_they)
    else:
        told = entry.sentences(talk.turn.channel.value)
        asks_more = talk.form is not None or (bool(talk.requests()) and not may_they)
        talk.sentences += told[:1] if asks_more else told
        talk.say("policy.source", source=entry.source_name)
        talk.happened.append(f"policy:{entry.id}")
        if entry.item and entry.item in talk.rules.catalogue and not asks_more and len(told) == 1:
            ask.offer_to_book(talk, entry.item, said=talk.text)
        elif entry.item in talk.rules.catalogue and not asks_more:
            talk.memory.pending = Pending(kind="told", items=[str(entry.item)], said=talk.text)


def _asks_what_pays_it(talk: Talk, named: str) -> bool:
    """«有补贴没» after «洗个澡多少钱» asks on about the bath."""
    topic = talk.memory.topic
    return topic is not None and not talk.are_papers([topic]) and talk.are_papers([named])


def still_asks(talk: Talk) -> bool:
    """«那二级呢», «户口本要不要», «贵不贵» in answer to «要请工作人员跟您说吗？»: the same is asked on, and nothing declined."""
    pending, text = talk.pending, talk.text
    if talk.form is not None or pending is None or pending.kind not in ("offer_person", "told"):
        return False
    if (
        talk.requests()
        or talk.slots("time")
        or len(text) > LONGEST_ASKED_ON
        or (pending.said and not pending.items)
    ):
        return False
    if not any(cues.says(cue, text) for cue in ("asks_on", "asks_price")) or cues.says("may_it", text):
        return False
    _tell(talk)
    talk.happened.append(ASIDE)  # they ask again and again, and need not be handed over for it
    return True


def _under_way(talk: Talk) -> tuple[str, ...]:
    """What is being arranged, else what was ordered last in this conversation («每次多久？»)."""
    if talk.form:
        return (talk.form.item,)
    order = talk.order(talk.memory.orders[-1]) if talk.memory.orders else None
    return (order.item,) if order else ()


def _about_this(talk: Talk) -> bool:
    """A question about the very thing being arranged («这个评估分几个等级»), which reads like asking for it again."""
    form = talk.form
    if form is None or talk.requests() != (form.item,) or talk.heard.slots:
        return False
    return talk.rules.knowledge.answer(talk.text, (form.item,)) is not None


def _asks_its_price(talk: Talk) -> bool:
    """«理发多少钱», however it was heard."""
    nothing_wanted = talk.form is None and not talk.requests() and not talk.slots("time")
    return nothing_wanted and cues.says("asks_price", talk.text) and bool(cues.items_mentioned(talk.text))


def _may_they(talk: Talk) -> bool:
    """«那我妈八十三了能领不»: whether they may, which also reads like asking for it."""
    if talk.form is not None or len(talk.requests()) != 1 or not cues.says("eligible", talk.text):
        return False
    return talk.rules.knowledge.answer(talk.text, talk.requests()) is not None


def _reports_or_asks(talk: Talk) -> bool:
    """«高龄津贴这个月没到账», «护理补贴符合不»: a report or a question about a paper or a benefit is no application."""
    wanted = talk.requests()
    papers = talk.are_papers(wanted)
    if talk.form is not None or cues.says("wants_it_done", talk.text):
        return False
    asked_on = talk.memory.topic in wanted and talk.memory.asking == Asks.CONFIRM
    if asked_on and cues.says("mere_naming", talk.text):
        return True  # «我妈的护理补贴», after «补贴停了咋回事»
    return papers and any(cues.says(cue, talk.text) for cue in ("not_paid", "asks_of_papers"))


def _asks_how_to_order(talk: Talk) -> str | None:
    """The service of «那个饭咋订呢»: whoever asks how it is ordered wants it, and it is ordered by telling us."""
    if talk.form is not None or not cues.says("how_to_order", talk.text):
        return None
    services = talk.rules.catalogue.items()
    named = cues.items_mentioned(talk.text) & {code for code, item in services if item.category not in PAPERS}
    return named.pop() if len(named) == 1 else None


def _take_up(talk: Talk, item: str) -> bool:
    request.take_up(talk, item)
    talk.say("order.how_to")
    talk.understood = True
    return True


def _who_comes(talk: Talk) -> bool:
    """«来的是男的还是女的»: nobody knows yet; a wish is taken down."""
    talk.understood = True
    if talk.form is not None or not talk.memory.orders:
        talk.happened.append(ASIDE)  # a question, and no wish
        talk.say("who_comes.not_yet")
        return True
    talk.memory.pending = Pending(kind="who_comes", numbers=talk.memory.orders[-1:])
    talk.say("who_comes.unknown")
    talk.ask(None, "who_comes.wish")
    return True


def _asks_besides(talk: Talk) -> bool:
    """«那办下来是不是还有护理补贴» while something else is arranged: to be told, not to be arranged, too."""
    if talk.form is None or not cues.says("asks_whether", talk.text) or cues.says("wants_done", talk.text):
        return False
    others = [item for item in talk.requests() if item != talk.form.item]
    return talk.are_papers(others)


def _in_passing(talk: Talk) -> bool:
    """«那需要我准备啥», «大夫上门来评吗»: asked instead of an answer, or about what was just ordered."""
    if _asks_besides(talk):
        return True
    if talk.heard.slots or (talk.form is None and not talk.memory.orders):
        return False
    if talk.requests():
        unsure = talk.form is not None and not talk.heard.sure
        return unsure and cues.says("question", talk.text) and not cues.says("also", talk.text)
    return cues.says("asks_about", talk.text)


def _unknown(talk: Talk, only_asked: bool = False) -> None:
    talk.happened.append("policy:unknown")
    if _about_price(talk):
        _price(talk)
        return
    if talk.form or (talk.requests() and not only_asked):
        talk.say("policy.unknown")
        return
    named = _spoken_of(talk)
    if cues.says("how_is_it_done", talk.text) and talk.are_papers(named):
        talk.say("we_can")  # «低保咋办»: it is done by somebody who comes, and it begins here
        ask.offer_to_book(talk, named[0], said=talk.text)
        return
    offer_person(talk)


def asked_on_the_way(talk: Talk) -> bool:
    """Any question while something is arranged («自己要买材料不»): what stands here of it, else staff tell them; both go on."""
    form = talk.form
    asks = cues.says("asks_anything", talk.text) or cues.says("asks_of_comers", talk.text)
    if form is None or talk.understood or not asks or cues.says("what_can_you", talk.text):
        return False
    if notes.is_wish(talk):
        return False  # «来个女的行不行»
    if len(talk.text) < SHORTEST_ASKED or talk.slots("time") or talk.slots("place") or talk.slots("phone"):
        return False
    if cues.says("why_asked", talk.text):
        talk.say("why_we_ask")
    elif talk.rules.knowledge.answer(talk.text, (form.item,)) is not None:
        _tell(talk)
    elif _about_price(talk):
        _price(talk)
    else:
        talk.say("policy.unknown")
        notes.note(form, talk.words()["notes"]["asked"].format(what=talk.text.strip("?？。")))
    talk.happened.append(ASIDE)
    talk.understood = True
    return True


def offer_person(talk: Talk) -> None:
    """Nothing stands here about it: whether staff are to tell them."""
    talk.understood = True
    items = _spoken_of(talk)
    talk.memory.pending = Pending(kind="offer_person", items=items)
    talk.memory.topic_said = _names_the_thing(talk, items)
    talk.ask(Asks.CONFIRM, "person.offer", choices=ask.choices_for(talk, Asks.CONFIRM))


def _names_the_thing(talk: Talk, items: list[str]) -> str | None:
    """«家里装扶手政府给补钱不» tells what is to be put up, should it be wanted; kept over what is asked next."""
    if not items or "detail" not in talk.rules.catalogue[items[0]].asks:
        return None
    return talk.memory.topic_said if items == [talk.memory.topic] and talk.memory.topic_said else talk.text


def _about_price(talk: Talk) -> bool:
    """Whether they ask what a service costs; what somebody receives is another matter."""
    if cues.says("money_received", talk.text):
        return False
    return cues.says("asks_price", talk.text) or cues.says("too_dear", talk.text)


def _price(talk: Talk) -> None:
    """No price stands anywhere here, so none is told: staff tell it, and the order says that they are to."""
    if talk.form is None and not talk.requests():
        talk.say("policy.price")
        talk.memory.pending = Pending(kind="offer_person", items=_spoken_of(talk))
        talk.ask(Asks.CONFIRM, "policy.price_person", choices=ask.choices_of(talk, "offer_person"))
        return
    talk.say("policy.price_on")
    if talk.form is not None:
        notes.note(talk.form, talk.words()["notes"]["price"])
    talk.happened.append(notes.ASKED_PRICE)


def _spoken_of(talk: Talk) -> list[str]:
    """The service that the sentence names, if any."""
    named = cues.items_mentioned(talk.text)
    ranked = [scored.label for scored in talk.heard.ranking if scored.label in named]
    topic = [talk.memory.topic] if talk.memory.topic and not named else []
    return (ranked or topic or sorted(named))[:1]
