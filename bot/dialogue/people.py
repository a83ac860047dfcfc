"""Whom a request is for and what they are called, as the sentence tells it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue import cues, notes, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.told_names import (
    CONTACT,
    NOBODY,
    SELF,
    THEM,
    Told,
    bare_names,
    elder_named,
    name_at_the_end,
    name_in_answer,
    names_in_answer,
    names_told,
    stays,
    whole_of,
)
from bot.dialogue.turn import Asks
from config.lexicon import load
from nlu.slots.names import USUAL_LENGTH, is_surname
from nlu.slots.person import possible, read_person
from nlu.slots.roles import is_plain
from nlu.understanding import Person, Slot

PARENTS = ("mother", "father")  # relations whose name a child tells with its own: «我是李秀英的女儿»
MARRIED = {"spouse", "wife", "husband"}  # what one and the same person is called
MEANT_BY = ("corrects", "replace", "together")  # cues of sentences in which a relative is meant
NAMED_BESIDE = (Asks.PLACE, Asks.TIME, Asks.PHONE)  # asked when a name may be told with the answer
LED_BY = 4  # characters beside the name by which somebody is to be called («叫我马老师就行»)
# Categories of items that nobody needs any more when they have died; papers and benefits do go on.
SERVES_LIVING = ("pub", "home", "care")
LONGEST_NAME = 16  # characters
LONGEST_LATIN_NAME = 40
LONGEST_HAN_NAME = 4


def take_person(talk: Talk, form: Form, slot: Slot) -> bool:
    asked = talk.memory.asking
    person = slot.resolved if isinstance(slot.resolved, Person) else None
    before = talk.heard.text[: slot.start]
    if notes.owns_phone(talk, slot) and not whom.is_mere_name(slot):
        return False  # «打我女儿的电话»
    if person and not person.name and cues.says("i_am", before):
        return False  # «我是她孙女»
    if form.beneficiary and person and not person.name and cues.says("only_there", before):
        return False  # «我家有病人», «从前都是我老伴扫»
    if form.beneficiary not in (None, "self") and _is_mere_name(talk, slot):
        return False  # «帮我妈预约，姓名：于秀琴»
    if _is_name_in_answer(talk, form, slot):
        form.name = slot.text
        return True  # «兴庆区银古小区2-4-101 于秀琴 139…», to the place
    if form.beneficiary not in (None, "self") and cues.says("mere_person", slot.text):
        return False  # «老人冻着呢» is who was named before
    if person and person.relation in whom.NOT_KIN and _is_next_door(talk, slot):
        return False  # «对门王婶有钥匙»
    if form.beneficiary and cues.says("lives_with", talk.heard.text) and not talk.requests():
        return False  # «跟我爸住一起»
    if form.beneficiary and _is_one_of(form, slot):
        return False  # «婆婆吃素», when the meal is for her and him
    if form.beneficiary and person and _is_only_mentioned(talk, form, slot, person):
        return False  # «我爸说不用», beside the question
    behind = talk.heard.text[slot.end :]
    if form.beneficiary and cues.says("comes_or_goes", behind):
        return False  # «明天我闺女来，后天吧»
    if form.beneficiary and person and not person.name and notes.tells_of_them(behind):
        return False  # «婆婆吃素», to the read-back
    if cues.says("has_died", behind):
        if talk.rules.catalogue[form.item].category not in SERVES_LIVING:
            notes.note(
                form, cues.clause(talk.heard.text, slot.start)
            )  # «我老伴上个月走了», for the funeral grant
        return False
    if whom.is_anothers_name(form, slot, talk.slots("beneficiary"), own=cues.says("my_name", before)):
        return False  # «我妈叫陈淑珍，我叫李娜»
    if (
        asked == Asks.NAME
        and person
        and person.relation in whom.NOT_KIN[1:]
        and not _is_called_so(talk, slot)
    ):
        return False  # «邻居李婶有钥匙», «我一个老汉，女的不方便»
    if person and person.name and _is_of_contact(talk, slot.start):
        return False  # «打我弟的13909512233，他叫于强»
    if asked == Asks.NAME and person and _is_anothers(form, person):
        return False  # «我姐叫刘敏»
    if asked == Asks.NAME and person and (person.name or person.relation in whom.NOT_KIN):
        form.name = person.name or slot.text
        if cues.says("of_both", form.beneficiary or "") and cues.says("of_both", talk.text):
            form.name = cues.core(talk.text)  # «丁学礼和马玉英»
        return True
    if person and person.name and cues.says("my_name", before):
        talk.memory.tell("self", name=person.name)
        if form.beneficiary in (None, "self"):
            form.name = person.name
        return True
    if person and person.name and form.beneficiary == "self" and cues.says("of_them", before):
        return False  # «打我闺女的电话，她叫李红»
    if person and person.name and form.beneficiary and cues.says("their_name", before):
        both = form.name and form.name in before and cues.says("of_both", form.beneficiary)
        form.name = f"{form.name}、{person.name}" if both else person.name
        return True
    if asked == Asks.NAME and person and person.relation == "self" and not cues.says("serves", before):
        return False
    name = form.name
    settled = whom.settle(form, slot, talk.world.caller)
    if settled and form.name is None and stays(talk.text):
        form.name = name  # «不是我妈，是我婆婆，名字对的»
    return settled


def _is_anothers(form: Form, person: Person) -> bool:
    """Whether the name is that of a relative for whom nothing is asked."""
    if person.name is None or person.relation in whom.NOT_KIN or form.relation in whom.NOT_KIN:
        return False
    ours = {person.relation, form.relation}
    return len(ours) == 2 and "self" not in ours and not ours <= MARRIED and form.relation != "parents"


def _is_of_contact(talk: Talk, at: int) -> bool:
    """Whether a number was told right before, so that the name is of whoever is rung up."""
    behind = (talk.heard.text[slot.end : at] for slot in talk.slots("phone") if slot.end <= at)
    return any(len(gap) <= LED_BY + 1 for gap in behind)


def _is_mere_name(talk: Talk, slot: Slot) -> bool:
    """Whether the name of somebody spoken of is told here, and nobody else."""
    return any(told.whose == NOBODY and told.name == slot.text for told in names_told(talk.heard.text))


def _is_name_in_answer(talk: Talk, form: Form, slot: Slot) -> bool:
    """Whether a name stands beside the answer to another question: that of whom it is for, and nobody else."""
    if talk.memory.asking not in NAMED_BESIDE or talk.requests() or form.elder_id is not None:
        return False
    known = isinstance(slot.resolved, Person) and whom.find(slot.resolved, talk.world.caller).elder
    before = talk.heard.text[: slot.start]
    return (
        whom.is_mere_name(slot)
        and not known
        and not any(cues.says(cue, before) for cue in ("serves", "is_not"))
    )


def _is_next_door(talk: Talk, slot: Slot) -> bool:
    """Whether the neighbours are spoken of, and nothing is wanted for them."""
    text = talk.heard.text
    has_it = cues.says("has_key", text[slot.end :]) or cues.says("key_at", text[: slot.start])
    return has_it and not cues.says("serves", text[: slot.start])


def _is_called_so(talk: Talk, slot: Slot) -> bool:
    """Whether a word for somebody holds a surname («马老师», «老马»), is the whole answer, and so may stand for the name."""
    beside = len(talk.heard.text) - len(slot.text)
    return beside <= LED_BY and len(slot.text) > 1 and any(map(is_surname, slot.text[:2]))


def _is_only_mentioned(talk: Talk, form: Form, slot: Slot, person: Person) -> bool:
    """Whether something else was asked, and this relative is spoken of without anything being wanted for them."""
    text = talk.heard.text
    if (
        talk.memory.asking in (None, Asks.BENEFICIARY)
        or talk.requests()
        or person.name
        or person.relation in whom.NOT_KIN
    ):
        return False
    if cues.says("serves", text[: slot.start]) or any(cues.says(cue, text) for cue in MEANT_BY):
        return False
    if form.beneficiary == "self" and talk.slots("place"):
        return False  # «我妈在光华小区5号楼»
    if form.beneficiary == "self" and not form.name and cues.says("does_it", text[slot.end :]):
        return False  # «我妈洗»
    if form.beneficiary == "self" and not form.name and cues.says("is_theirs", text[slot.end :]):
        return False  # «我妈家», «我奶奶88», when nobody was named before
    return not cues.says("nothing_more", text[: slot.start] + text[slot.end :])


def _is_one_of(form: Form, slot: Slot) -> bool:
    """Whether it is for several people, and this is one of them."""
    word = slot.text.removeprefix("我")
    person = slot.resolved if isinstance(slot.resolved, Person) else None
    several = cues.says("of_both", form.beneficiary or "")
    return several and word in (form.beneficiary or "") and not (person and person.name)


def take_name(talk: Talk, form: Form) -> bool:
    """«名字错了，是马桂珍» to the read-back."""
    if form.elder_id is not None:
        return False
    corrected = whom.corrected_name(form, talk.text)
    if not corrected and not cues.says("name_word", talk.text):
        return False
    name = corrected or cues.core(cues.before("pause_in_speech", cues.after("name_word", talk.text)))
    if not whom.is_a_name(name) or name == form.name:
        return False
    form.name = name
    return True


def may_be_a_name(text: str) -> bool:
    """Names of all peoples, but no sentence («她是糖尿病，不能吃甜的»), no region and no mere marks."""
    if cues.says("no_name_at_all", text):
        return False
    if text.isascii():
        return 2 <= len(text) <= LONGEST_LATIN_NAME
    return 2 <= len(text) <= LONGEST_NAME and not (
        len(text) > LONGEST_HAN_NAME and cues.says("sentence", text)
    )


def take_told_names(talk: Talk, form: Form) -> bool:
    """Take the name that the sentence tells of the person served: «我妈马秀英», «我叫刘洋，她叫于秀琴», «姓刘名芳»,
    «我是李秀英的女儿». Names of others are kept for their requests. True when the name changed."""
    asked = talk.memory.asking == Asks.NAME
    told = [one for one in names_told(talk.heard.text, asked=asked) if not _tells_of_contact(talk, one)]
    if asked and form.beneficiary not in (None, "self") and told and all(one.whose == SELF for one in told):
        told += [Told(NOBODY, name) for name in bare_names(talk.heard.text)[:1]]  # «尹建平，我叫尹芳»
    others = {one.beneficiary for one in talk.memory.forms if one is not form}
    told = [one for one in told if one.whose != NOBODY or one.name not in others]
    for one in told:
        _keep_for_others(talk, form, one)
    if form.elder_id is not None:
        return False
    before = form.name, form.beneficiary
    if asked and form.beneficiary == "self" and (relatives := [one for one in told if one.word]):
        if len(told) == 1:  # «刘建国 我老伴»
            form.beneficiary, form.relation, form.name = relatives[0].word, relatives[0].whose, told[0].name
        return (form.name, form.beneficiary) != before
    by_name_only = form.beneficiary == "self" and any(one.word and one.name == form.name for one in told)
    if (form.beneficiary is None or by_name_only) and (relative := _only_relative(talk, told)):
        whom.settle(form, relative, talk.world.caller)  # «我是马丽，我妈叫于秀琴，明天上午打扫»
    if form.beneficiary is None and talk.requests() and (elder := elder_of(talk.heard.text)):
        whom.settle(form, elder, talk.world.caller)  # «村里老人王有福要理发»
    _take_relation(form, told)
    theirs = [one.name for one in told if _is_theirs(form, one)]
    named = [one.name for one in told if one.whose == NOBODY]
    if named and form.beneficiary == "self":
        theirs = named  # «于秀琴，女，82，联系人王芳»
    if not theirs and form.beneficiary in (None, "self") and form.name is None:
        theirs = [one.name for one in told if one.whose == CONTACT]
    if asked and not told and _are_several(form):
        theirs = names_in_answer(talk.text)
    elif asked and not told:
        theirs = _names_of_each(talk, form)
    if theirs:
        form.name = "、".join(dict.fromkeys(theirs)) if _are_several(form) else theirs[0]
    elif (not told and (name := _name_alone(talk, form))) or (name := _whole_name(talk, form)):
        form.name = name
    elif form.name is None and form.relation in PARENTS:
        form.name = cues.child_of(talk.text)
    return (form.name, form.beneficiary) != before


def _names_of_each(talk: Talk, form: Form) -> list[str]:
    """«温建国，陈桂兰», where the same was asked for two people: the first is of whom it is asked, the others are kept."""
    waiting = [one for one in talk.memory.forms if one is not form and one.item == form.item and not one.name]
    others = list(dict.fromkeys(one.beneficiary for one in waiting if one.beneficiary != form.beneficiary))
    names = names_in_answer(talk.text)
    if not names or len(names) != 1 + len(others):
        return []
    for other, name in zip(others, names[1:], strict=True):
        talk.memory.tell(str(other), name=name)
    return names[:1]


def _only_relative(talk: Talk, told: Sequence[Told]) -> Slot | None:
    """The one relative of those who are looked after whose name is told beside a request that names nobody else, or who is
    said to be served («给我妈，叫马秀英»)."""
    always = load("relations")["looked_after"]["always"]
    relatives = [one for one in told if one.word]
    if len(relatives) != 1 or relatives[0].whose not in always:
        return None
    if not talk.requests() and not cues.says("for_somebody", talk.heard.text.split(relatives[0].word)[0]):
        return None
    return None if cues.says("for_me", talk.text) else _slot(talk.heard.text, relatives[0].word)


def call_by_relation(form: Form, text: str) -> None:
    """«我妈叫于秀琴»: she is spoken of as «我妈», and not by her name."""
    _take_relation(form, names_told(text))


def _take_relation(form: Form, told: Sequence[Told]) -> None:
    if named := next((one for one in told if one.word and one.name == form.beneficiary), None):
        form.beneficiary, form.relation = named.word, named.whose  # «我妈叫于秀琴，明天上午打扫»


def who_wants(text: str) -> Slot | None:
    """The only one who is said to want something («孙子要理发»)."""
    wanting = {text[one.start : one.end] for one in possible(text) if is_plain(text, one.start, one.end)}
    if not wanting:
        return elder_of(text)
    return _slot(text, wanting.pop()) if len(wanting) == 1 else None


def elder_of(text: str) -> Slot | None:
    """The elder who is told by name: «村里老人王有福要理发»."""
    name = elder_named(text)
    if name is None:
        return None
    start = text.find(name)
    return Slot("beneficiary", name, start, start + len(name), name, Person(name, "elder", name))


def _slot(text: str, word: str) -> Slot:
    start = text.find(word)
    return Slot("beneficiary", word, start, start + len(word), word, read_person(word))


def _name_behind_place(talk: Talk) -> str | None:
    """«银古小区2-4-101于秀琴»."""
    end = max((slot.end for slot in talk.slots("place")), default=len(talk.heard.text))
    rest = talk.heard.text[end:]
    return rest if len(rest) == USUAL_LENGTH and whom.is_a_name(rest) else None


def _whole_name(talk: Talk, form: Form) -> str | None:
    """«单名一个芳», when only the surname was told before."""
    return whole_of(form.name, talk.text) if form.name and is_surname(form.name) else None


def _tells_of_contact(talk: Talk, told: Told) -> bool:
    """«打我弟的13909512233，他叫于强»."""
    return told.whose == THEM and _is_of_contact(talk, talk.heard.text.find(told.name))


def _name_alone(talk: Talk, form: Form) -> str | None:
    """A name beside which nobody is named: behind a request, or as the answer."""
    if form.name is None and talk.requests() and (name := name_at_the_end(talk.heard.text)):
        return name
    if form.name is None and talk.memory.asking == Asks.PLACE and (name := _name_behind_place(talk)):
        return name
    return name_in_answer(talk.text) if talk.memory.asking == Asks.NAME else None


def _is_theirs(form: Form, told: Told) -> bool:
    """Whether this is the name of the person, or one of the people, whom the request is for."""
    if told.whose == SELF:
        return form.beneficiary == "self" or cues.says("me_and", form.beneficiary or "")
    if told.whose in (THEM, NOBODY):
        return form.beneficiary not in (None, "self") or (told.whose == NOBODY and form.name is None)
    if form.relation == "parents":
        return told.whose in PARENTS
    if _are_several(form):
        return told.word[-1] in (form.beneficiary or "")
    return told.whose == form.relation or {told.whose, form.relation} <= MARRIED


def _are_several(form: Form) -> bool:
    return form.relation == "parents" or cues.says("of_both", form.beneficiary or "")


def _keep_for_others(talk: Talk, form: Form, told: Told) -> None:
    """Nobody is asked for a name that was told while another request was talked about."""
    if told.whose == SELF:
        talk.memory.tell("self", name=told.name)
    elif told.word:
        talk.memory.tell(told.word, name=told.name)
        for other in talk.memory.forms:
            if other is not form and other.beneficiary and _is_theirs(other, told):
                talk.memory.tell(other.beneficiary, name=told.name)
    elif told.whose == THEM and form.beneficiary == "self":
        others = {one.beneficiary for one in talk.memory.forms if one.beneficiary not in (None, "self")}
        if len(others) == 1:
            talk.memory.tell(str(others.pop()), name=told.name)
