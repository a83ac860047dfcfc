"""What holds in every conversation, whatever is said: random callers talk to the line and every reply is checked."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.channels.jsonl import JsonLines
from tests.journeys import caller
from tests.journeys.conftest import import_rows

NLU_DATA = Path(__file__).parents[2] / "nlu" / "data"
MARK = re.compile(r"\[([^\[\]]+)\]\([a-z_]+\)")
CHINESE = re.compile(r"[㐀-鿿0-9]")
READ_BACK = re.compile("对不对|我说得对吗")  # only a read-back ends with these words
PERSON = re.compile("人工|工作人员|找人|值班|有人")
HELP = re.compile("120|119|110|我在听|一直听着")  # whoever wants to die and goes on talking is listened to
MOST_SENTENCES = 3
MOST_CHARACTERS = 22  # in one spoken sentence
KNOWN = 2000  # elders on record: a new one for each conversation that is not a stranger's

YES = ["对", "对着呢", "成", "嗯呢", "中", "能行", "好着呢", "是的"]
NO = ["不是", "不对", "错了", "莫有", "算了不要了", "不用了"]
TIMES = [
    "明天中午",
    "后天上午",
    "三点",
    "礼拜五后晌",
    "越快越好",
    "啥时候都行",
    "昨天",
    "明儿礼拜天",
    "每天中午",
    "下个月五号",
]
PLACES = ["金凤区长城花园三号楼二单元501", "北塔村三组12号", "老地方", "地址不想说", "同心县豫海镇"]
NAMES = ["我叫马生福", "何秀花", "不想说名字", "弓长张的张"]
PHONES = ["幺三九零九五幺零零一二", "13909510077", "没有电话", "0951 2034567", "12"]
AGAIN = ["再说一遍", "没听清", "你说慢点", "声音大点"]
JUNK = [
    "😀😀",
    "<b>x</b>",
    "'; DROP TABLE orders;--",
    "\x00\x01",
    "asdf qwer",
    "啊" * 3000,
    "？？？",
    "123456",
    "ﷺ\u202e",
    "{0}{x!r}",
]
DANGER = [
    "我摔倒了起不来",
    "我爸胸口疼得喘不上气，脸都白了",
    "屋里一股煤气味，头晕得很",
    "着火了，厨房烧起来了",
    "我不想活了，药都攒好了",
    "我老伴叫不醒了",
]


def _sentences() -> Iterator[str]:
    """Sentences of the training data that mean no danger, and everything said in the conversations of this folder."""
    for path in sorted(NLU_DATA.rglob("*.yml")):
        for block in yaml.safe_load(path.read_text("utf-8"))["nlu"]:
            if "emergency" not in block["intent"]:
                yield from (MARK.sub(r"\1", line[2:]) for line in block["examples"].splitlines()[:20])
    for talk in caller.conversations():
        if not talk["expect"].get("emergency"):
            yield talk.get("say", "你好")


def _count(pattern: str, text: str) -> int:
    return len(re.findall(pattern, text))


class AnybodyTalking(RuleBasedStateMachine):
    """One person and the line. Every step sends something and keeps the reply; the invariants judge the last one."""

    url: str
    line: JsonLines
    counter = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[dict[str, Any]] = []
        self.texts: list[str | None] = []
        self.orders_before: list[dict[str, Any]] = []
        self.repeated = 0  # replies in a row that were word for word the same

    @initialize(known=st.booleans(), channel=st.sampled_from(["phone", "wechat", "web"]))
    def begin(self, known: bool, channel: str) -> None:
        number = next(self.counter)
        self.session, self.channel = f"random-{number}", channel
        self.sender = _phone(number % KNOWN) if known else f"136{number:08}"
        # The same day of the week for everybody, so that a conversation that is tried again goes the same way.
        self.now = datetime.fromisoformat("2026-11-23T09:00") + timedelta(weeks=number // KNOWN)

    def say(self, text: str | None, message_id: str | None = None) -> dict[str, Any]:
        self.orders_before = self.replies[-1]["orders"] if self.replies else []
        self.now += timedelta(seconds=15)
        message = {"session": self.session, "sender": self.sender, "channel": self.channel, "text": text}
        message |= {"now": self.now.isoformat()} | ({"message_id": message_id} if message_id else {})
        reply = self.line.handle(message)
        same = bool(self.replies) and self.replies[-1]["reply"] == reply["reply"] and text not in AGAIN
        self.repeated = self.repeated + 1 if same else 0
        self.replies.append(reply)
        self.texts.append(text)
        return reply

    def was_read_back(self) -> bool:
        return (
            bool(self.replies)
            and self.replies[-1]["asks"] == "confirm"
            and READ_BACK.search(self.replies[-1]["reply"]) is not None
        )

    @rule(text=st.sampled_from(sorted(set(_sentences()))))
    def say_a_sentence(self, text: str) -> None:
        self.say(text)

    @rule(text=st.sampled_from([*TIMES, *PLACES, *NAMES, *PHONES, *AGAIN, *JUNK, *NO]))
    def say_an_answer(self, text: str) -> None:
        self.say(text)

    @rule(data=st.data())
    def answer_what_is_asked(self, data: st.DataObject) -> None:
        asks = self.replies[-1]["asks"] if self.replies else None
        fitting = {"time": TIMES, "place": PLACES, "name": NAMES, "phone": PHONES, "confirm": [*YES, *NO]}
        self.say(data.draw(st.sampled_from(fitting.get(asks or "", ["我自己", "电费", "第一个", "给我妈"]))))

    @rule(text=st.sampled_from(YES))
    def say_yes(self, text: str) -> None:
        read_back = self.was_read_back()
        self.say(text)
        if read_back:
            new = len(self.replies[-1]["orders"]) - len(self.orders_before)
            assert new == 1, f"{new} orders for one yes"

    @rule(text=st.none() | st.sampled_from(["", "  ", "\n"]))
    def stay_silent(self, text: str | None) -> None:
        before = self.replies[-1]["orders"] if self.replies else []
        assert self.say(text)["orders"] == before, "silence changed an order"

    @rule(text=st.text(max_size=60))
    def say_anything_at_all(self, text: str) -> None:
        self.say(text)

    @rule(text=st.sampled_from(DANGER))
    def be_in_danger(self, text: str) -> None:
        reply = self.say(text)
        assert reply["emergency"], f"no alarm for {text!r}: {reply['reply']}"
        assert reply["asks"] is None, f"asks {reply['asks']} of somebody in danger"
        assert HELP.search(reply["reply"]), f"no number to call: {reply['reply']}"
        assert reply["orders"] == self.orders_before, "an order was touched by a cry for help"

    @rule(text=st.sampled_from([*YES, *TIMES, "明天中午给我送个饭"]))
    def send_the_same_message_twice(self, text: str) -> None:
        message_id = f"m{len(self.replies)}"
        first, again = self.say(text, message_id), self.say(text, message_id)
        assert (again["reply"], again["orders"]) == (first["reply"], first["orders"])
        self.repeated = 0

    @rule()
    def restart(self) -> None:
        type(self).line = JsonLines(self.url)

    @invariant()
    def the_reply_says_something(self) -> None:
        if self.replies:
            text = self.replies[-1]["reply"]
            assert text.strip()
            assert not re.search(r"\{[a-z_]+\}|None|null", text), text

    @invariant()
    def at_most_one_question(self) -> None:
        if self.replies:
            assert _count("[?？]", self.replies[-1]["reply"]) <= 1, self.replies[-1]["reply"]

    @invariant()
    def short_enough_to_be_heard(self) -> None:
        if not self.replies:
            return
        text = self.replies[-1]["reply"]
        sentences = [part for part in re.split("[。？！?!]", text) if part.strip()]
        if not READ_BACK.search(text):
            assert len(sentences) <= MOST_SENTENCES, text
        if self.channel == "phone":
            too_long = [part for part in sentences if len(CHINESE.findall(part)) > MOST_CHARACTERS]
            assert not too_long, too_long

    @invariant()
    def orders_are_kept_and_made_only_by_a_confirmation(self) -> None:
        if not self.replies:
            return
        numbers = [order["number"] for order in self.replies[-1]["orders"]]
        before = [order["number"] for order in self.orders_before]
        assert len(numbers) == len(set(numbers)), f"an order is listed twice: {numbers}"
        assert set(before) <= set(numbers), "an order went missing"
        assert len(numbers) <= len(before) + 1, "one turn made several orders"
        if len(numbers) > len(before):
            assert READ_BACK.search(self._said_before()), (
                f"an order without a read-back: {self.replies[-1]['orders']}"
            )

    @invariant()
    def nobody_is_left_in_a_circle(self) -> None:
        if self.repeated >= 2:
            reply = self.replies[-1]
            assert reply["handoff"] or PERSON.search(reply["reply"]), (
                f"three times the same: {reply['reply']}"
            )

    def _said_before(self) -> str:
        """The last replies before this one: a repetition or a word of comfort may stand between read-back and yes."""
        return "".join(reply["reply"] for reply in self.replies[-5:-1])


def _phone(index: int) -> str:
    return f"1350953{index:04}"


@pytest.fixture(scope="module")
def shared_line(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One database for all random conversations, with an elder on record for each of those who are known."""
    folder = tmp_path_factory.mktemp("random")
    AnybodyTalking.url = f"sqlite:///{folder / 'line.sqlite'}"
    AnybodyTalking.line = JsonLines(AnybodyTalking.url)
    rows = [
        {
            "name": "马秀英",
            "phone": _phone(index),
            "address": f"银川市金凤区长城花园{index + 1}号楼501",
            "categories": "独居",
        }
        for index in range(KNOWN)
    ]
    import_rows(AnybodyTalking.url, rows, folder / "people.csv")
    yield
    del AnybodyTalking.line


@pytest.mark.usefixtures("shared_line")
def test_whatever_is_said_the_line_stays_kind_short_and_exact() -> None:
    run_state_machine_as_test(
        AnybodyTalking,
        settings=settings(
            max_examples=60,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,  # the same conversations on every machine; raise max_examples to search further
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
