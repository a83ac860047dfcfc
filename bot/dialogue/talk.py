"""One turn in the making: what was heard, what is remembered, and the reply as it grows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backend.domain.order import Order
from backend.domain.queue import TaskKind
from backend.services.commands import OpenTask
from bot.dialogue import cues
from bot.dialogue.knowledge import Knowledge
from bot.dialogue.memory import Form, Memory, Pending
from bot.dialogue.phrasing import broken_short
from bot.dialogue.turn import Asks, Channel, Choice, Command, Reply, Turn, World
from config.catalogue import Catalogue
from config.organisation import Departments
from config.wording import Wording
from nlu.understanding import Parser, Slot, Understanding

# What an old person keeps in mind of one reply; read-backs may be longer.
MOST_SENTENCES = 3
# A «no» with something else in it is a change of mind when that something is this likely.
LIKELY_INSTEAD = 0.4
LIKELY = 0.3  # a courtesy or a complaint below this is a guess among equals
ASIDE = "aside"  # what a turn notes when it answered a question that has nothing to do with the request
MISSPOKE = "misspoke"  # what a turn notes when something told before was wrong or left out
PAPERS = ("gov", "soc")  # categories about which people ask first, and whose words tell how somebody lives
ABOUT_ORDERS = (
    "cancel_order",
    "reschedule",
    "order_status",
    "complaint",
)  # labels of what speaks of orders that stand


def latest(orders: Iterable[Order]) -> Order | None:
    """The one that was placed last."""
    return max(orders, key=lambda order: order.placed_at, default=None)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the conversation goes by; all of it is read from config/ and nlu/ once."""

    parser: Parser
    catalogue: Catalogue
    wording: Wording
    knowledge: Knowledge
    departments: Departments


@dataclass(slots=True)
class Talk:
    """The turn being answered. Flows read `heard` and `memory`, and add sentences, a question and commands."""

    rules: Rules
    memory: Memory
    turn: Turn
    world: World
    heard: Understanding
    sentences: list[str] = field(default_factory=list)
    asks: Asks | None = None
    question: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    commands: list[Command] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    understood: bool = False  # some flow knew what to do with what was said
    urgent: bool = False
    ended: bool = False
    reads_back: bool = False  # an order is read back: it takes as many sentences as it has parts

    @property
    def text(self) -> str:
        return (self.turn.text or "").strip()

    @property
    def form(self) -> Form | None:
        return self.memory.current()

    @property
    def pending(self) -> Pending | None:
        return self.memory.pending

    @property
    def asked(self) -> Asks | None:
        """What the open question asks for."""
        return Asks(self.memory.asking) if self.memory.asking else None

    def words(self) -> Mapping[str, Any]:
        return self.rules.wording.words

    def phrase(self, key: str, /, **values: str) -> tuple[str, ...]:
        return self.rules.wording.say(key, self.turn.channel.value, **values)

    def say(self, key: str, /, **values: str) -> None:
        """Add a phrase to the reply."""
        self.sentences += self.phrase(key, **values)

    def ask(self, asks: Asks | None, key: str, /, choices: Sequence[Choice] = (), **values: str) -> None:
        """Ask one thing; a later question of the same turn takes the place of an earlier one."""
        self.asks, self.question, self.choices = asks, self.phrase(key, **values), tuple(choices)

    def keep_question(self) -> None:
        """What was asked before is still asked, with the same quick answers."""
        self.asks = self.asked
        self.choices = tuple(Choice(label, text) for label, text in self.memory.choices)

    def requests(self) -> tuple[str, ...]:
        """Items asked for in this sentence, best first."""
        return self.items_of(self.heard)

    def items_of(self, heard: Understanding) -> tuple[str, ...]:
        """Items asked for in what was heard, best first."""
        return tuple(name for name in heard.names() if name in self.rules.catalogue)

    def own_orders(self) -> list[Order]:
        """Those that this very caller placed, for whomever."""
        return [order for order in self.world.orders if order.caller == self.turn.sender]

    def are_papers(self, items: Collection[str]) -> bool:
        """Whether there are any, and all of them are papers or benefits."""
        return bool(items) and all(self.rules.catalogue[item].category in PAPERS for item in items)

    def read(self, text: str, *, expecting: Asks | None = None) -> Understanding:
        """Another text than this sentence, such as a part of it, understood at the same moment."""
        return self.rules.parser.parse(text, expecting=expecting, now=self.turn.now)

    def likely(self, name: str) -> bool:
        """Whether the label is acted on, and is more than a weak guess."""
        return any(one.label == name and one.confidence >= LIKELY for one in self.heard.labels)

    def other_item(self, items: Collection[str]) -> str | None:
        """What a «no, I want …» rather asks for, if it is likely enough and none of `items`."""
        ranked = (scored for scored in self.heard.ranking if scored.label in self.rules.catalogue)
        return next(
            (s.label for s in ranked if s.label not in items and s.confidence >= LIKELY_INSTEAD), None
        )

    def take_for(self, item: str) -> None:
        """Read the sentence as a request for this item, too."""
        scored = next(scored for scored in self.heard.ranking if scored.label == item)
        self.heard = replace(self.heard, labels=(*self.heard.labels, scored))

    def slots(self, name: str, *, of: str | None = None) -> tuple[Slot, ...]:
        """Slots of this name that belong to the request `of`, or to no request in particular."""
        return tuple(slot for slot in self.heard.filled(name) if of is None or slot.label in (None, of))

    @property
    def drops(self) -> bool:
        """Whether a request is not wanted any more. «做不了就算了» is said for a case, «算了，给我婆婆打扫吧» wants it otherwise."""
        if not cues.says("drop", self.text) or cues.says("drop_if", self.text):
            return False
        return not cues.says("wants_after_all", cues.after("drop", self.text))

    @property
    def leaves_open(self) -> bool:
        """Something was asked, and they will not or can not say («到时候再说»)."""
        open_question = self.memory.asking is not None
        return open_question and any(cues.says(cue, self.text) for cue in ("refuse", "unknown"))

    def tell_staff(
        self,
        kind: TaskKind,
        name: str,
        *,
        why: str,
        place: str | None = None,
        order_number: str | None = None,
        turn: int | None = None,
    ) -> None:
        """A task about whoever speaks; the `name` makes it one a turn. `turn`: it goes on with the task of that turn."""
        caller, elder = self.world.caller, self.world.caller.elder
        self.commands.append(
            OpenTask(
                key=f"{self.turn.session}:{name}:{turn or self.memory.turns}",
                kind=kind,
                session=self.turn.session,
                sender=self.turn.sender,
                at=self.turn.now,
                text=self.text,
                why=why,
                who=elder.name if elder else self.memory.name,
                place=place,
                phone=self.memory.phone or caller.phone,
                elder_id=elder.id if elder else None,
                order_number=order_number,
            )
        )

    def order(self, number: str) -> Order | None:
        return next((order for order in self.world.orders if order.number == number), None)

    def reply(self) -> Reply:
        """The finished reply; what is heard is cut to what can be said in one breath, what is read is left whole."""
        memory = self.memory
        room = len(self.sentences) if self.reads_back else max(1, MOST_SENTENCES - len(self.question))
        sentences = (*self.sentences[:room], *self.question)
        return Reply(
            sentences=broken_short(sentences) if self.turn.channel is Channel.SPOKEN else sentences,
            asks=self.asks,
            choices=self.choices,
            urgent=self.urgent,
            ended=self.ended,
            emergency=memory.emergency,
            handoff=memory.handoff,
            pace=memory.pace,
            loudness=memory.loudness,
            happened=tuple(self.happened),
        )
