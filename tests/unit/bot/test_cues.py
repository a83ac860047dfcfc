"""Small signs inside an answer."""

from __future__ import annotations

import pytest

from bot.dialogue import cues
from config.catalogue import load_catalogue
from config.lexicon import load


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("opens_yes", "对，再给我订个保洁"),
        ("opens_yes", "嗯，成，就这么着"),
        ("opens_yes", "能行"),
        ("opens_no", "不对，是后天"),
        ("opens_no", "莫有"),
        ("drop", "算了，不订了"),
        ("drop", "洗澡的不要了"),
        ("replace", "不要饭了，换成打扫"),
        ("replace", "还是打扫吧"),
        ("refuse", "电话不想留"),
        ("refuse", "这个不方便说"),
        ("unknown", "记不清了"),
        ("unknown", "还说不准"),
        ("any", "啥时候都行"),
        ("no_more_only", "没有了"),
        ("false_alarm", "没事了，起来了"),
        ("this_phone", "就这个号"),
        ("my_name", "我叫"),
        ("their_name", "名字叫"),
        ("move", "那个洗澡的我想换个日子"),
        ("undo", "哎，还是送吧"),
        ("book", "那给我约个后天的"),
        ("wish", "不要男的 要个女的"),
        ("wish", "女的就行"),
        ("wish", "多带个人来"),
        ("wish", "你们去的人耐心点"),
        ("wish", "盐少些"),
        ("wish", "不要打电话，发短信"),
        ("suspects", "你们不会是骗人的吧"),
        ("suspects", "你是哪里的 是不是骗子"),
        ("suspects", "你们是骗子吧"),
        ("asks_who_runs", "你们是政府的还是公司的"),
        ("asks_who_runs", "你们是哪个单位的"),
        ("asks_for_person", "我要跟人说话"),
        ("asks_for_person", "转人工"),
        ("asks_for_person", "换个人来"),
        ("too_dear", "太贵了吧"),
        ("too_dear", "能便宜点不"),
        ("how_to_order", "那个饭咋订呢"),
        ("man_or_woman", "来的是男的还是女的"),
        ("call_back", "你们啥时候给我回话"),
        ("call_back", "你们管不管"),
        ("tells_which", "就昨天打扫卫生的"),
        ("bad_service", "昨天送的饭是凉的"),
        ("praise", "昨天来的那个女娃好得很"),
        ("asks_to_wait", "等一下 我问一下我老伴"),
        ("asks_clock", "现在几点了"),
        ("come_and_do", "能不能叫人到家里帮他们弄"),
        ("come_and_do", "那你们来吧"),
        ("hurries", "急得很"),
        ("mourns", "我爷前天没了"),
        ("place_sign", "老电厂后头"),
        ("pauses", "这周五先停一天"),
        ("pauses", "后天那顿不要了"),
        ("pauses", "礼拜六礼拜天不用送"),
        ("resumes", "明天不停了 照送"),
        ("until", "换到15号为止"),
        ("wrong_person", "错了错了 是给我老伴理 不是我"),
        ("wrong_person", "不是我妈，是我婆婆"),
        ("another_home", "你们去我闺女那儿打扫"),
        ("how_many", "要两份 我老姐妹来了"),
        ("besides", "顺便把窗帘也洗了"),
        ("besides", "让他把窗子也擦了"),
        ("counts", "我一共订了几个"),
        ("counts", "都订了啥"),
        ("counts", "我刚才订的啥来着"),
        ("ordered_before", "我上周三给我妈订的助浴"),
        ("withdraws", "不租了，算了"),
        ("sooner", "早一点行不行"),
        ("more_to_come", "还有一个事"),
        ("is_wrong", "我订的打扫地址错了"),
        ("same_again", "我爸也要一次，后天"),
    ],
)
def test_a_sentence_carries_the_cue(cue: str, text: str) -> None:
    assert cues.says(cue, text)


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("opens_yes", "对门的王奶奶要订饭"),
        ("opens_yes", "好几天没吃饭了"),
        ("opens_yes", "行动不便"),
        ("drop", "明天上午"),
        ("refuse", "不想吃辣的"),
        ("any", "明天上午"),
        ("my_name", "给我妈"),
        ("wish", "我要女儿的地址"),
        ("wish", "买双男鞋"),
        ("who_comes", "要女式的衣服"),
        ("suspects", "你们昨天骗我说人来，结果没来"),
        ("asks_for_person", "多带个人来"),
        ("asks_for_person", "你是机器人吧"),
        ("too_dear", "上次收了我两百，太黑了"),
        ("how_to_order", "咋订了两份"),
        ("tells_which", "昨天那个再给我来一次"),
        ("praise", "干得不好"),
        ("bad_service", "昨天水管坏了"),
        ("asks_to_wait", "等等 改成后天"),
        ("asks_to_wait", "我看看病"),
        ("hurries", "不着急"),
        ("place_sign", "她一个人住"),
        ("small_talk", "家里太冷"),
        ("pauses", "明天不停了"),
        ("ordered_before", "跟上回订的一样，再来一次"),
        ("counts", "一共多少钱"),
        ("sooner", "早上八点"),
        ("more_to_come", "等一下，改到后天"),
        ("withdraws", "不用了"),
        ("another_home", "送到三号楼"),
    ],
)
def test_a_sentence_does_not_carry_the_cue(cue: str, text: str) -> None:
    assert not cues.says(cue, text)


@pytest.mark.parametrize(("text", "index"), [("第一个", 0), ("2", 1), ("最后那个", 2), ("明天", None)])
def test_a_choice_is_taken_by_its_number(text: str, index: int | None) -> None:
    assert cues.ordinal(text) == index


@pytest.mark.parametrize(
    ("answer", "core"),
    [("我叫马建国啊", "马建国"), ("就是水费吧", "水费"), ("我住在北塔村", "北塔村"), ("嗯", "嗯")],
)
def test_an_answer_is_freed_of_what_stands_around_it(answer: str, core: str) -> None:
    assert cues.core(answer) == core


def test_every_item_has_words_by_which_an_order_of_it_is_called() -> None:
    assert set(load("replies")["item_words"]) == set(load_catalogue())
