"""What is said of an address further on: put right, added, or in place of it; a poorer one replaces no fuller."""

import pytest

from bot.dialogue.places import told_further


@pytest.mark.parametrize(
    ("before", "said", "whole"),
    [
        ("富康小区6号楼2单元301", "8号楼", "富康小区8号楼2单元301"),
        ("强家庙村一队", "三队", "强家庙村三队"),
        ("福州家园9-2-501", "9-3-501", "福州家园9-3-501"),
        ("家属院三号楼 二单元 五楼", "五楼东户 502", "家属院三号楼 二单元 五楼东户 502"),
        ("杨和镇观桥村五队", "村口小卖部旁边", "杨和镇观桥村五队，村口小卖部旁边"),
        ("凤凰北街电力小区4号楼1单元202", "老房子", "凤凰北街电力小区4号楼1单元202，老房子"),
        ("西夏区同心路 铁路小区", "铁路小区三号楼一单元", "西夏区同心路 铁路小区三号楼一单元"),
        ("吴忠利通区金积镇", "金积镇秦坝关村3组25号", "吴忠利通区金积镇秦坝关村3组25号"),
        ("利通区金积镇", "秦坝关村三组", "利通区金积镇秦坝关村三组"),
        ("幸福里小区6号楼1单元202", "大武口区", "大武口区幸福里小区6号楼1单元202"),
        ("富康小区6号楼", "富康小区", "富康小区6号楼"),
        ("富康小区6号楼2单元301", "金凤区长城花园3号楼", "金凤区长城花园3号楼"),
    ],
)
def test_an_address_told_further(before: str, said: str, whole: str) -> None:
    assert told_further(before, said) == whole
