"""The review list in the staff console: sentences that were not understood, and what they mean."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.review import MOST_LABELS, Sentence, SentenceNotFoundError
from backend.services.ports import UnitOfWork
from backend.services.review import DecideSentence, decide_sentence
from backend.web.desk import Desk
from backend.web.guard import ForbiddenError, Form, Visit
from backend.web.orders import Notice
from config.catalogue import load_catalogue

# What the line learns concerns everybody who calls: as the logins, it is for whoever runs the installation.
ACTION = "staff.manage"
A_PAGE = 10  # sentences; each brings lists of forty meanings
LIST = "/staff/review"


def review_router(desk: Desk) -> APIRouter:
    """`/staff/review` and its forms."""
    router = APIRouter()
    visitor, checked_form = Depends(desk.guard.visit), Depends(desk.guard.form)
    items = {code: item.name for code, item in load_catalogue().items()}
    talk = dict(desk.words.group("review.talk"))
    names = items | talk

    def page(visit: Visit, *, status: int = 200, **values: Any) -> HTMLResponse:
        with desk.store.reading() as uow:
            listed = {"sentences": uow.review.waiting(A_PAGE), "count": uow.review.count_waiting()}
        return desk.pages.page(
            "staff/review.html", visit, status=status, most=MOST_LABELS, items=items, talk=talk, names=names,
            **listed, **values,
        )  # fmt: skip

    @router.get(LIST)
    def show(request: Request, visit: Visit = visitor) -> HTMLResponse:
        _need(visit)
        with desk.store.reading() as uow:
            done = _decided(uow, request.query_params.get("done", ""))
        return page(visit, notice=None, done=done)

    @router.post(f"{LIST}/{{sentence_id}}")
    def decide(sentence_id: int, form: Form = checked_form) -> Response:
        """The labels chosen, or with the button «reject» none."""
        _need(form.visit)
        rejected = form.text("do") == "reject"
        labels = () if rejected else _chosen(form)
        if not rejected and not (labels and set(labels) <= set(names)):
            return page(form.visit, status=409, notice=Notice(desk.words("review.choose")), done=None)
        command = DecideSentence(sentence_id, labels, form.visit.user.login, form.visit.now)
        with desk.store.unit_of_work() as uow:
            was_first = decide_sentence(command, uow)
            uow.commit()
        if not was_first:
            return page(form.visit, status=409, notice=Notice(desk.words("review.gone")), done=None)
        return RedirectResponse(f"{LIST}?done={sentence_id}", status_code=303)

    @router.post(f"{LIST}/{{sentence_id}}/back")
    def back(sentence_id: int, form: Form = checked_form) -> Response:
        _need(form.visit)
        with desk.store.unit_of_work() as uow:
            uow.review.take_back(sentence_id)
            uow.commit()
        return RedirectResponse(LIST, status_code=303)

    return router


def _chosen(form: Form) -> tuple[str, ...]:
    """The labels of the lists, each once."""
    chosen = (form.text(f"label{number}") for number in range(1, MOST_LABELS + 1))
    return tuple(dict.fromkeys(label for label in chosen if label))


def _decided(uow: UnitOfWork, given: str) -> Sentence | None:
    """The sentence that was decided a moment ago, to be taken back if that was a slip."""
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        return None
    try:
        sentence = uow.review.get(int(given))
    except SentenceNotFoundError:
        return None
    return sentence if sentence.decided_at else None


def _need(visit: Visit) -> None:
    if not visit.may(ACTION):
        raise ForbiddenError
