"""The calls that the line is to make, as the database keeps them: which is due, who makes it, what came of it. Blocking.

Before it rings, a try is stored as cut off, and the call is leased for a minute at a time: a process that dies in the middle
leaves a call that the next one makes again by the rules. Two processes never make the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from backend.services.alerts import OPEN_FOR, acknowledge_alert
from backend.services.family_commands import AcknowledgeAlert
from backend.services.family_ports import OutboundCall
from backend.services.ports import Stores, UnitOfWork
from bot.order_calls import BATCH, OBSOLETE, is_obsolete, keep_answers, plan_calls, plan_care, values_of
from bot.questionnaire import Questionnaire
from bot.spoken_message import SpokenMessage
from config.outbound import CallKind, LifeRules, OutboundRules
from voice.conversation import Answering
from voice.outbound import Result, Verdict, Wanted, due_now, next_try

log = structlog.get_logger()

LOOK_AT = 50  # due calls at a time
KEEP = timedelta(days=30)  # what came of a call
NEWS, CALL_BACK = "news", "callback"  # kinds of calls; one that the rules do not name is taken for news


class CallBook:
    """Safe to call from several threads. `clock`: naive local time (Asia/Shanghai)."""

    def __init__(self, store: Stores, rules: OutboundRules, clock: Callable[[], datetime]) -> None:
        self._store, self._rules, self._clock = store, rules, clock

    def claim_next(self) -> OutboundCall | None:
        """The next call that is due, now this process's; None when there is none."""
        now = self._clock()
        with self._store.unit_of_work() as uow:
            if left := uow.calls.call_up(now):
                log.warning("calls_cut_off_with_their_process", calls=left)
            under_way = uow.calls.under_way(now)
            due = uow.calls.due(now, most=LOOK_AT)
            calls = {str(call.id): call for call in due if not self._is_obsolete(call, now, uow)}
            refused = {call.phone for call in calls.values() if uow.calls.refuses(call.phone)}
            wanted = [self._wanted(call) for call in calls.values()]
            for one in wanted:
                self._put_aside(calls[one.id], one, refused, now, uow)
            chosen = due_now(
                wanted, now, self._rules, do_not_call=refused,
                busy={call.phone for call in under_way}, under_way=len(under_way),
            )  # fmt: skip
            claimed = self._claim(calls[chosen[0].id], now, uow) if chosen else None
            uow.commit()
        return claimed

    @staticmethod
    def _is_obsolete(call: OutboundCall, now: datetime, uow: UnitOfWork) -> bool:
        if not is_obsolete(call, uow, now):
            return False
        uow.calls.settle(call, OBSOLETE)
        log.info("outbound_not_made", call=call.id, why=OBSOLETE)
        return True

    def plan(self) -> None:
        """Want the calls that orders have set off meanwhile, and once a day those of the care for people."""
        while self._planned(plan_calls) >= BATCH:
            pass  # there may be more events
        self._planned(plan_care)

    def _planned(self, plan: Callable[[UnitOfWork, datetime, LifeRules], int]) -> int:
        with self._store.unit_of_work() as uow:
            count = plan(uow, self._clock(), self._rules.life)
            uow.commit()
        return count

    def values_of(self, call: OutboundCall) -> Mapping[str, str]:
        """What is filled into its words, as things stand now."""
        with self._store.reading() as uow:
            return values_of(call, uow, self._clock(), self._rules)

    def _put_aside(
        self, call: OutboundCall, wanted: Wanted, refused: set[str], now: datetime, uow: UnitOfWork
    ) -> None:
        """What is not to be made, or not at this hour, does not stand in the way of the others."""
        when = next_try(wanted, now, self._rules, refused)
        if isinstance(when, Verdict):
            uow.calls.settle(call, when.value)
            log.info("outbound_not_made", call=call.id, why=when.value)
        elif when > now:
            uow.calls.put_off(call, when)

    @staticmethod
    def _claim(call: OutboundCall, now: datetime, uow: UnitOfWork) -> OutboundCall | None:
        return uow.calls.claim(replace(call, tried=(*call.tried, (now, Result.CUT_OFF.value))), now)

    def _wanted(self, call: OutboundCall) -> Wanted:
        kind = self.kind_of(call)
        expires = None
        if kind.expires_min is not None:
            expires = call.wanted_at + timedelta(minutes=kind.expires_min)
        tried = tuple((at, Result(result)) for at, result in call.tried)
        return Wanted(str(call.id), call.phone, kind, call.wanted_at, expires, tried=tried)

    def kind_of(self, call: OutboundCall) -> CallKind:
        kind = self._rules.kinds.get(call.reason, self._rules.kinds[NEWS])
        return replace(kind, emergency=kind.emergency or call.urgent)

    def renew(self, call: OutboundCall) -> None:
        """It is still being made."""
        with self._store.unit_of_work() as uow:
            uow.calls.renew(call, self._clock())
            uow.commit()

    def note(self, call: OutboundCall, result: Result, answering: Answering | None) -> None:
        """What came of it, and what was said in it if a person answered."""
        now = self._clock()
        tried = replace(call, tried=(*call.tried[:-1], (now, result.value)))
        with self._store.unit_of_work() as uow:
            state, when = "", next_try(self._wanted(tried), now, self._rules, ())
            if isinstance(answering, SpokenMessage):
                state = self._obey(call, answering, now, uow)
            if isinstance(answering, Questionnaire) and isinstance(when, Verdict):
                if answering.no_more_calls:
                    uow.calls.refuse(call.phone, now)
                keep_answers(call, answering, uow, now, self._rules)
            if isinstance(when, Verdict):
                uow.calls.settle(tried, state or when.value)
            else:
                uow.calls.put_off(tried, when)
            uow.commit()
        log.info(
            "outbound_called", call=call.id, reason=call.reason, result=result.value, tries=len(tried.tried)
        )

    @staticmethod
    def _obey(call: OutboundCall, message: SpokenMessage, now: datetime, uow: UnitOfWork) -> str:
        """Do what the person has said; how the call is then remembered, where that is more than «done»."""
        if message.no_more_calls:
            uow.calls.refuse(call.phone, now)
        if not message.acknowledged:
            return ""
        for alert in uow.alerts.open_of(call.phone, since=now - OPEN_FOR):
            acknowledge_alert(AcknowledgeAlert(alert.id, call.phone, now), uow)
        return "acknowledged"

    def give_back(self, call: OutboundCall) -> None:
        """It was not tried at all."""
        with self._store.unit_of_work() as uow:
            uow.calls.put_off(replace(call, tried=call.tried[:-1]), self._clock())
            uow.commit()

    def forget(self) -> None:
        """What is over for long."""
        with self._store.unit_of_work() as uow:
            uow.calls.forget_before(self._clock() - KEEP)
            uow.commit()


def call_back_key(call_id: str) -> str:
    """Whoever asks for a call back of this call: nobody is called back twice."""
    return f"{CALL_BACK}:{call_id}"


def call_back(store: Stores, clock: Callable[[], datetime]) -> Callable[[str, str], None]:
    """What wants a call to somebody whose call was cut off (number, id of that call). Blocking."""

    def want(caller: str, call_id: str) -> None:
        with store.unit_of_work() as uow:
            uow.calls.want(caller, "", key=call_back_key(call_id), reason=CALL_BACK, urgent=False, at=clock())
            uow.commit()

    return want
