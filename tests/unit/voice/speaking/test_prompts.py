from pathlib import Path

import pytest

from config.catalogue import load_catalogue
from config.outbound import load_outbound_rules
from config.turn_taking import load_turn_rules
from config.wording import load_wording, sentences
from voice.speaking import fragments, prompts
from voice.speaking.cache import PromptCache
from voice.speaking.figures import speaking_rules
from voice.speaking.ship import MOST_BYTES, not_shipped
from voice.speaking.speaking import SpeakingOptions, prompt_cache
from voice.speaking.weights import DEFAULT_SPEAKER, shipped_prompts
from voice.speaking.words import to_words

MOST_MISSING = 0.05  # of the texts


@pytest.fixture
def shipped(tmp_path: Path) -> PromptCache:
    """What a machine has on which nothing was rendered."""
    return prompt_cache(SpeakingOptions(prompts=tmp_path))


def test_every_fixed_sentence_of_the_line_is_rendered_ahead() -> None:
    wording = load_wording()
    for key in wording.keys():  # noqa: SIM118 (no mapping)
        try:
            said = wording.say(key, "spoken")
        except KeyError:  # it has places
            continue
        for sentence in said:
            assert all(part.pieces for part in _plan(sentence)), (key, sentence)


def test_every_item_can_be_ordered_with_sound_at_once() -> None:
    for item in load_catalogue().values():
        for sentence in (
            f"给您母亲安排{item.say}，后天下午三点半。",
            f"明天中午十二点的{item.say}，安排好了。",
            f"再说{item.say}的事。",
        ):
            assert all(part.pieces for part in _plan(sentence)), sentence


def test_every_answer_begins_with_sound_that_is_there() -> None:
    """Names, places and lists are rendered while the beginning is heard. Details are read back, never said first."""
    said = {
        "name": "马秀英", "what": "送餐", "who": "给您", "list": "送餐和打扫", "place": "长城花园三号楼", "digits": "138",
        "when": "明天中午十二点", "department": "民政局", "choice": "送餐", "told": "值班的人", "details": "一份",
        "phone": "139 0951 0001", "weekday": "星期二", "source": "宁夏的规定", "relation": "女儿",
        "code": "1234", "elder": "马秀英",
        "rhythm": "每星期一次", "first": "送餐", "them": "她", "count": "三", "clock": "下午三点", "day": "明天",
    }  # fmt: skip
    wording = load_wording()
    late = []
    for key in set(wording.keys()) - {"confirm.details"}:
        first = wording.say(key, "spoken", **said)[0]
        if not _plan(first)[0].pieces:
            late.append((key, first))
    assert not late


def test_what_the_telephone_says_by_itself_is_rendered_ahead() -> None:
    rules = load_turn_rules()
    texts = [text for key, text in rules.says.items() if key != "by_key"]
    texts += [
        rules.says["by_key"].format(label=word, key=key) for key, word in enumerate(rules.keys.yes_no, 1)
    ]
    for kind in load_outbound_rules().kinds.values():
        texts += [kind.offer, kind.closing, *(question.text for question in kind.questions)]
    for sentence in (one for text in texts for one in sentences(text)):
        assert all(part.pieces for part in _plan(sentence)), sentence


def test_phone_numbers_and_dates_are_put_together() -> None:
    for sentence in ("电话是159 2640 7783。", "十二月三十一号星期四上午十点。", "前面是138 0012，我记下了。"):
        assert all(part.pieces for part in _plan(sentence)), sentence


def test_an_address_has_a_fixed_beginning() -> None:
    lead, live = _plan("地址是长城花园三号楼。")
    assert lead.pieces == ("地址是~",)
    assert live.live == "长城花园三号楼。"


def test_greeting_and_danger_are_rendered_first() -> None:
    first = prompts.scripts()[: len(prompts.first_scripts())]
    assert first == prompts.first_scripts()
    assert len(first) < len(prompts.scripts()) / 5
    said = [f"greet.{key}" for key in ("first", "again", "listening")]
    said += [key for key in load_wording().keys() if key.startswith("emergency.")]  # noqa: SIM118 (no mapping)
    rendered = {piece for script in first for piece in fragments.pieces(script)}
    for key in said:
        for sentence in load_wording().say(key, "spoken", told="值班的人", them="她"):
            parts = fragments.plan(to_words(sentence), rendered.__contains__)
            assert all(part.pieces for part in parts), sentence


def test_what_every_call_begins_with_and_danger_come_with_the_project(shipped: PromptCache) -> None:
    missing = not_shipped(shipped, prompts.first_scripts())
    assert not missing, f"run `make prompts`: {missing}"


def test_most_of_the_wording_comes_with_the_project(shipped: PromptCache) -> None:
    """Whoever edits wording need not render it: a part may be missing, and is rendered where it is used."""
    missing, of = not_shipped(shipped, prompts.scripts()), len(prompts.scripts())
    assert len(missing) <= MOST_MISSING * of, (
        f"run `make prompts`: {len(missing)} of {of} are missing: {missing[:20]}"
    )


def test_what_comes_with_the_project_stays_small() -> None:
    assert shipped_prompts(DEFAULT_SPEAKER).stat().st_size <= MOST_BYTES


def test_most_of_an_address_is_rendered_ahead() -> None:
    lead, *live, tail = _plan("地址是金凤区北京中路88号长城花园3号楼2单元501室。")
    assert lead.pieces == ("地址是~", "~金凤区~")
    assert [part.live for part in live] == ["北京中路、", "八十八号长城花园、"]
    assert tail.pieces[:2] == ("~三号楼~", "~二单元~")
    assert all(part.pieces for part in _plan("地址是金凤区三队18号。"))


def test_scripts_hold_spoken_words_only() -> None:
    for script in prompts.scripts():
        assert not any(sign.isascii() and sign != fragments.CUT for sign in script), script
        assert all(piece.strip(fragments.RUNS_ON + "，。？") for piece in fragments.pieces(script)), script


def test_every_place_of_the_sentences_rendered_ahead_has_words() -> None:
    for line in speaking_rules()["ahead"]:
        assert set(prompts._places(line)) <= set(prompts._values())


def _plan(sentence: str) -> list[fragments.Part]:
    return fragments.plan(to_words(sentence), prompts.pieces().__contains__)
