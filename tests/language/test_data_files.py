"""Gates on the sentences: nothing twice, nothing leaked, nothing unbalanced, no label stealing another's sentences."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from config.catalogue import load_catalogue
from nlu.answers import bare_answer, strip_marks
from nlu.data_files import DATA_FOLDER, Example, read_folder
from nlu.speech import even
from nlu.train import all_labels, check_labels
from nlu.understanding import SLOTS, TALK_LABELS, Expecting

HERE = Path(__file__).parent
LEAST_ITEM = 80
LEAST_TALK = 40
MOST_SHARE = 0.09  # of all sentences, that one label may have
SHORT = 7  # characters; what is shorter is said by everybody the same way, so it may stand on both sides
NEAR = 0.82  # overlap of character pairs from which two sentences count as one


@pytest.fixture(scope="module")
def training() -> list[Example]:
    return read_folder(DATA_FOLDER)


@pytest.fixture(scope="module")
def validation() -> list[Example]:
    return [one for folder in sorted(HERE.glob("validation*")) for one in read_folder(folder)]


def pairs(text: str) -> frozenset[str]:
    bare = strip_marks(text)
    return frozenset(bare[place : place + 2] for place in range(len(bare) - 1))


def test_every_label_is_known(training: list[Example], validation: list[Example]) -> None:
    check_labels([*training, *validation], all_labels())


def test_every_slot_and_question_is_known(training: list[Example], validation: list[Example]) -> None:
    assert {span.slot for example in [*training, *validation] for span in example.spans} <= set(SLOTS)
    assert {example.expecting for example in [*training, *validation]} <= {None, *map(str, Expecting)}


def test_no_training_sentence_stands_twice_for_one_label(training: list[Example]) -> None:
    counted = Counter((strip_marks(example.text), example.labels) for example in training)
    assert [text for text, count in counted.items() if count > 1 and len(text[0]) >= SHORT] == []


def test_no_label_steals_the_sentence_of_another(training: list[Example]) -> None:
    meanings: dict[str, set[frozenset[str]]] = defaultdict(set)
    for example in training:
        asks = even(example.text).endswith("?")
        meanings[strip_marks(example.text) + "?" * asks].add(frozenset(example.labels))
    assert {text: found for text, found in meanings.items() if len(found) > 1} == {}


def test_training_and_validation_share_no_sentence(
    training: list[Example], validation: list[Example]
) -> None:
    known = {strip_marks(example.text) for example in training}
    leaked = [
        e.text for e in validation if len(strip_marks(e.text)) >= SHORT and strip_marks(e.text) in known
    ]
    assert leaked == []


def test_training_and_validation_share_no_nearly_equal_sentence(
    training: list[Example], validation: list[Example]
) -> None:
    holders: dict[str, list[int]] = defaultdict(list)
    grams = [pairs(example.text) for example in training]
    for place, found in enumerate(grams):
        for pair in found:
            holders[pair].append(place)
    near: list[tuple[str, str]] = []
    for example in validation:
        mine = pairs(example.text)
        if len(strip_marks(example.text)) < 10:
            continue
        shared = Counter(place for pair in mine for place in holders.get(pair, ()))
        for place, count in shared.most_common(3):
            if count / len(mine | grams[place]) >= NEAR:
                near.append((example.text, training[place].text))
    assert near == []


@pytest.mark.parametrize("label", all_labels())
def test_every_label_has_enough_sentences(label: str, training: list[Example]) -> None:
    least = LEAST_TALK if label in TALK_LABELS else LEAST_ITEM
    assert sum(label in example.labels for example in training) >= least


def test_no_label_outweighs_the_others(training: list[Example]) -> None:
    counted = Counter(label for example in training for label in example.labels)
    assert {label: count for label, count in counted.items() if count > MOST_SHARE * len(training)} == {}
    items = [counted[item.code] for item in load_catalogue().official()]
    assert max(items) <= 2 * min(items)


def test_every_item_is_said_in_several_manners(training: list[Example]) -> None:
    styles: dict[str, set[str]] = defaultdict(set)
    for example in training:
        for label in example.labels:
            styles[label].add(example.style)
    assert {item.code for item in load_catalogue().official() if len(styles[item.code]) < 5} == set()


def test_spans_stand_where_they_say(training: list[Example], validation: list[Example]) -> None:
    for example in [*training, *validation]:
        for span in example.spans:
            assert example.text[span.start : span.end] == span.text


def test_bare_answers_do_not_contradict_the_sentences(
    training: list[Example], validation: list[Example]
) -> None:
    wrong = [
        (example.text, example.labels, found)
        for example in [*training, *validation]
        if (found := bare_answer(example.text)) is not None and found not in example.labels
    ]
    assert wrong == []


def test_validation_is_large_enough(validation: list[Example]) -> None:
    assert len(validation) >= 600
    assert {label for example in validation for label in example.labels} == set(all_labels())
