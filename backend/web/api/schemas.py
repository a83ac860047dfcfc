"""The bodies that the API takes, with their limits. Unknown fields are refused: a misspelt one must not be lost silently."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from backend.domain.order import Move, State, Wanted
from backend.domain.payload import check_payload
from backend.domain.phone import normal_phone
from backend.domain.wanted import RULE_MEANT, is_rule, moments
from config.catalogue import load_catalogue
from config.organisation import load_departments, load_people_words, load_regions

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Phone = Annotated[str, StringConstraints(min_length=5, max_length=64)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class WantedIn(Body):
    """When it is wanted."""

    iso: str | None = Field(
        None, max_length=64,
        description="A point, a day, or a range A/B; local time without offset, from yesterday to two years ahead.",
        examples=["2026-11-24T14:00/2026-11-24T18:00"],
    )  # fmt: skip
    asap: bool = Field(False, description="As soon as possible.")
    recurrence: str | None = Field(
        None, max_length=200,
        description="RFC 5545 RRULE of FREQ (DAILY, WEEKLY, MONTHLY), INTERVAL, BYDAY, BYMONTHDAY, BYHOUR, UNTIL; `iso` is the first time.",
        examples=["FREQ=WEEKLY;BYDAY=MO,TH"],
    )  # fmt: skip

    @field_validator("iso")
    @classmethod
    def _is_a_time(cls, iso: str | None) -> str | None:
        if iso is not None:
            moments(iso)  # the same rules as for a move to another time
        return iso

    @field_validator("recurrence")
    @classmethod
    def _is_a_rule(cls, rule: str | None) -> str | None:
        if rule is not None and not is_rule(rule):
            raise ValueError(f"must be {RULE_MEANT}")
        return rule

    def at(self, now: datetime) -> Wanted:
        """What is wanted. Raises PayloadError when it lies too far from `now`."""
        if self.iso is not None:
            check_payload(Move.RESCHEDULE, State.PLACED, {"iso": self.iso}, at=now)
        return Wanted(self.iso, self.asap, self.recurrence)


class OrderIn(Body):
    """An order to be placed."""

    item: str = Field(description="Code of the item, see `/catalogue`.", examples=["meal"])
    caller: Phone = Field(description="Who orders: a phone number.", examples=["13909510001"])
    beneficiary: Name = Field("self", description="For whom, seen from the caller; `self` for themselves.")
    beneficiary_name: Name | None = Field(None, examples=["马秀英"])
    person: int | None = Field(None, ge=1, le=2**31 - 1, description="Id of the person in the records.")
    phone: Phone | None = Field(None, description="Where to call back, when not the caller's number.")
    place: Text | None = Field(None, examples=["银川市金凤区长城花园3号楼2单元501"])
    region: str | None = Field(None, description="Code of the region; else it is read from the address.")
    wanted: WantedIn = Field(default_factory=lambda: WantedIn.model_validate({"asap": True}))
    details: list[Text] = Field(default_factory=list, max_length=20, examples=[["一份", "软和点"]])
    gender: Literal["f", "m"] | None = Field(None, description="Who is wished for, where it matters.")
    bundle: Code | None = Field(None, description="Orders of one request that belong together.")

    @field_validator("item")
    @classmethod
    def _is_offered(cls, item: str) -> str:
        if item not in load_catalogue():
            raise ValueError("no such item: see /catalogue")
        return item

    @field_validator("region")
    @classmethod
    def _is_served(cls, region: str | None) -> str | None:
        return checked_region(region)

    @field_validator("caller", "phone")
    @classmethod
    def _is_a_number(cls, phone: str | None) -> str | None:
        return checked_phone(phone)


class MoveIn(Body):
    """A move of an order."""

    move: Move = Field(examples=["accept"])
    reason: Annotated[str, StringConstraints(max_length=500)] = Field("", examples=["老人住院了"])
    payload: dict[str, Any] = Field(
        default_factory=dict, max_length=20, description="What the move needs, for example the department.",
        examples=[{"assignee": "hs-yc-1"}],
    )  # fmt: skip


class ContactIn(Body):
    """A relative or neighbour."""

    name: Name
    phone: Phone
    relation: Name
    emergency: bool = True

    @field_validator("phone")
    @classmethod
    def _is_a_number(cls, phone: str) -> str:
        return checked_phone(phone) or phone


class PersonIn(Body):
    """What is to be changed of a person; what is left out stays."""

    name: Name | None = None
    phones: list[Phone] | None = Field(None, max_length=5, examples=[["13909510001"]])
    address: Text | None = None
    region: str | None = None
    categories: list[str] | None = Field(None, max_length=20, examples=[["living_alone"]])
    ability_grade: int | None = Field(None, ge=0, le=4)
    language: Name | None = None
    pace: int | None = Field(None, ge=0, le=3)
    loudness: int | None = Field(None, ge=0, le=2)
    contacts: list[ContactIn] | None = Field(None, max_length=10)
    gender: Literal["f", "m"] | None = None
    position: tuple[Latitude, Longitude] | None = Field(
        None, description="Of the home, in degrees.", examples=[[38.474, 106.228]]
    )
    consent: bool | None = None

    @field_validator("phones")
    @classmethod
    def _are_numbers(cls, phones: list[str] | None) -> list[str] | None:
        return None if phones is None else [checked_phone(phone) or phone for phone in phones]

    @field_validator("region")
    @classmethod
    def _is_served(cls, region: str | None) -> str | None:
        return checked_region(region)

    @field_validator("categories")
    @classmethod
    def _are_groups(cls, categories: list[str] | None) -> list[str] | None:
        if unknown := set(categories or ()) - set(load_people_words().groups):
            raise ValueError(f"unknown groups: {', '.join(sorted(unknown))}")
        return categories


class TakeTaskIn(Body):
    """Taking a task on."""

    note: Annotated[str, StringConstraints(max_length=500)] = ""


class DayPlanIn(Body):
    """A day of a department to be planned."""

    department: str = Field(examples=["home_service"])
    region: str | None = Field(None, description="Code of the region; else yours, or all of it.")
    day: date
    absent: list[Code] = Field(
        default_factory=list, max_length=200, description="Workers who do not come that day."
    )
    at: dict[Code, tuple[Latitude, Longitude]] = Field(
        default_factory=dict, max_length=500, description="Where workers are by now, in degrees.",
        examples=[{"hs-yc-1": [38.474, 106.228]}],
    )  # fmt: skip

    @field_validator("department")
    @classmethod
    def _is_one(cls, department: str) -> str:
        if department not in load_departments().by_code:
            raise ValueError("no such department: see /departments")
        return department

    @field_validator("region")
    @classmethod
    def _is_served(cls, region: str | None) -> str | None:
        return checked_region(region)


class AbsenceIn(Body):
    """A day on which somebody does not come."""

    day: date


class WebhookIn(Body):
    """An address to be told of events."""

    url: str = Field(max_length=500, examples=["https://mz.example.gov.cn/nuanxian"])
    events: list[Code] = Field(default_factory=list, max_length=50, description="Names of events; none: all.")


class TokenIn(Body):
    """A token for yourself; it never reaches further than you do."""

    name: Name = Field(examples=["统计平台"])
    scopes: list[str] = Field(min_length=1, max_length=40, examples=[["order.view"]])
    days: int = Field(90, ge=1, le=366)


def checked_region(region: str | None) -> str | None:
    if region is not None and region not in load_regions():
        raise ValueError("no such region: see /regions")
    return region


def checked_phone(phone: str | None) -> str | None:
    """The digits. Raises ValueError for what is no phone number."""
    if phone is None:
        return None
    digits = normal_phone(phone)
    if digits is None:
        raise ValueError("is no phone number")
    return digits
