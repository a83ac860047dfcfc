"""Whom a request is for and what they are called, as the sentence tells it."""

from __future__ import annotations

from bot.dialogue import cues, notes, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.told_names import NOBODY, SELF, THEM, Told, name_at_the_end, name_in_answer, names_told
from bot.dialogue.turn import Asks
from nlu.slots.names import is_surname
from nlu.understanding import Person, Slot

PARENTS = ("mother", "father")  # relations whose name a child tells with its own: «我是李秀英的女儿»
MARRIED = {"spouse", "wife", "husband"}  # what one and the same person is called
MEANT_BY = ("corrects", "replace", "together")  # cues of sentences in which a relative is meant
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
    if asked == Asks.NAME and person and person.relation == "self":
        return False
    return whom.settle(form, slot, talk.world.caller)


def _is_mere_name(talk: Talk, slot: Slot) -> bool:
    """Whether the name of somebody spoken of is told here, and nobody else."""
    return any(told.whose == NOBODY and told.name == slot.text for told in names_told(talk.heard.text))


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
    told = names_told(talk.heard.text, asked=asked)
    for one in told:
        _keep_for_others(talk, form, one)
    if form.elder_id is not None:
        return False
    before = form.name, form.beneficiary
    if asked and form.beneficiary == "self" and (relatives := [one for one in told if one.word]):
        if len(told) == 1:  # «刘建国 我老伴»
            form.beneficiary, form.relation, form.name = relatives[0].word, relatives[0].whose, told[0].name
        return (form.name, form.beneficiary) != before
    if named := next((one for one in told if one.word and one.name == form.beneficiary), None):
        form.beneficiary, form.relation = named.word, named.whose  # «我妈叫于秀琴，明天上午打扫»
    theirs = [one.name for one in told if _is_theirs(form, one)]
    if theirs:
        form.name = "、".join(dict.fromkeys(theirs)) if _are_several(form) else theirs[0]
    elif not told and (name := _name_alone(talk, form)):
        form.name = name
    elif form.name is None and form.relation in PARENTS:
        form.name = cues.child_of(talk.text)
    return (form.name, form.beneficiary) != before


def _name_alone(talk: Talk, form: Form) -> str | None:
    """A name beside which nobody is named: behind a request, or as the answer."""
    if form.name is None and talk.requests() and (name := name_at_the_end(talk.heard.text)):
        return name
    return name_in_answer(talk.text) if talk.memory.asking == Asks.NAME else None


def _is_theirs(form: Form, told: Told) -> bool:
    """Whether this is the name of the person, or one of the people, whom the request is for."""
    if told.whose == SELF:
        return form.beneficiary == "self"
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
    elif told.whose == THEM and form.beneficiary == "self":
        others = {one.beneficiary for one in talk.memory.forms if one.beneficiary not in (None, "self")}
        if len(others) == 1:
            talk.memory.tell(str(others.pop()), name=told.name)
