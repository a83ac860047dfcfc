"""Looks after the telephone: tells staff when no calls can come in, and operators how the lines stand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

import structlog
import yaml
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from backend.domain.queue import TaskKind
from backend.services.commands import OpenTask
from backend.services.open_task import open_task
from backend.services.ports import Stores
from bot.telephone_lines import LineState

log = structlog.get_logger()

LOOK_EVERY_S = 5.0
BEARABLE_S = 60.0  # a trunk that is started anew takes less
SENDER = "telephone"

States = Callable[[], Sequence[LineState]]


class Outage:
    """For how long no call can come in by some line. The clock is handed in: monotonic seconds."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._told = False

    def look(self, problems: Sequence[str], now_s: float, *, bearable_s: float) -> bool | None:
        """True once, when it has lasted too long; False once, when that is over; else None."""
        if not problems:
            told, self._since_s, self._told = self._told, None, False
            return False if told else None
        self._since_s = now_s if self._since_s is None else self._since_s
        if self._told or now_s - self._since_s < bearable_s:
            return None
        self._told = True
        return True


class TelephoneWatch:
    """`run` it beside the lines."""

    def __init__(self, states: States, store: Stores, clock: Callable[[], datetime]) -> None:
        self._states, self._store, self._clock = states, store, clock
        self._outage = Outage()
        self._key = ""  # of the task about the present outage

    async def run(self) -> None:
        while True:
            await self.look(time.monotonic())
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, now_s: float) -> None:
        problems = problems_of(self._states())
        match self._outage.look(problems, now_s, bearable_s=BEARABLE_S):
            case True:
                log.error("telephone_dead", problems=problems)
                self._key = f"telephone:{self._clock().isoformat()}"
                await asyncio.to_thread(self._tell, "dead", "；".join(problems))
            case False:
                log.info("telephone_back")
                await asyncio.to_thread(self._tell, "back", "")

    def _tell(self, notice: str, problems: str) -> None:
        """A task; when the telephone is back, the same task says so."""
        words = _words()
        task = OpenTask(
            key=self._key, kind=TaskKind.HANDOFF, session=SENDER, sender=SENDER, at=self._clock(),
            text=words[notice].format(problems=problems), why="telephone", who=words["who"],
        )  # fmt: skip
        try:
            with self._store.unit_of_work() as uow:
                open_task(task, uow)
                uow.commit()
        except Exception as problem:  # the database may be away as well
            log.error("telephone_not_told", problem=type(problem).__name__)


@cache
def _words() -> Mapping[str, str]:
    """`config/wording/telephone.yaml`."""
    words: Mapping[str, str] = yaml.safe_load(
        files("config.wording").joinpath("telephone.yaml").read_text("utf-8")
    )
    return words


def problems_of(states: Iterable[LineState]) -> list[str]:
    return [f"{state.name}: {state.problem}" for state in states if state.problem]


class TelephoneFigures(Collector):
    """The lines for Prometheus. Labels are the kinds of lines."""

    def __init__(self, states: States) -> None:
        self._states = states

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("nuanxian_line_up", "Calls can come in by this line", labels=["line"])
        registered = GaugeMetricFamily(
            "nuanxian_line_registered", "The trunk has accepted us", labels=["line"]
        )
        calls = GaugeMetricFamily("nuanxian_line_calls", "Calls under way", labels=["line"])
        taken = CounterMetricFamily("nuanxian_line_calls_taken", "Calls since the start", labels=["line"])
        refused = CounterMetricFamily(
            "nuanxian_line_calls_refused", "Calls that came too fast", labels=["line"]
        )
        malformed = CounterMetricFamily(
            "nuanxian_line_malformed", "Packets that could not be read", labels=["line"]
        )
        for state in self._states():
            up.add_metric([state.name], state.problem is None)
            if state.registered is not None:
                registered.add_metric([state.name], state.registered)
            calls.add_metric([state.name], state.calls)
            taken.add_metric([state.name], state.calls_in_all)
            refused.add_metric([state.name], state.refused)
            malformed.add_metric([state.name], state.malformed)
        return up, registered, calls, taken, refused, malformed
