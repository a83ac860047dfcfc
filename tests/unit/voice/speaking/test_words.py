import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.speaking.figures import count, groups, spell
from voice.speaking.words import to_words

SPOKEN = {
    # times
    "2026-11-24T12:00": "二零二六年十一月二十四号中午十二点",
    "11月24号上午9点": "十一月二十四号上午九点",
    "2026年11月24日": "二零二六年十一月二十四号",
    "明天12:30": "明天中午十二点半",
    "下午2:30来": "下午两点半来",
    "14:05出发": "下午两点零五分出发",
    "9:15": "上午九点一刻",
    "8:30-17:30": "上午八点半到下午五点半",
    "８：３０": "上午八点半",
    "8-10点": "八到十点",
    "2点": "两点",
    # phones
    "电话是138 0013 8000。": "电话是幺三八，零零幺三，八零零零。",
    "13800138000": "幺三八，零零幺三，八零零零",
    "138-0013-8000": "幺三八，零零幺三，八零零零",
    "138****1234": "幺三八，幺二三四",
    "0951-8012345": "零九五幺，八零幺，二三四五",
    "400-820-8820": "四零零，八二零，八八二零",
    "前面是138 0012，我记下了": "前面是幺三八，零零幺二，我记下了",
    "马上打120，再打110": "马上打幺二零，再打幺幺零",
    "请打12345热线": "请打幺二三四五热线",
    # money and measures
    "一共120元": "一共一百二十元",
    "12.50元": "十二元五角",
    "¥100.05": "一百元零五分",
    "100-200元": "一百到二百元",
    "1,234.5元": "一千二百三十四元五角",
    "15%": "百分之十五",
    "5%-10%": "百分之五到十",
    "36.5℃": "三十六点五度",
    "血糖6.1mmol/L": "血糖六点一毫摩尔每升",
    "血压120/80": "血压一百二十、八十",
    "走3km": "走三公里",
    # places
    "3号楼2单元501": "三号楼二单元五零幺",
    "3号楼2单元501室": "三号楼二单元五零幺室",
    "长城花园3-2-501": "长城花园三杠二杠五零幺",
    "北京中路88号": "北京中路八十八号",
    "A座5层": "诶座五层",
    # names and counts
    "订单号NX20261124-0007": "订单号恩艾克斯，二零二六，幺幺二四，零零零七",
    "订单00012345": "订单零零零幺，二三四五",
    "2个人，2次，12个": "两个人，两次，十二个",
    "第2次": "第二次",
    "1/3": "三分之一",
    "-3": "负三",
    "80岁以上": "八十岁以上",
    "65岁": "六十五岁",
    # signs
    "（独居）老人：“你好”……": "独居，老人：你好…",
    "您说“对”或者“不对”就行。": "您说对或者不对就行。",
    "好!!!": "好！",
    "好。。。，": "好。",
    "😀": "",
    "": "",
}


@pytest.mark.parametrize("written", SPOKEN)
def test_what_is_written_is_spoken_as_people_say_it(written: str) -> None:
    assert to_words(written) == SPOKEN[written]


@pytest.mark.parametrize(
    ("number", "spoken"),
    [("0", "零"), ("10", "十"), ("12", "十二"), ("105", "一百零五"), ("110", "一百一十"), ("1005", "一千零五"),
     ("10005", "一万零五"), ("20010", "二万零一十"), ("100000", "十万"), ("110000000", "一亿一千万"), ("100000001", "一亿零一"),
     ("0007", "七")],
)  # fmt: skip
def test_amounts(number: str, spoken: str) -> None:
    assert count(number) == spoken


@pytest.mark.parametrize(
    ("number", "spoken"),
    [("13800138000", "幺三八，零零幺三，八零零零"), ("8012345", "八零幺，二三四五"), ("12345678", "幺二三四，五六七八"),
     ("123456789", "幺二三四五，六七八九"), ("1", "幺"), ("501", "五零幺")],
)  # fmt: skip
def test_digits_come_in_groups_that_people_can_write_down(number: str, spoken: str) -> None:
    assert groups(number) == spoken
    assert spoken.replace("，", "") == spell(number)


@given(st.text(alphabet="0123456789.,:-/年月日号点元%~ ¥AZaz上午下第个室，。*\n😀", max_size=40))
def test_anything_becomes_characters_and_pauses(text: str) -> None:
    spoken = to_words(text)
    assert not any(sign.isascii() for sign in spoken)
    assert spoken == to_words(spoken)
