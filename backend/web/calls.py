"""Recorded calls in the staff console: the list, one call with its words and its sound. Each listening is noted."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from backend.services.call_ports import CallRecord, Recordings, RecordingUnreadableError
from backend.services.care_ports import CareRecord
from backend.web.desk import Desk
from backend.web.guard import ForbiddenError, Visit
from config.outbound import load_outbound_rules
from config.turn_taking import load_turn_rules

log = logging.getLogger(__name__)

LISTENED = "calls.listen"
LIST = "/staff/calls"
A_PAGE = 50  # calls
CARE_CALL = "care_call"  # in config/outbound.yaml
# Confidences are chances of being right: what is below is to be read with doubt.
LOW_CONFIDENCE = 0.6


def calls_router(desk: Desk, recordings: Recordings) -> APIRouter:
    """`/staff/calls`, `/staff/calls/ID`, and its sound below it."""
    router = APIRouter()
    visitor = Depends(desk.guard.visit)
    longest = timedelta(milliseconds=load_turn_rules().call.emergency_longest_ms)

    def is_cut_off(call: CallRecord, now: datetime) -> bool:
        """Its process was killed. One that began a moment ago may still be going on."""
        return call.ended is None and now - call.began > longest

    @router.get(LIST)
    def show_all(request: Request, visit: Visit = visitor) -> HTMLResponse:
        _need(visit)
        with desk.store.reading() as uow:
            calls = uow.call_records.page(before=_before(request), limit=A_PAGE + 1)
        more = calls[A_PAGE - 1].id if len(calls) > A_PAGE else None
        return desk.pages.page(
            "staff/calls.html", visit, calls=calls[:A_PAGE], more=more, is_cut_off=is_cut_off
        )

    @router.get(f"{LIST}/{{call_id}}")
    def show(call_id: int, visit: Visit = visitor) -> HTMLResponse:
        _need(visit)
        with desk.store.reading() as uow:
            call = uow.call_records.get(call_id)
            care = uow.care.of_session(call.session)
        goes_on = call.ended is None and not is_cut_off(call, visit.now)
        story, is_broken = None, False
        try:
            story = recordings.story(call)
        except RecordingUnreadableError as problem:
            log.error("recording of call %s unreadable: %s", call.id, problem)
            is_broken = True
        return desk.pages.page(
            "staff/call.html", visit, call=call, story=story, is_broken=is_broken, low=LOW_CONFIDENCE,
            is_cut_off=is_cut_off, goes_on=goes_on, care=_answers(care) if care else (),
        )  # fmt: skip

    @router.get(f"{LIST}/{{call_id}}/live")
    def live(call_id: int, visit: Visit = visitor) -> HTMLResponse:
        """What was said so far; once the call is over, the whole page is fetched again."""
        _need(visit)
        with desk.store.reading() as uow:
            call = uow.call_records.get(call_id)
            lines = uow.contacts.lines(call.session)
        page = desk.pages.page("staff/call_live.html", visit, call=call, lines=lines)
        if call.ended is not None:
            page.headers["HX-Refresh"] = "true"
        return page

    @router.get(f"{LIST}/{{call_id}}/sound.wav")
    def sound(call_id: int, request: Request, visit: Visit = visitor) -> Response:
        _need(visit)
        with desk.store.reading() as uow:
            call = uow.call_records.get(call_id)
        try:
            wav = recordings.wav(call)
        except RecordingUnreadableError:
            wav = None
        if wav is None:
            return PlainTextResponse("not found", status_code=404)
        desk.note_look(visit, request, LISTENED, "call", str(call_id))
        headers = {"Cache-Control": "no-store", "Content-Disposition": "inline"}
        return Response(wav, media_type="audio/wav", headers=headers)

    return router


def _answers(care: CareRecord) -> list[tuple[str, str]]:
    """What was asked, in the words of the form, and what was answered."""
    asked = {one.key: one.text for one in load_outbound_rules().kinds[CARE_CALL].questions}
    return [(asked.get(key, key), str(given.get("text", ""))) for key, given in care.answers.items()]


def _before(request: Request) -> int | None:
    given = request.query_params.get("before", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def _need(visit: Visit) -> None:
    if not visit.hears_calls:
        raise ForbiddenError
