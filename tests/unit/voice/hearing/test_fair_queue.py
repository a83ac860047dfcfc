from voice.hearing.fair_queue import FairQueue


def taken(queue: FairQueue[str]) -> list[str]:
    return [item for _ in range(len(queue)) if (item := queue.take()) is not None]


def test_calls_take_turns_and_each_keeps_its_order() -> None:
    queue: FairQueue[str] = FairQueue(10)
    for call, item in (("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("b", "b2")):
        assert queue.put(call, item)
    assert taken(queue) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert queue.take() is None


def test_a_full_queue_takes_nothing() -> None:
    queue: FairQueue[str] = FairQueue(1)
    assert queue.put("a", "a1") and not queue.put("b", "b1")
    assert taken(queue) == ["a1"]
    assert queue.put("b", "b1")
