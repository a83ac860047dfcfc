"""Long sentences fall into parts that cover them without gaps."""

from hypothesis import given
from hypothesis import strategies as st

from nlu.clauses import MOST, clauses


def test_two_requests_fall_apart() -> None:
    parts = [part.text for part in clauses("明天中午送份饭，后晌再来人给我妈洗个澡")]
    assert parts[0].startswith("明天中午")
    assert parts[-1].endswith("洗个澡")


def test_requests_in_one_breath_fall_apart_where_the_next_service_is_named() -> None:
    assert [part.text for part in clauses("我要订饭打扫卫生洗澡")] == ["我要订饭", "打扫卫生", "洗澡"]
    assert len(clauses("给我交一下水费电费")) == 1


@given(st.text(alphabet="我要饭，。再还有另外洗澡 ", max_size=120))
def test_parts_cover_the_text_without_gaps(text: str) -> None:
    parts = clauses(text)
    assert "".join(part.text for part in parts) == text
    assert len(parts) <= MOST
    assert all(text[part.start : part.end] == part.text for part in parts)
