"""The table of the comparison."""

import pytest

from nlu.benchmark import Measured, as_table, benchmark, describe_machine


def test_every_figure_is_a_row_and_every_engine_a_column() -> None:
    table = as_table([Measured("ours", {"exact": 0.9, "load s": 1.25}), Measured("rasa", {"exact": 0.5})])
    assert [line.split() for line in table.splitlines()] == [
        ["ours", "rasa"],
        ["exact", "0.900", "0.500"],
        ["load", "s", "1.250", "–"],
    ]


def test_a_figure_that_only_a_later_engine_has_is_not_lost() -> None:
    table = as_table([Measured("ours", {}), Measured("rasa", {"p50 ms over HTTP": 9.0})])
    assert table.splitlines()[1].split() == ["p50", "ms", "over", "HTTP", "–", "9.000"]


def test_an_unknown_engine_is_refused_before_anything_is_measured() -> None:
    with pytest.raises(ValueError, match="snips"):
        benchmark(folder=None, against="snips", url=None)


def test_the_machine_is_told() -> None:
    assert "cores" in describe_machine() and "Python 3." in describe_machine()
