"""Understanding of one sentence: rules where they must, engines for the rest, slots and danger beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from nlu.answers import ASKED, matter
from nlu.bare import settled
from nlu.clauses import (
    MARKS,
    clauses,
    is_bare,
    is_joined,
    listed,
    one_after_another,
    services_named,
)
from nlu.contacts import LEAST_LEFT, Wish, wish_of
from nlu.danger import find_danger, speaks_against
from nlu.decide import ANSWERED, Weights, choose, is_sure, may_be_several, mix, ranked, sigmoid
from nlu.engines.encoder import EncoderModel
from nlu.engines.mending import mended
from nlu.engines.ngrams import Floats, NgramModel
from nlu.engines.tokens import Vocabulary
from nlu.meant import (
    asked_not_wanted,
    beside_what_is_had,
    is_ailment,
    no_mere_visit,
    rules_not_wanted,
    told_not_wanted,
)
from nlu.slots import ANY_MOMENT, find_slots
from nlu.slots.person import possible as possible_people
from nlu.slots.phone import with_a_whole_number
from nlu.slots.place_answer import says_only
from nlu.slots.time import possible, time_value
from nlu.speech import cut, even
from nlu.understanding import (
    TALK_LABELS,
    Danger,
    Expecting,
    Parser,
    ScoredLabel,
    Slot,
    Understanding,
    WantedTime,
)

MODEL_FOLDER = Path(__file__).parent / "model"
# How much the recogniser's best reading and its next ones count.
READINGS = (0.6, 0.25, 0.15)
# How much the sentence counts as it was written, beside what is left when the misheard is set right.
AS_WRITTEN = 0.4
ANSWER = "inform"
DAY = len("2026-11-24")
SURE_WITHOUT_OPENING = 0.75
# What is left of «喂！谁接的！» without its opening tells less than the whole.
MAY_BE_THE_OPENING = frozenset(
    {ANSWER, "greet", "goodbye", "thanks", "human", "help", "out_of_scope", "affirm", "deny", "care_visit"}
)
ESCORT, UNSURE = "medical_escort", 0.05  # so far below «sure» that it is asked about
# What is left beside what somebody has is believed when it is so sure by itself, and in the whole not out of the question.
SURE_BESIDE, HINTED = 0.6, 0.02
EACH_SURE, BESIDE_ANSWER = 0.85, 0.6  # the same of parts with a time each: none was made worse
LISTED_SURE = 0.5  # each part of a list that names a service must be so sure by itself
ONE_MORE_SURE = 0.7  # of 16,000 sentences one was made worse by what «还要» adds at this confidence


class NuanxianParser:
    """Our own engine behind the `Parser` interface: n-grams first, the encoder when these are not sure."""

    def __init__(self, ngrams: NgramModel, encoder: EncoderModel | None, weights: Weights) -> None:
        self.ngrams = ngrams
        self.encoder = encoder
        self.weights = weights
        self.labels = ngrams.labels
        self.requests = frozenset(self.labels).difference(TALK_LABELS) | {ANSWER}

    def parse(
        self,
        text: str,
        *,
        expecting: Expecting | None = None,
        alternatives: tuple[str, ...] = (),
        now: datetime,
    ) -> Understanding:
        text = cut(text)
        if expecting is Expecting.PHONE:
            text = with_a_whole_number(text, alternatives)
        if (known := settled(text, expecting=expecting, now=now)) is not None:
            return known
        meant = mended(text)
        wish, logits, tags = self._wish(meant, expecting)
        if meant != text:
            logits = (1 - AS_WRITTEN) * logits + AS_WRITTEN * self._wish(text, expecting)[1]
        wanted = wish.text if wish else meant
        if wish:
            tags = _spread(tags, wish.places, len(text))
        if alternatives:
            further = alternatives[: len(READINGS) - 1]
            others = [self._read(mended(cut(other)), expecting) for other in further]
            counts = np.array(READINGS[: 1 + len(others)], np.float32)
            logits = (counts / counts.sum()) @ np.stack([logits, *others])
        chances = sigmoid(logits)
        danger = find_danger(text, emergency_confidence=float(chances[self.labels.index("emergency")]))
        ranking = ranked(chances, self.labels)
        if danger is None:
            chances = self._without_a_mere_guess(text, chances)
        joined = is_joined(wanted)
        several = may_be_several(chances, self.labels, self.weights, joined=joined)
        parts = self._said_in_parts(wanted, danger) if several else {}
        chosen = choose(chances, self.labels, self.weights, danger, parts, joined=joined)
        if danger is None and expecting is None and chosen[0].label in self.requests:
            chosen = self._and_one_more(wanted, chosen)
        if expecting not in ASKED and (told := told_not_wanted(meant, chosen, expecting)):
            chosen = ranking = (told,)
        if expecting is None:
            chosen = rules_not_wanted(meant, asked_not_wanted(meant, chosen))
            chosen = no_mere_visit(meant, chosen)
        names = [item.label for item in chosen]
        slots = find_slots(text, now=now, expecting=expecting, labels=names, encoder=tags)
        asked = expecting if expecting in (Expecting.PLACE, Expecting.TIME) and danger is None else None
        if asked is not None and says_only(asked, text, slots):
            chosen = (ScoredLabel(ANSWER, max(chosen[0].confidence, self.weights.ask_back)),)
        if len(chosen) > 1:
            slots = self._attached(text, slots, names, wish)
        sure = chosen[0].confidence >= self.weights.ask_back
        return Understanding(text, chosen, ranking, slots, danger, sure)

    def _wish(self, text: str, expecting: Expecting | None) -> tuple[Wish | None, Floats, Floats | None]:
        """What is wished apart from what is only told around it (None: the whole), and how it is read."""
        wish = wish_of(text) if expecting not in ANSWERED else None
        logits, tags = self._look(wish.text if wish else text, expecting)
        if wish and self.labels[int(logits.argmax())] in MAY_BE_THE_OPENING:
            wish = None  # «18995017768，这个是我微信同号» wishes for nothing
            logits, tags = self._look(text, expecting)
        if expecting is None and (wished := self._beside_what_is_had(wish.text if wish else text, logits)):
            rest, (logits, tags) = wished
            places = tuple(wish.places[place] for place in rest.places) if wish else rest.places
            wish = Wish(rest.text, places)
        return wish, logits, tags

    def _without_a_mere_guess(self, text: str, chances: Floats) -> Floats:
        """The chances without that of an emergency which the detector does not see, where something speaks against it.

        Who is a little ill and wants nothing in particular is asked about somebody to go along to the doctor.
        """
        alarm = self.labels.index("emergency")
        if chances[alarm] < self.weights.emergency_alone or not speaks_against(text):
            return chances
        chances = chances.copy()
        chances[alarm] = 0.0
        if is_ailment(mended(text)) and chances.max() < self.weights.ask_back:
            chances[self.labels.index(ESCORT)] = self.weights.ask_back - UNSURE
        return chances

    def _beside_what_is_had(
        self, text: str, logits: Floats
    ) -> tuple[Wish, tuple[Floats, Floats | None]] | None:
        """What is wished beside what somebody has («我有残疾证，想洗澡»), and how it is read; None where nothing is."""
        places = beside_what_is_had(text)
        if len(places) == len(text):
            return None
        rest = Wish("".join(text[place] for place in places), places)
        if len(rest.text.strip(MARKS)) < LEAST_LEFT:
            return None
        looked = self._look(rest.text, None)
        best, whole = int(looked[0].argmax()), sigmoid(logits)
        is_wish = self.labels[best] not in MAY_BE_THE_OPENING - {"care_visit"}
        sure = float(sigmoid(looked[0])[best]) >= SURE_BESIDE and whole[best] >= HINTED
        return (rest, looked) if is_wish and sure else None

    def _read(self, text: str, expecting: Expecting | None) -> Floats:
        """Logits of the labels."""
        return self._look(text, expecting)[0]

    def _look(self, said: str, expecting: Expecting | None) -> tuple[Floats, Floats | None]:
        """Logits of the labels, and what the encoder takes each letter for where it was asked."""
        start, end = (0, len(said)) if expecting in ASKED else matter(said)
        if end - start < len(said):
            logits, tags = self._score(said[start:end], expecting)
            best = self.labels[int(logits.argmax())]
            if best not in MAY_BE_THE_OPENING or float(sigmoid(logits).max()) >= SURE_WITHOUT_OPENING:
                return logits, _spread(tags, range(start, end), len(said))
        return self._score(said, expecting)

    def _score(self, text: str, expecting: Expecting | None) -> tuple[Floats, Floats | None]:
        fast = self.ngrams.score(text)
        if expecting in ANSWERED:
            fast[self.labels.index("inform")] += self.weights.answer_bonus
        if self.encoder is None:
            return mix(np.zeros_like(fast), fast, self.weights), None
        if expecting is None and is_sure(fast, self.weights):
            return fast, None
        logits, tags = self.encoder.read(text, expecting=expecting)
        return mix(logits, fast, self.weights), tags

    def _said_in_parts(self, text: str, danger: Danger | None = None) -> dict[str, float]:
        """The best labels of the parts of a sentence, each read by itself, with their confidence; those that tell of the
        danger aside."""
        parts = clauses(text)
        if len(parts) < 2:
            return {}
        said: dict[str, float] = {}
        for part in parts:
            if danger is not None and any(word in even(part.text) for word in danger.why):
                continue
            chances = sigmoid(self._read(part.text, None))
            label, chance = self.labels[int(chances.argmax())], float(chances.max())
            if chance >= self.weights.part_least:
                said[label] = max(chance, said.get(label, 0.0))
        return said

    def _and_one_more(self, text: str, chosen: tuple[ScoredLabel, ...]) -> tuple[ScoredLabel, ...]:
        """«我要取药，还要擦窗子»: what a word like «还要» adds to a request is a second one, however weak in the whole."""
        requests: dict[str, float] = {}
        added: dict[str, float] = {}
        announced = one_after_another(text)
        for said, leads in announced or _each_at_its_time(text):
            label, chance = self._asks_for(said, ONE_MORE_SURE if announced else EACH_SURE)
            if label is not None:
                if leads and set(requests) - {label}:
                    added |= requests | {label: chance}
                requests[label] = max(chance, requests.get(label, 0.0))
        added |= self._listed(text)
        known = {item.label: item.confidence for item in chosen}
        if not added.keys() - known.keys():
            return chosen
        added = {label: max(chance, known.get(label, 0.0)) for label, chance in added.items()}
        kept = [item for item in chosen if item.label != ANSWER and item.label not in added]
        return (*kept, *(ScoredLabel(label, chance) for label, chance in added.items()))

    def _listed(self, text: str) -> dict[str, float]:
        """The services of «理发、洗澡、打扫屋子»: bare parts in a row, of which the engines say the same as their words."""
        run: dict[str, float] = {}
        most: dict[str, float] = {}
        for part in listed(text):
            named = services_named(part.text) & self.requests
            if not named or not is_bare(_without_people_and_times(part.text)):
                run = {}
                continue
            label, chance = self._asks_for(part.text, LISTED_SURE)
            if label in named:
                run[label] = max(chance, run.get(label, 0.0))
            most = run if len(run) > len(most) else most
        return most if len(most) > 1 else {}

    def _asks_for(self, part: str, sure: float) -> tuple[str | None, float]:
        """The request that a part of a sentence makes by itself; a time with a bare «理发» sounds like an answer, too."""
        chances = sigmoid(self._read(part, None))
        best = self.labels[int(chances.argmax())]
        least = BESIDE_ANSWER if best == ANSWER else sure
        wanted = max(self.requests - {ANSWER}, key=lambda label: chances[self.labels.index(label)])
        chance = float(chances[self.labels.index(wanted)])
        return (wanted if best in (wanted, ANSWER) and chance >= least else None), chance

    def _attached(
        self, text: str, slots: tuple[Slot, ...], chosen: list[str], wish: Wish | None
    ) -> tuple[Slot, ...]:
        """With several requests, each slot goes to the request that its part of the sentence speaks of.

        What was set aside around the wish belongs to all of them.
        """
        slots = on_the_day_said_first(slots)
        if named := _owners_named(text, slots, chosen):
            return tuple(replace(slot, label=slot.label or named.get(slot.start)) for slot in slots)
        places = [self.labels.index(label) for label in chosen]
        parts = clauses(text)
        if len(parts) < 2:
            return slots
        scores = np.stack([self.ngrams.score(part.text)[places] for part in parts])
        owners = [chosen[int(place)] for place in (scores - scores.mean(axis=0)).argmax(axis=1)]

        def owner(slot: Slot) -> str | None:
            held = [
                owners[number] for number, part in enumerate(parts) if part.start <= slot.start < part.end
            ]
            set_aside = wish is not None and slot.start not in wish.places
            return held[0] if held and slot.slot != "beneficiary" and not set_aside else None

        return tuple(replace(slot, label=slot.label or owner(slot)) for slot in slots)


def _without_people_and_times(text: str) -> str:
    """The text with everybody and every time in it blanked out."""
    spans = [(one.start, one.end) for one in possible_people(text)]
    spans += [(one.start, one.end) for one in possible(text, ANY_MOMENT)]
    for start, end in spans:
        text = text[:start] + MARKS[0] * (end - start) + text[end:]
    return text


def _owners_named(text: str, slots: Sequence[Slot], chosen: Sequence[str]) -> dict[int, str]:
    """In a list of services, whose each slot is, by where it starts: that of the service named in its part, or else before.

    What stands alone behind them all («理发和洗澡，都明天上午») is nobody's in particular. Empty where there is no list.
    """
    parts = listed(text)
    named = [services_named(part.text) & set(chosen) for part in parts]
    if not parts or any(len(one) > 1 for one in named):
        return {}
    owners: dict[int, str] = {}
    alone: list[Slot] = []
    last: str | None = None
    for part, services in zip(parts, named, strict=True):
        last = next(iter(services), last)
        for slot in slots:
            if slot.slot == "beneficiary" or not part.start <= slot.start < part.end or last is None:
                continue
            if not services and slot.slot in ("time", "place"):
                alone.append(slot)
            if services or slot.slot == "time":
                owners[slot.start] = last
    times = [slot for slot in slots if slot.slot == "time"]
    if all(slot in alone for slot in times) and len(times) == 1:
        owners.pop(times[0].start)
    return owners


def on_the_day_said_first(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """«明天上午打扫卫生，下午理发»: the day said first holds for the rest, where none is said of it."""
    day: str | None = None
    result = []
    for slot in slots:
        said = slot.resolved
        if isinstance(said, WantedTime) and said.iso and not said.recurrence:
            if said.day_said:
                day = said.iso[:DAY]
            elif day is not None and "T" in said.iso:
                said = replace(said, iso=said.iso.replace(said.iso[:DAY], day))
                slot = replace(slot, resolved=said, value=time_value(said))
        result.append(slot)
    return tuple(result)


def _each_at_its_time(text: str) -> list[tuple[str, bool]]:
    """«明天中午送饭，后天上午理发»: the parts, where more than one names a time."""
    parts = clauses(text)
    if len(parts) < 2:
        return []
    timed = [part.text for part in parts if any(True for _ in possible(part.text, ANY_MOMENT))]
    return [(said, True) for said in timed] if len(timed) > 1 else []


def _spread(tags: Floats | None, places: Sequence[int], length: int) -> Floats | None:
    """Tags of a part as tags of the whole message; what was set aside has rows of zeros."""
    if tags is None:
        return None
    whole = np.zeros((length, tags.shape[1]), np.float32)
    whole[list(places)] = tags
    return whole


@lru_cache(maxsize=1)
def load_parser() -> Parser:
    """The parser on the committed model; loaded once a process."""
    return read_parser(MODEL_FOLDER)


def read_parser(folder: Path) -> NuanxianParser:
    """A parser on the model in `folder`; without an encoder there, the n-grams decide alone."""
    ngrams = NgramModel.load(folder / "ngrams.npz")
    encoder = None
    if (folder / "encoder.onnx").is_file():
        encoder = EncoderModel(folder / "encoder.onnx", Vocabulary.load(folder / "pieces.npz"), ngrams.labels)
    weights = Weights.load(folder / "decision.json") if (folder / "decision.json").is_file() else Weights()
    return NuanxianParser(ngrams, encoder, weights)
