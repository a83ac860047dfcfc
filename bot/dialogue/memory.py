"""What a conversation remembers between two turns. Kept as JSON, so that any process can go on with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from backend.domain.order import Wanted

# Within this time a broken-off conversation goes on where it stopped; after it, a new one begins.
GOES_ON_FOR = timedelta(minutes=30)
# Who writes answers when there is time for it, after work or the next morning: a request that is under way waits so long.
WAITS_FOR = timedelta(hours=20)


@dataclass(slots=True)
class Form:
    """One request on its way to an order."""

    id: int
    item: str
    beneficiary: str | None = None  # the word said, "self", or None when nothing was said
    relation: str | None = None  # what that person is to the caller, a code of lexicon/relations.yaml
    name: str | None = None  # name of the person served, when known
    elder_id: int | None = None
    time: dict[str, Any] | None = None  # a Wanted; {} when any time will do
    hour: str | None = None  # of the meal that was named («午饭»): "12:00"
    lasting: int | None = None  # days from the first on: «先订一个月»
    place: str | None = None
    place_known: bool = False  # it came from the profile, not from the caller
    place_part: str = ""  # a door or a landmark that was told without estate, village or street
    phone: str | None = None
    details: list[str] = field(default_factory=list)
    wishes: list[str] = field(default_factory=list)  # how it is to be done, as said: «要软和些的»
    missing: list[str] = field(default_factory=list)  # what the caller did not want to give
    conflict: str | None = None  # a contradiction in the time that must be asked about
    beside: str | None = None  # for whom else the same was asked in one breath, who lives there, too
    parked: bool = False  # put aside by an emergency or a hand-off

    @property
    def wanted(self) -> Wanted:
        return Wanted(**self.time) if self.time else Wanted()


@dataclass(slots=True)
class Pending:
    """A question outside the forms: which order to cancel, a new time for one, whether to fetch a person ..."""

    kind: str  # cancel, reschedule, offer_person, offer_items, anything_else, complaint, wrong_what, told
    numbers: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    wanted: dict[str, Any] | None = None
    said: str | None = None  # the sentence that led to the question: its time and place still count
    guessed: bool = False  # what is offered was hardly heard: only a yes, or its name, takes it


@dataclass(slots=True)
class Memory:
    """The state of one conversation. `forms[0]` is the request being talked about."""

    forms: list[Form] = field(default_factory=list)
    form_count: int = 0
    dropped: Form | None = None  # the request that was given up last, should they want it after all
    asking: str | None = None  # a value of Asks
    pending: Pending | None = None
    said: list[str] = field(default_factory=list)  # the last reply without its question, for «再说一遍»
    question: list[str] = field(default_factory=list)
    misses: int = 0  # turns in a row that were not understood
    silences: int = 0
    repeats: int = 0  # times in a row that the last reply was not heard
    pace: int = 0
    loudness: int = 0
    choices: list[list[str]] = field(default_factory=list)  # quick answers offered with it: label and text
    # What was told on the way of whom: beneficiary word → "name", "place". Nobody is asked the same twice.
    told: dict[str, dict[str, str]] = field(default_factory=dict)
    last_whom: dict[str, Any] | None = None  # whom the last order or sentence was about: «再给她找个人打扫»
    together: bool = False  # several requests are to be seen to at one time («一次来弄完»)
    topic: str | None = None  # the service that was asked about last
    topic_said: str | None = None  # the question about it that names a thing («扶手政府给补钱不»)
    diets: list[str] = field(default_factory=list)  # what they may eat, told before a meal was asked for
    told_before: list[str] = field(
        default_factory=list
    )  # for whoever comes, told before anything was asked for
    named: list[str] = field(default_factory=list)  # names that were read back
    borrowed: bool = False  # whoever speaks is not whom the records know by this telephone
    phone: str | None = None
    phone_part: str = ""  # the first groups of a number that is being said
    orders: list[str] = field(default_factory=list)  # placed or changed in this conversation
    complaint: int = 0  # the turn that began the complaint they told of last; 0: they told of none
    emergencies: int = 0
    in_danger: bool = False  # the last thing talked about is the emergency
    danger: str = ""  # its kind
    danger_whom: str = ""  # 她, 他 or 老人, when somebody else than the caller is in danger
    danger_place: bool = False  # where it is was told
    danger_asked: bool = False  # it was asked
    emergency: bool = False
    handoff: bool = False
    ended: bool = False
    asked_again: int = 0  # how often the same question was put in a row
    asked_key: str | None = None
    turns: int = 0
    updated_at: str | None = None

    @property
    def name(self) -> str | None:
        """The caller's own name, when given on the way."""
        return self.told.get("self", {}).get("name")

    @property
    def place(self) -> str | None:
        return self.told.get("self", {}).get("place")

    def tell(self, whom: str, **facts: str | None) -> None:
        """Keep a name or a place of somebody for later requests of this conversation."""
        self.told.setdefault(whom, {}).update({key: value for key, value in facts.items() if value})

    def current(self) -> Form | None:
        """The request being talked about: the first that is not put aside."""
        return next((form for form in self.forms if not form.parked), None)

    def goes_on_at(self, now: datetime, *, written: bool = False) -> bool:
        """Whether a turn at `now` continues this conversation. A clock that jumped back counts as going on."""
        longest = WAITS_FOR if written and self.current() is not None else GOES_ON_FOR
        return self.updated_at is not None and now - datetime.fromisoformat(self.updated_at) <= longest

    def begun_anew(self) -> Memory:
        """A new conversation under the same session: how the person likes to be spoken to stays, and the counts that
        make keys unique; what was under way is gone."""
        return Memory(
            form_count=self.form_count,
            emergencies=self.emergencies,
            turns=self.turns,
            pace=self.pace,
            loudness=self.loudness,
            orders=list(self.orders),
            updated_at=self.updated_at,
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Memory:
        """Read what `to_json` wrote; fields that a newer or older version does not know are left out."""
        known = {key: value for key, value in raw.items() if key in cls.__dataclass_fields__}
        known["forms"] = [Form(**_known(Form, form)) for form in known.get("forms", [])]
        if dropped := known.get("dropped"):
            known["dropped"] = Form(**_known(Form, dropped))
        if pending := known.get("pending"):
            known["pending"] = Pending(**_known(Pending, pending))
        return cls(**known)


def _known(kind: type, raw: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key in kind.__dataclass_fields__}  # type: ignore[attr-defined]
