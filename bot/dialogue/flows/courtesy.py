"""Greeting, thanks, goodbye, «what can you do?», and the answer to «anything else?»."""

from __future__ import annotations

from backend.domain.queue import TaskKind
from bot.dialogue import cues, forms, notes, phrasing
from bot.dialogue.flows import amend, ask, existing, person, policy, request
from bot.dialogue.memory import Form, Pending
from bot.dialogue.talk import ABOUT_ORDERS, ASIDE, Talk
from bot.dialogue.turn import Asks, Channel
from nlu.clauses import MARKS

SURE_GOODBYE = 0.6
# Open questions after which «那来弄一下» is a wish for that; and those in which a service may still be spoken of.
BOOKED_FROM = ("offer_person", "told", "offer_items")
TOPICAL = (*BOOKED_FROM, "anything_else")
TELLS_IT = 8  # characters of a first sentence that tells what is the matter; «来个人抓» does not
SHORT_NO = 8  # characters; «别让我妈掏钱，我来付» tells something
# What was just asked about is wanted («那约一个吧», «能的话就给我补上», «那来人给我们办办»).
TAKES_IT = ("takes_it", "has_it_done", "visit_wanted")


def placeholder(talk: Talk) -> bool:
    """«[图片]», «我定位发你了»: nothing of it came through; they are asked to write it."""
    if not cues.says("placeholder", talk.text) or talk.memory.in_danger:
        return False
    _aside(talk, "channel.unreadable" if talk.turn.channel is not Channel.SPOKEN else "not_understood.story")
    talk.understood = True
    return True


def tells_diet(talk: Talk) -> bool:
    """«我们是回民，不清真的不吃», before anything is ordered: kept for the meal that is asked for next."""
    if (
        talk.form is not None
        or talk.memory.orders
        or talk.memory.in_danger
        or not cues.says("diet", talk.text)
    ):
        return False
    if (talk.requests() and talk.heard.sure) or cues.says("question", talk.text) or talk.slots("time"):
        return False
    if talk.heard.danger is not None or any(
        talk.heard.has(name) for name in (*ABOUT_ORDERS, "policy_question")
    ):
        return False
    talk.memory.diets.append(talk.text)
    talk.say("taken_down")
    ask.anything_else(talk)
    talk.understood = True
    return True


def puts_off(talk: Talk) -> bool:
    """«那到时候再来找你们», «问问她再说»: they come back to it, and nothing is ordered now."""
    form = talk.form
    if form is None or talk.memory.in_danger or talk.memory.asking is None:
        return False
    if cues.says("wrong_number", talk.text) and not talk.heard.slots:
        talk.memory.forms.remove(form)
        talk.say("wrong_number")
        talk.understood = talk.ended = True
        return True
    if not cues.says("puts_off", talk.text) or talk.slots("phone") or talk.slots("place"):
        return False
    if cues.says("hangs_up", talk.text):
        return False  # «锅糊了，我先挂了，等会再打»
    _lets_go(talk, form)
    talk.understood = True
    return True


def _lets_go(talk: Talk, form: Form) -> None:
    """Keep the request in mind, should they want it after all."""
    talk.memory.dropped = form
    talk.memory.forms.remove(form)
    talk.memory.asking = None
    talk.memory.pending = Pending(kind="anything_else")
    talk.say("considers")


def answer_offer(talk: Talk) -> bool:
    """A yes, a no or a choice in answer to something the line offered."""
    if existing.goes_on_complaining(talk):
        return True
    pending = talk.pending
    if _takes_topic(talk):
        return True
    if pending is None:
        return False
    no = talk.heard.has("deny") or cues.says("opens_no", talk.heard.text)
    asks = cues.says("question", talk.text) and not (talk.heard.has("affirm") and talk.heard.sure)
    yes = (talk.heard.has("affirm") or cues.says("opens_yes", talk.text)) and not (no or asks)
    if pending.kind == "anything_else" and cues.says("as_usual", talk.text) and existing.stays(talk):
        return True
    if pending.kind == "anything_else" and pending.numbers and cues.says("undo", talk.text):
        return existing.undo_cancel(talk, pending)
    if pending.kind == "anything_else" and talk.memory.dropped and cues.says("undo", talk.text):
        return _takes_up_again(talk)
    if pending.kind == "anything_else" and existing.withdraws_the_last(talk):
        return True
    if pending.kind == "who_comes":
        return _answer_who_comes(talk, pending, answered=yes or no or cues.says("any", talk.text))
    if pending.kind == "offer_person" and cues.says("has_it_looked_up", talk.text):
        return _answer_person(talk, wanted=True)
    if pending.kind == "offer_person" and _leaves_it(talk):
        return _answer_person(talk, wanted=False)
    unsure = not talk.requests() or not talk.heard.sure
    one = len(pending.items) == 1 and pending.kind in BOOKED_FROM
    if one and unsure and not pending.guessed and _books(talk):
        talk.memory.pending, talk.understood = None, True
        request.take_up(talk, pending.items[0], pending.said)
        return True
    if pending.kind == "offer_person" and (yes or no) and not talk.requests():
        return _answer_person(talk, wanted=yes)
    if pending.kind == "offer_items":
        return _answer_items(talk, pending, yes=yes, no=no)
    if pending.kind == "none_open" and cues.says("insists", talk.text):
        return existing.offer_to_ask(talk)
    if pending.kind in ("anything_else", "none_open", "complaint") and not talk.requests():
        return _answer_anything_else(talk, yes=yes, no=no)
    return False


def _leaves_it(talk: Talk) -> bool:
    """«哦», «行，知道了»; of an order that stands also «那行吧»: it was heard, and nobody is asked for."""
    if cues.says("heard_it", talk.text):
        return True
    leaves = cues.says("leaves_it", talk.text)
    return leaves and (bool(talk.memory.orders) or cues.says("knows_now", talk.text))


def _takes_topic(talk: Talk) -> bool:
    """«那约一个吧», «给办一个», «我想申请», a turn or two after a question about it: that is what is wanted."""
    topic, pending = talk.memory.topic, talk.pending
    if talk.form is not None or not topic or (pending is not None and pending.kind not in TOPICAL):
        return False
    takes = any(cues.says(cue, talk.text) for cue in TAKES_IT)  # «那给我申请上么» only sounds like a question
    if not takes and (not _names_its_day(talk) or cues.says("question", talk.text)):
        return False
    if cues.items_mentioned(talk.text) - {topic} or (talk.requests() and _names_its_thing(talk)):
        return False
    said = pending.said if pending and pending.said else talk.memory.topic_said
    talk.memory.pending, talk.memory.topic, talk.understood = None, None, True
    request.take_up(talk, topic, said)
    if said and talk.form is not None and cues.says("asks_anything", said):
        talk.form.wishes = [one for one in talk.form.wishes if one not in said]  # a question is no wish
    return True


def _names_its_thing(talk: Talk) -> bool:
    """Whether the sentence says itself what is wanted; «行，给我订一个» only sounds like a meal."""
    return talk.heard.sure and (bool(talk.slots("detail")) or not cues.says("takes_it", talk.text))


def _names_its_day(talk: Talk) -> bool:
    """«那约周六上午», «行吧，明天来»."""
    agrees = cues.says("opens_yes", talk.text) or cues.says("book", talk.text)
    return bool(talk.slots("time")) and agrees


def _answer_who_comes(talk: Talk, pending: Pending, *, answered: bool) -> bool:
    """A woman, a man, or it does not matter."""
    if notes.is_wish(talk):
        return person.pass_on(talk, pending.numbers[0])
    if not answered or talk.requests():
        return False
    ask.anything_else(talk)
    talk.understood = True
    return True


def _takes_up_again(talk: Talk) -> bool:
    """«那算了» … «不是，还是订吧»."""
    memory = talk.memory
    if memory.dropped is not None:
        memory.forms.append(memory.dropped)
        forms.fill(talk, memory.dropped)
    memory.pending, memory.dropped, talk.understood = None, None, True
    return True


def _books(talk: Talk) -> bool:
    """«不问了，给我约个后天下午的»: what was asked about is wanted."""
    return bool(talk.slots("time")) or cues.says("book", talk.text) or cues.says("come_and_do", talk.text)


def _answer_person(talk: Talk, *, wanted: bool) -> bool:
    talk.understood = True
    talk.memory.pending = None
    if wanted:
        person.hand_off(talk, why="accepted_offer", phrase="person.coming")
    elif talk.form is None:
        talk.memory.pending = Pending(kind="anything_else")
        talk.ask(None, "person.declined")
    return True


def _answer_items(talk: Talk, pending: Pending, *, yes: bool, no: bool) -> bool:
    """Which of the offered items: by number, by name, by a new request, or yes when only one was offered."""
    index = cues.ordinal(talk.text)
    item = next((item for item in talk.requests() if item in pending.items), None)
    paper = pending.items[0] if len(pending.items) == 1 and talk.are_papers(pending.items) else None
    if item is None and paper and request.tells_how_they_live(talk, paper):
        item = paper
    if item is None and index is not None and index < len(pending.items):
        item = pending.items[index]
    elif item is None and yes and len(pending.items) == 1:
        item = pending.items[0]
    elif item is None:
        shorts = {talk.rules.catalogue[code].short: code for code in pending.items}
        mentioned = [code for code in pending.items if code in cues.items_mentioned(talk.text) and not no]
        item = shorts.get(talk.text) or (mentioned[0] if len(mentioned) == 1 else None)
    if item is None and not no and cues.says("has_it_done", talk.text):
        named = set(pending.items) & cues.items_mentioned(pending.said or "")
        likely = pending.items if len(pending.items) == 1 else sorted(named)
        item = likely[0] if len(likely) == 1 else None  # «那我走不动，送来吧»
    if item is None and no and (instead := talk.other_item(pending.items)):
        item = instead
    if item is None and not no and not talk.requests() and _tells_more(talk):
        if pending.guessed and not _goes_along(talk, pending):
            return ask.offer_one(talk, pending.items[0], said=f"{pending.said}{MARKS[0]}{talk.text}")
        item = pending.items[0]
    if item is None and no and not talk.requests():
        talk.memory.pending = None
        talk.understood = True
        if talk.form is None:
            talk.say("help" if pending.guessed or len(pending.items) > 1 else "considers")
        return True
    if item is None:
        return False
    talk.memory.pending = None
    talk.understood = True
    request.take_up(talk, item, pending.said)
    if pending.guessed and pending.said and talk.form is not None and not talk.form.wishes:
        notes.note(talk.form, pending.said)  # what it was guessed from is read back in their own words
    return True


def _goes_along(talk: Talk, pending: Pending) -> bool:
    """«您是想家里维修，对吗？» – «今天», «长城花园3号楼»: when or where, as if it had been a yes to what was named in full."""
    named = len(pending.said or "") >= TELLS_IT
    return named and talk.heard.names() == ("inform",) and bool(talk.slots("time") or talk.slots("place"))


def _tells_more(talk: Talk) -> bool:
    """«您是想陪看病，对吗？» – «我爸在中卫»: who goes on about it means it, unless it was no more than the usual offer."""
    if talk.memory.misses or any(talk.heard.has(name) for name in ABOUT_ORDERS):
        return False
    told = talk.heard.has("inform") or talk.slots("beneficiary") or talk.slots("place") or talk.slots("time")
    return bool(told) and not cues.says("question", talk.text)


def _answer_anything_else(talk: Talk, *, yes: bool, no: bool) -> bool:
    short = cues.says("opens_no", talk.text) and len(talk.text) <= SHORT_NO
    no = no and (talk.likely("deny") or short) and not talk.slots("time")
    no = no and not (cues.says("question", talk.text) and not talk.heard.has("deny"))
    placed = talk.pending is not None and talk.pending.kind == "anything_else"
    if placed and cues.says("more_to_come", talk.text):
        talk.say("greet.listening")
        talk.understood = True
        return True
    if placed and (amend.asks_what_is_wrong(talk) or amend.remark(talk)):
        return True
    if placed and not talk.requests() and cues.says("comes_back", talk.text):
        talk.say("considers")
        talk.understood = True
        return True
    leaves = talk.likely("goodbye") and _takes_leave(talk)
    done = (
        no
        or leaves
        or (talk.likely("thanks") and cues.says("gives_thanks", talk.text))
        or cues.says("no_more_only", talk.text)
    )
    if done:
        talk.memory.pending = None
        talk.say("nothing_else")
        talk.understood = talk.ended = True
        return True
    if yes and talk.heard.has("affirm"):
        talk.memory.pending = None
        talk.say("greet.again")
        talk.understood = True
        return True
    return False


def courtesy(talk: Talk) -> bool:
    """Courtesies; a request under way is taken up again right after."""
    heard, memory = talk.heard, talk.memory

    def means(name: str) -> bool:
        said = name != "thanks" or cues.says("gives_thanks", talk.text)
        return said and talk.likely(name) and not (talk.form and notes.is_wish(talk))

    if cues.says("wrong_number", talk.text) and talk.form is None and not talk.requests():
        talk.say("wrong_number")
        talk.ended = True
    elif cues.says("asks_who", talk.text) and not talk.requests():
        _aside(talk, "who_we_are")
    elif cues.says("suspects", talk.text) and not talk.requests():
        _aside(talk, "no_fraud_on" if talk.form else "no_fraud")
    elif cues.says("asks_who_runs", talk.text) and not talk.requests():
        _aside(talk, "who_runs_it_on" if talk.form else "who_runs_it")
    elif talk.form is None and (cues.says("preamble", talk.text) or _only_a_sound(talk)):
        talk.say("greet.listening")
    elif heard.has("affirm") and talk.form is None and talk.pending is None and memory.orders:
        ask.anything_else(talk)  # «行吧» to how things stand
    elif _praises(talk):
        talk.tell_staff(TaskKind.HANDOFF, "praise", why="note")
        _aside(talk, "praised")
        named = cues.items_mentioned(talk.text) & set(talk.rules.catalogue)
        memory.topic = named.pop() if len(named) == 1 else memory.topic
        if cues.says("same_worker", talk.text):
            memory.diets.append(talk.text)  # goes with what is ordered next
    elif cues.says("asks_clock", talk.text):
        day, clock = phrasing.calendar(talk.turn.now, talk.words())
        _aside(talk, "clock", day=day, clock=clock)
    elif talk.form and cues.says("considers", talk.text) and not talk.slots("time"):
        _lets_go(talk, talk.form)
    elif cues.says("insults", talk.text) and not talk.requests():
        _aside(talk, "insulted")
    elif cues.says("small_talk", talk.text) and not talk.requests():
        _aside(talk, "small_talk")
    elif talk.form and cues.says("hurries", talk.text) and not talk.requests():
        notes.note(talk.form, talk.text)
        talk.say("hurried")
    elif (
        talk.form
        and any(cues.says(cue, talk.text) for cue in ("can_you", "come_and_do", "visit_wanted"))
        and not talk.requests()
    ):
        talk.say("we_can")
    elif talk.form and not talk.requests() and policy.asked_on_the_way(talk):
        pass
    elif (
        memory.topic and talk.form is None and cues.says("asks_what_it_is", talk.text) and not talk.requests()
    ):
        policy.offer_person(talk)
    elif (means("help") and not (talk.form and cues.says("refuse", talk.text))) or _lost_for_words(talk):
        talk.ask(None, "help", choices=ask.choices_for(talk, Asks.WHICH_ITEM))
    elif means("greet"):
        greet(talk)
    elif means("goodbye") and _takes_leave(talk):
        if _nearly_placed(talk):
            talk.say("confirm.not_yet")  # who says it again may go
        else:
            talk.say("goodbye")
            talk.ended = True
    elif means("thanks"):
        talk.say("thanks")
        if talk.form is None and memory.orders:
            talk.ended = True
    else:
        return False
    talk.understood = True
    return talk.ended


def _lost_for_words(talk: Talk) -> bool:
    return talk.form is None and not talk.requests() and cues.says("lost_for_words", talk.text)


def _praises(talk: Talk) -> bool:
    """«送饭的娃太好了», «上回来打扫的小王挺好，还让他来»."""
    praised = cues.says("praise", talk.text) or cues.says("well_done", talk.text)
    wants = bool(talk.requests()) and (talk.heard.sure or talk.form is not None)
    wants |= talk.form is not None and notes.is_wish(talk)
    return praised and not wants and not cues.says("bad_service", talk.text)


def _nearly_placed(talk: Talk) -> bool:
    """«再见» to a read-back, as if all was settled; whoever hangs up for a reason calls again."""
    asked = talk.form is not None and talk.memory.asking == Asks.CONFIRM
    said = set(talk.phrase("confirm.not_yet")) <= set(talk.memory.said)
    return asked and not said and not cues.says("hangs_up", talk.text)


def _takes_leave(talk: Talk) -> bool:
    """A goodbye ends the talk. «嗯，网断了», «我先用盆冲着呢» only sound like one, the more so while something is arranged."""
    if talk.form is not None and cues.says("enough", talk.text):
        return False  # «就这样吧» to the question for a number
    if cues.says("takes_leave", talk.text):
        return True
    sure = any(one.label == "goodbye" and one.confidence >= SURE_GOODBYE for one in talk.heard.labels)
    return talk.form is None and sure and talk.memory.turns > 1 and not cues.says("tells_a_lack", talk.text)


# What deserves a kind word or a first advice before it is arranged: the sign, and the service it goes with.
KIND_WORDS = (
    ("mourns", "pension_insurance"),
    ("mourns", "senior_allowance"),
    ("mourns", "two_subsidies"),
    ("hungry", "meal"),
    ("floods", "emergency_repair"),
)


def kind_word(talk: Talk) -> bool:
    """«我爷走了，丧葬费咋领», «饿了两天了», «水管爆了»: said once, when it is first spoken of. «想问个事» asks us to listen."""
    if talk.form is None and cues.says("preamble", talk.text):
        talk.say("greet.listening")
        talk.understood = True
        return True
    if talk.form is None and talk.heard.has("cancel_order") and cues.says("mourns", talk.text):
        talk.say("kind.mourns")
    for cue, item in KIND_WORDS:
        spoken_of = {*talk.requests(), *cues.items_mentioned(talk.text)}
        if talk.form is None and item in spoken_of and cues.says(cue, talk.text):
            talk.say(f"kind.{cue}")
    return False


def _aside(talk: Talk, key: str, **values: str) -> None:
    """Answer something that has nothing to do with what is being arranged."""
    talk.say(key, **values)
    talk.happened.append(ASIDE)


def _only_a_sound(talk: Talk) -> bool:
    """«嗯» when nothing was asked: they are still listening, or thinking what to say."""
    return talk.pending is None and not talk.heard.has("greet") and cues.says("mere_sound", talk.text)


def greet(talk: Talk) -> None:
    """Say who we are, by name to somebody we know; once a conversation."""
    elder = talk.world.caller.elder
    if talk.memory.turns > 1:
        if talk.form is None:
            talk.say("greet.again")
    elif elder:
        talk.say("greet.known", name=elder.name)
    else:
        talk.say("greet.first")
