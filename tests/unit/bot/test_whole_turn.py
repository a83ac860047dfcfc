"""Which words settle what the line has asked, read by the model of this installation."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.whole_turn import completeness
from nlu.parse import load_parser
from nlu.understanding import Expecting
from voice.conversation import Completeness

MONDAY = datetime(2026, 11, 23, 9, 10)


@pytest.mark.parametrize(
    ("text", "asks", "expected"),
    [
        ("我想订个午饭", None, Completeness.WHOLE),
        ("找个人给我打扫一下屋子", None, Completeness.WHOLE),
        ("你们派个人来打扫一下", None, Completeness.WHOLE),
        ("转人工", None, Completeness.WHOLE),
        ("我要洗澡", None, Completeness.SETTLED),
        ("明天陪我去看病", None, Completeness.SETTLED),
        ("你好", None, Completeness.MISSING),
        ("我奶奶摔倒了起不来", None, Completeness.ANSWERED),
        ("我奶奶摔倒了起不来，然后", "time", Completeness.ANSWERED),
        ("帮我买一袋米", None, Completeness.LISTING),
        ("帮我买一袋米，明天送来", None, Completeness.WHOLE),
        ("后天上午", None, Completeness.MISSING),
        ("明天中午十二点", "time", Completeness.SETTLED),
        ("明天", "time", Completeness.MISSING),
        ("明天上午", "time", Completeness.LISTING),
        ("后天中午", "time", Completeness.SETTLED),
        ("我上午要去打针", "time", Completeness.MISSING),
        ("大雷", "time", Completeness.MISSING),
        ("转人工", "time", Completeness.SETTLED),
        ("都行", "time", Completeness.SETTLED),
        ("月底", "time", Completeness.MISSING),
        ("金凤区", "place", Completeness.MISSING),
        ("长城花园三号楼二单元", "place", Completeness.MISSING),
        ("北京中路一百二十号", "place", Completeness.LISTING),
        ("就是那个", "place", Completeness.MISSING),
        ("还是老地方", "place", Completeness.SETTLED),
        ("长城花园三号楼二单元五零一", "place", Completeness.SETTLED),
        ("给我妈", "beneficiary", Completeness.ANSWERED),
        ("给我妈。", "beneficiary", Completeness.ANSWERED),
        ("给我妈订的那个", "beneficiary", Completeness.OPEN),
        ("给我", "beneficiary", Completeness.LISTING),
        ("我自己", "beneficiary", Completeness.ANSWERED),
        ("就是", "beneficiary", Completeness.MISSING),
        ("我的电话式", "phone", Completeness.MISSING),
        ("一三九零九五", "phone", Completeness.MISSING),
        ("13909510001", "phone", Completeness.OPEN),
        ("就是这个号", "phone", Completeness.OPEN),
        ("两斤豆腐", "detail", Completeness.MISSING),
        ("三份", "detail", Completeness.OPEN),
        ("要软和的", "detail", Completeness.OPEN),
        ("对", "confirm", Completeness.SETTLED),
        ("我叫马秀英", "name", Completeness.OPEN),
        ("转人工", "name", Completeness.SETTLED),
    ],
)
def test_the_meaning_tells_whether_more_is_to_come(
    text: str, asks: str | None, expected: Completeness
) -> None:
    expecting = Expecting(asks) if asks else None
    heard = load_parser().parse(text, expecting=expecting, now=MONDAY)
    assert completeness(heard, expecting) is expected


@pytest.mark.parametrize(
    "text",
    [
        "我想叫你们", "我家那个洗衣机", "我姑爷他", "能不能给我", "昨天我去", "我妈这两天", "后天我打算", "听人家说", "我想让你们把",
        "您好您能不能", "我爸他今年", "我这腿最近", "我女婿失业了", "我糖尿病", "我们家厕所", "你们这边能",
    ],
)  # fmt: skip
def test_a_few_words_to_begin_with_are_waited_on(text: str) -> None:
    """Whatever the models take them for."""
    assert completeness(load_parser().parse(text, now=MONDAY), None) is Completeness.MISSING
