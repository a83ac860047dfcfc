"""Recorded calls in the staff console: the list, one call with its words and its sound. Each listening is noted."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from backend.services.access_ports import Access
from backend.services.call_ports import CallRecord, Recordings, RecordingUnreadableError
from backend.web.desk import Desk
from backend.web.guard import ForbiddenError, Visit
from config.turn_taking import load_turn_rules

log = logging.getLogger(__name__)

LISTENED = "calls.listen"
LIST = "/staff/calls"
A_PAGE = 50  # calls
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
        story, is_broken = None, False
        try:
            story = recordings.story(call)
        except RecordingUnreadableError as problem:
            log.error("recording of call %s unreadable: %s", call.id, problem)
            is_broken = True
        return desk.pages.page(
            "staff/call.html", visit, call=call, story=story, is_broken=is_broken, low=LOW_CONFIDENCE,
            is_cut_off=is_cut_off,
        )  # fmt: skip

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
        source = request.client.host if request.client else ""
        with desk.store.unit_of_work() as uow:
            uow.access_log.note(
                [Access(visit.now, visit.user.login, None, LISTENED, "call", str(call_id), source)]
            )
            uow.commit()
        headers = {"Cache-Control": "no-store", "Content-Disposition": "inline"}
        return Response(wav, media_type="audio/wav", headers=headers)

    return router


def _before(request: Request) -> int | None:
    given = request.query_params.get("before", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None


def _need(visit: Visit) -> None:
    if not visit.hears_calls:
        raise ForbiddenError
