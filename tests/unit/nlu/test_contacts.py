"""Long messages of relatives: who, where and the number around the wish are set aside."""

from __future__ import annotations

from datetime import datetime

import pytest

from nlu.contacts import wish_of
from nlu.parse import load_parser

NOW = datetime(2026, 11, 24, 9, 30)


@pytest.mark.parametrize(
    ("message", "wish"),
    [
        (
            "我在外地上班，我妈一个人住在金凤区长城中路锦绣苑12-2-301，想约个人给她打扫卫生，电话139 0953 0002（我妈的），她叫马秀兰，谢谢",
            "想约个人给她打扫卫生，",
        ),
        ("地址：金凤区满城南街正源小区8-1-602 联系人：刘芳 电话：13895001234 需要保洁", "需要保洁"),
        ("麻烦今天下午送到兴庆区永康巷民生花园3号楼2单元602来，要两份饭", "麻烦今天下午送到来，要两份饭"),
    ],
)
def test_only_the_wish_is_left(message: str, wish: str) -> None:
    found = wish_of(message)
    assert found is not None
    assert wish.strip("，") in found.text
    assert "马秀兰" not in found.text and "小区" not in found.text
    assert "".join(message[place] for place in found.places) == found.text


@pytest.mark.parametrize(
    "message",
    [
        "给我妈订一份午饭",
        "我在外地上班，想问问给我妈订午饭的事情怎么弄呢",
        "住金凤区长城中路锦绣苑12号楼2单元301，电话13909530002",
    ],
)
def test_without_address_or_with_nothing_else_the_message_stays_whole(message: str) -> None:
    assert wish_of(message) is None


def test_a_message_with_everything_in_it_asks_for_both_services() -> None:
    message = (
        "我在外地上班，我妈一个人住在金凤区长城中路锦绣苑12-2-301，想约个人后天上午去给她打扫卫生，"
        "顺便帮她买10斤面、一桶油，联系电话139 0953 0002（我妈的），她叫马秀兰，谢谢"
    )
    heard = load_parser().parse(message, now=NOW)
    assert set(heard.names()) == {"cleaning", "errand"}
    values = {slot.slot: slot for slot in heard.slots}
    assert values["phone"].value == "13909530002"
    assert values["place"].label is None  # it is where both are wanted
    assert "锦绣苑12-2-301" in values["place"].text
