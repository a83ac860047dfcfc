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
        ("我想订个午饭", None, Completeness.SETTLED),
        ("找个人给我打扫一下屋子", None, Completeness.SETTLED),
        ("我奶奶摔倒了起不来", None, Completeness.ANSWERED),
        ("我奶奶摔倒了起不来，然后", "time", Completeness.ANSWERED),
        ("帮我买一袋米", None, Completeness.LISTING),
        ("帮我买一袋米，明天送来", None, Completeness.SETTLED),
        ("后天上午", None, Completeness.MISSING),
        ("明天中午十二点", "time", Completeness.SETTLED),
        ("明天", "time", Completeness.OPEN),
        ("都行", "time", Completeness.SETTLED),
        ("金凤区", "place", Completeness.OPEN),
        ("长城花园三号楼二单元五零一", "place", Completeness.SETTLED),
        ("给我妈", "beneficiary", Completeness.ANSWERED),
        ("给我妈。", "beneficiary", Completeness.ANSWERED),
        ("给我妈订的那个", "beneficiary", Completeness.OPEN),
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
