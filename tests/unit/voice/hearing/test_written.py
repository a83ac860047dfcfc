import pytest

from voice.hearing.written import written


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("我想定個午飯,明天中午送到家。", "我想定个午饭，明天中午送到家"),
        (" 好 的 ", "好的"),
        ("帮我交一下电费。帮我交一下电费。", "帮我交一下电费"),
        ("睡管楼脸来个人修修睡管楼脸来个人修修睡管楼脸来个人修修", "睡管楼脸来个人修修"),
        ("对对对", "对对对"),
        ("138 138 1381", "138 138 1381"),
        ("一三八一三八一三八一三八", "一三八一三八一三八一三八"),
        ("想洗个澡１能来人吗?", "想洗个澡，能来人吗？"),
        ("3.5块", "3.5块"),
        ("", ""),
        ("。。", ""),
    ],
)
def test_texts_are_written_as_people_write(raw: str, expected: str) -> None:
    assert written(raw) == expected
