"""For whom it is: relation words, names, oneself; and who is only mentioned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from nlu.slots.names import NameSpan, bare_name, led_names, name_at, titled_names, words
from nlu.slots.roles import is_given, is_only_beside, is_plain, is_wanting, role_of
from nlu.slots.wanted import ASKED as ASKED_LOGIT
from nlu.slots.wanted import Candidate, logit, tag_vote
from nlu.slots.words import alternation, filled, mapped
from nlu.understanding import Expecting, Person, TaggedSpan

SELF = "self"
NEAR = 14  # characters behind a person that tell whether they are served or only mentioned
MOST = 40  # people of one sentence that are looked at
CERTAIN = 3.0  # added to the logit of a name that was announced («我叫…»)
SURE = 1.0  # logit from which somebody else counts beside the best one
PART = re.compile(r"[^\s，。！？；、,.!?;:：（）()]+")
ASKED = (Expecting.BENEFICIARY, Expecting.NAME)
OWN = "我俺咱额"  # begin whose relative somebody is, said by whoever speaks
NO_KIN = ("elder", "other")
HARDLY = -1.0  # logit down to which somebody counts who says in so many words that they want it


@dataclass(frozen=True, slots=True)
class PersonSpan:
    """Somebody the sentence speaks of. `score` says how much they look like the one who is served."""

    start: int
    end: int
    person: Person
    score: float = 0.0
    led_from: int = -1  # where the words that announce a name begin


@lru_cache(maxsize=1)
def relation_of_word() -> dict[str, str]:
    """Word without owner -> relation code."""
    relations = words()["relations"]
    loose = mapped({code: relation.get("loose", ()) for code, relation in relations.items()})
    return loose | mapped({code: relation["words"] for code, relation in relations.items()})


@lru_cache(maxsize=1)
def _loose() -> frozenset[str]:
    return frozenset(
        str(word) for relation in words()["relations"].values() for word in relation.get("loose", ())
    )


@dataclass(frozen=True, slots=True)
class _Patterns:
    kin: re.Pattern[str]
    mentioned: re.Pattern[str]
    together: re.Pattern[str]
    self_said: re.Pattern[str]
    self_answer: re.Pattern[str]
    self_given: re.Pattern[str]
    self_instead: re.Pattern[str]
    not_self: re.Pattern[str]
    negated: re.Pattern[str]
    in_general: re.Pattern[str]
    in_need: re.Pattern[str]
    home_before: re.Pattern[str]
    home_after: re.Pattern[str]
    contact_before: re.Pattern[str]
    contact_after: re.Pattern[str]


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    lexicon = words()
    fillings = {
        "owners": alternation(lexicon["owners"]),
        "kin": alternation(relation_of_word()),
        "describing": alternation(lexicon["describing"]),
        "self_strong": alternation(lexicon["self_strong"]),
    }
    names = ("kin", "self_answer", "self_given", "self_instead", "not_self")
    kin, answer, given, instead, not_self = (
        re.compile(filled(lexicon["shapes"][name], fillings)) for name in names
    )
    return _Patterns(
        kin,
        re.compile(lexicon["mentioned_after"]),
        re.compile(f"^{alternation(lexicon['together'])}$"),
        re.compile(alternation(lexicon["self_words"])),
        answer,
        given,
        instead,
        not_self,
        re.compile(lexicon["negated_before"]),
        re.compile(lexicon["in_general"]),
        re.compile(alternation(lexicon["in_need"])),
        re.compile(lexicon["home_before"]),
        re.compile(lexicon["home_after"]),
        re.compile(lexicon["contact_before"]),
        re.compile(lexicon["contact_after"]),
    )


def find_people(
    text: str,
    *,
    expecting: Expecting | None = None,
    spans: Sequence[TaggedSpan] = (),
    tagged: bool = False,
    context: str | None = None,
) -> list[PersonSpan]:
    """Those who are to be served, in order. Several only when the sentence asks for several.

    `context` is the sentence before other slots were blanked out in `text`.
    """
    asked = expecting in ASKED
    if asked and (span := _myself(text)):
        return [span]
    whole = context or text
    everyone = [
        span
        for span in _everyone(text, expecting)
        if not _denied(span, text) and not is_mentioned(whole, span.start, span.end)
    ]
    answering = expecting is not None
    scored = [_scored(span, text, whole, answering, spans, tagged) for span in everyone]
    likely = [span for span in scored if span.score > 0 or _given(span, text) or _surely_wants(span, whole)]
    chosen = _chosen(likely, whole, SURE + ASKED_LOGIT * asked)
    return chosen if chosen or asked else _strong_self(text)


def name_on_a_form(
    text: str, told: Sequence[tuple[int, int]], taken: Sequence[tuple[int, int]]
) -> NameSpan | None:
    """A name that stands alone beside an address or a number, as on a form: «…文萃小区3-2-101，李秀珍，139…».

    `told`: where addresses and numbers stand; `taken`: where anything stands that is no such name.
    """
    parts = list(PART.finditer(text))
    for number, part in enumerate(parts):
        if name_at(part[0], 0) != part[0] or _patterns().kin.match(part[0]):
            continue
        beside = parts[max(0, number - 1) : number] + parts[number + 1 : number + 2]
        close = any(start < other.end() and other.start() < end for other in beside for start, end in told)
        busy = any(start < part.end() and part.start() < end for start, end in (*told, *taken))
        if close and not busy:
            return NameSpan(part.start(), part.end(), part[0], part.start())
    return None


def find_in_need(text: str) -> list[PersonSpan]:
    """Of whom an alarm speaks that names nobody served: «孙子把枣核卡住了», «娃掉河里了». Nobody who is only away."""
    away = _patterns().mentioned
    known = [span for span in _everyone(text, None) if not _denied(span, text)]
    strange = [
        PersonSpan(match.start(), match.end(), Person(match.group(), "other"))
        for match in _patterns().in_need.finditer(text)
    ]
    for span in (*known, *strange):
        if not away.match(text[span.end : span.end + NEAR]):
            return [replace(span, person=replace(span.person, text=text[span.start : span.end]))]
    return []


def read_person(said: str) -> Person:
    """The relation or name in the words that somebody else found."""
    for span in (*_named(said, Expecting.BENEFICIARY), *_kin(said, asked=True)):
        return replace(span.person, text=said)
    return Person(said, SELF if _myself(said) else None)


def possible(text: str) -> list[Candidate]:
    """Everybody the sentence speaks of."""
    return [_candidate(span, text) for span in _everyone(text, None)]


def _candidate(span: PersonSpan, text: str) -> Candidate:
    served = is_given(text, span.start)
    away = _patterns().mentioned.match(text[span.end : span.end + NEAR]) is not None
    sort = "named" if span.person.name else (span.person.relation or "")
    return Candidate("beneficiary", span.start, span.end, f"{sort}{'+' * served}{'-' * away}")


def _everyone(text: str, expecting: Expecting | None) -> list[PersonSpan]:
    named = _named(text, expecting)
    kin = [span for span in _kin(text, expecting in ASKED) if not any(_overlap(span, name) for name in named)]
    if expecting in ASKED and not named and len(kin) == 1 and (name := bare_name(text[kin[0].end :])):
        start = kin[0].end + name.start
        named = [PersonSpan(start, start + len(name.name), Person("", None, name.name), CERTAIN, kin[0].end)]
    if expecting in ASKED and len(kin) == 1 and (whole := _name_before(text, kin[0])):
        named, kin = [whole], []
    named, kin = _introduced(named, kin)
    return sorted((*named, *kin), key=lambda span: span.start)[:MOST]


def _name_before(text: str, kin: PersonSpan) -> PersonSpan | None:
    """«马占福，我爸», «杨生福是我爸»: the name, with who that is behind it."""
    before = text[: kin.start].rstrip("是,，、 ")
    name = bare_name(before)
    if name is None or name.end != len(before):
        return None
    person = Person("", kin.person.relation, name.name)
    return PersonSpan(name.start, name.end, person, CERTAIN)


def is_contact(text: str, start: int, end: int) -> bool:
    """Whether whoever stands there is only to be rung up: «打我老伴电话»."""
    patterns = _patterns()
    left, right = text[max(0, start - 4) : start], text[end : end + NEAR]
    return bool(
        patterns.contact_after.match(right)
        or (patterns.contact_before.search(left) and not right.startswith("的"))
    )


def is_mentioned(text: str, start: int, end: int) -> bool:
    """Whether whoever stands there is only spoken of: dead, looking after another, to be rung up, at home somewhere, …"""
    role = role_of(text, start, end)
    known = role is not None and not is_only_beside(role)
    return known or is_contact(text, start, end) or _is_home(text, start, end)


def _denied(span: PersonSpan, text: str) -> bool:
    """«不是我妈，是我爸»: said not to be meant."""
    return bool(_patterns().negated.search(text[max(0, span.start - 4) : span.start]))


def _is_home(text: str, start: int, end: int) -> bool:
    """«那个是我儿子家»: only their home is spoken of."""
    patterns = _patterns()
    left, right = text[max(0, start - 4) : start], text[end : end + NEAR]
    return bool(patterns.home_before.search(left) and patterns.home_after.match(right))


def _introduced(named: list[PersonSpan], kin: list[PersonSpan]) -> tuple[list[PersonSpan], list[PersonSpan]]:
    """«我父亲叫王占山» is one person: the name, with the relation of the words before it."""
    joined = []
    for name in named:
        before = next((span for span in kin if span.start <= name.led_from <= span.end + 1), None)
        if before:
            kin = [span for span in kin if span is not before]
            name = replace(name, person=replace(name.person, relation=before.person.relation))
        joined.append(name)
    return joined, kin


# --- who is spoken of ------------------------------------------------------------------------------------------


def _kin(text: str, asked: bool) -> list[PersonSpan]:
    """Relation words with their owners; loose ones only with an owner, or when a person was asked for."""
    found = []
    for match in _patterns().kin.finditer(text):
        word, owner = match["word"], match["owner"]
        if word in _loose() and not owner and not (asked and len(text) <= len(word) + 4):
            if not is_given(text, match.start()):
                continue
            if len(word) > 1 and match["that"]:
                continue
        if _called(text, match.start(), match.end()) and not asked:
            continue
        if (
            relation_of_word()[word] == "elder"
            and not owner
            and _patterns().in_general.match(text, match.end())
        ):
            continue
        if not _may_follow(word, text, match.end()):
            continue
        relation = relation_of_word()[word]
        if owner in words()["child_owners"]:
            relation = _by_way_of("child", relation)
        found.append(PersonSpan(match.start(), match.end(), Person(match.group(), relation)))
    return _by_way(found, text)


def _may_follow(word: str, text: str, end: int) -> bool:
    """Whether what stands behind the word lets it be a person: «我屋里的要洗澡», not «我屋里的灯»."""
    behind = words()["only_before"].get(word)
    return behind is None or re.match(behind, text[end:]) is not None


def _by_way(people: Sequence[PersonSpan], text: str) -> list[PersonSpan]:
    """«我对象他妈», «我爸的妈妈»: one person, called by way of another."""
    found: list[PersonSpan] = []
    for span in people:
        if found and _is_theirs(found[-1], span, text):
            first = found.pop()
            relation = _by_way_of(first.person.relation or "", span.person.relation or "")
            said = text[first.start : span.end]
            span = PersonSpan(first.start, span.end, Person(said, relation))
        found.append(span)
    return found


def _is_theirs(first: PersonSpan, then: PersonSpan, text: str) -> bool:
    """Whether the second is named as a relative of the first: behind 的, as «他妈», or bare where that is usual."""
    relation, next_one = first.person.relation, then.person.relation
    link, said = text[first.end : then.start], text[then.start : then.end]
    if next_one in (*NO_KIN, "neighbour", "friend") or relation in NO_KIN:
        return False
    own = said.startswith(("他", "她"))
    if re.fullmatch(words()["links_of_kin"], link):
        return own or said[0] not in OWN
    alone = words()["by_way_of_alone"]
    bare = relation in alone["by"] and next_one in alone["who"] and said[0] not in OWN
    return not link and (own or bare)


def _by_way_of(first: str, then: str) -> str:
    """What the relative of a relative is to whoever speaks."""
    return str(words()["by_way_of"].get(first, {}).get(then, "other"))


def _called(text: str, start: int, end: int) -> bool:
    """«姑娘，…», «…，大姐»: somebody is addressed, not spoken of."""
    alone_left = start == 0 or text[start - 1] in "，。,！!？?、 "
    alone_right = end == len(text) or text[end] in "，。,！!？?、 "
    vocative = relation_of_word().get(text[start:end]) in (
        "daughter",
        "child",
        "sibling",
        "aunt",
        "uncle",
        "son",
    )
    return alone_left and alone_right and vocative and len(text) > end - start + 3


def _named(text: str, expecting: Expecting | None) -> list[PersonSpan]:
    found = [_person_of(name) for name in led_names(text)]
    for name in titled_names(text):
        span = _person_of(name)
        if not any(_overlap(span, other) for other in found):
            found.append(span)
    if expecting in ASKED and not found and (alone := bare_name(text)):
        found.append(_person_of(alone))
    return found


def _person_of(name: NameSpan) -> PersonSpan:
    score, led_from = (CERTAIN, name.led_from) if name.certain else (0.0, -1)
    return PersonSpan(name.start, name.end, Person("", name.relation, name.name or None), score, led_from)


def _overlap(one: PersonSpan, other: PersonSpan | TaggedSpan) -> bool:
    return one.start < other.end and other.start < one.end


# --- who is served ---------------------------------------------------------------------------------------------


def _scored(
    span: PersonSpan, text: str, context: str, asked: bool, spans: Sequence[TaggedSpan], tagged: bool
) -> PersonSpan:
    """Above zero: looks like the one who is served."""
    candidate = _candidate(span, text)
    score = span.score + logit(context, candidate) + tag_vote(candidate, spans, tagged)
    score += ASKED_LOGIT if asked else 0.0
    return PersonSpan(span.start, span.end, replace(span.person, text=text[span.start : span.end]), score)


def _chosen(people: list[PersonSpan], text: str, sure: float) -> list[PersonSpan]:
    """The best one, and others that are as well served: joined by «和», or each with its own «给».

    Where something is plainly for somebody («给我爸…», «我爸要…»), nobody else is served but who is named together with them.
    """
    people = [span for span in people if not _is_beside(span, text)] or people
    people = _without_stand_ins(people, text)
    people = _plainly_served(people, text) or people
    if not people:
        return []
    best = max(span.score for span in people)
    first = next(span for span in people if span.score == best)
    kept = [first]
    for span in people:
        if span is first or any(_same(span, other) for other in kept):
            continue
        gap = text[first.end : span.start] if span.start > first.end else text[span.end : first.start]
        each_given = _given(first, text) and _given(span, text)
        if (
            _is_together(gap)
            or _in_one_breath(first, span, text)
            or each_given
            or _is_plain(span, text)
            or span.score >= min(best, sure)
        ):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def _plainly_served(people: Sequence[PersonSpan], text: str) -> list[PersonSpan]:
    """Those for whom something is plainly wanted, and whoever is named in one breath with them."""
    served = [_is_plain(span, text) for span in people]
    order = [*range(1, len(people)), *reversed(range(1, len(people)))]
    for at in order:
        if _in_one_breath(people[at - 1], people[at], text):
            served[at - 1] = served[at] = served[at - 1] or served[at]
    return [span for span, plain in zip(people, served, strict=True) if plain]


def _without_stand_ins(people: list[PersonSpan], text: str) -> list[PersonSpan]:
    """«给我妈办，老人走不动»: «老人» is who is named besides, and no second person."""
    kinds = [span.person.relation in words()["stand_in"] and not _is_owned(span, text) for span in people]
    return (
        people
        if all(kinds)
        else [span for span, stands_in in zip(people, kinds, strict=True) if not stands_in]
    )


def _is_owned(span: PersonSpan, text: str) -> bool:
    """Whether it is said whose relative they are, what they are called, or that they are meant together with somebody."""
    said = text[span.start : span.end]
    owned = said not in relation_of_word() or span.person.name is not None
    return owned or _is_together(text[max(0, span.start - 1) : span.start])


def _is_plain(span: PersonSpan, text: str) -> bool:
    return is_plain(text, span.start, span.end)


def _is_beside(span: PersonSpan, text: str) -> bool:
    return is_only_beside(role_of(text, span.start, span.end))


def _surely_wants(span: PersonSpan, text: str) -> bool:
    """«孙子要理发»: they want it in so many words, and nothing speaks much against it."""
    return span.score > HARDLY and is_wanting(text, span.start, span.end)


def is_couple(one: Person, other: Person) -> bool:
    """Whether they are married, as far as their relations to the caller tell: mother and father."""
    return {one.relation, other.relation} in [set(couple) for couple in words()["couples"]]


def _in_one_breath(first: PersonSpan, then: PersonSpan, text: str) -> bool:
    """«我爸和我妈», «我爸我妈», «爷爷奶奶», and no «我孩子他爸»."""
    first, then = sorted((first, then), key=lambda span: span.start)
    gap = text[first.end : then.start]
    both = text[first.start] in OWN and text[then.start] in OWN
    both |= is_couple(first.person, then.person)
    return _is_together(gap) or (not gap and both and first.end == then.start)


def _is_together(gap: str) -> bool:
    return _patterns().together.match(gap) is not None


def _given(span: PersonSpan, text: str) -> bool:
    """«给我妈…»: what is asked for is for this person."""
    return is_given(text, span.start)


def _same(one: PersonSpan, other: PersonSpan) -> bool:
    return is_same(one.person, other.person)


def is_same(one: Person, other: Person) -> bool:
    """Whether both words name the same person, or the one is among those whom the other names («爸妈», «我妈»)."""
    if one.name or other.name:
        return one.name == other.name
    among = words()["members"].get(other.relation or "", ())
    return one.relation == other.relation or one.relation in among


def _myself(text: str) -> PersonSpan | None:
    """The answer «我自己», «给我», «就我»: nothing about anybody else."""
    patterns = _patterns()
    match = patterns.self_said.search(text)
    if not match or len(text) > match.end() - match.start() + 6 or led_names(text):
        return None
    if patterns.kin.search(text) or patterns.not_self.match(text[match.end() :]):
        return None
    said = patterns.self_answer.search(text, match.start())
    start, end = said.span("self") if said else match.span()
    return PersonSpan(start, end, Person(text[start:end], SELF), CERTAIN)


def _strong_self(text: str) -> list[PersonSpan]:
    """«给我自己办», «不是我妈，是给我»: said even though it goes without saying."""
    match = _patterns().self_given.search(text) or _patterns().self_instead.search(text)
    return [PersonSpan(*match.span("self"), Person(match["self"], SELF), CERTAIN)] if match else []
