"""The relatives of an elder in the staff console: who is bound, a code to read out, a magnet for the fridge, taking back."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import segno
from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.family import BindingGoneError, Rights
from backend.domain.people import Elder
from backend.services.access_ports import Access
from backend.services.bind_family import fresh_code, issue_code, issue_magnet, revoke_binding
from backend.services.family_commands import IssueCode, RevokeBinding
from backend.services.ports import ElderNotFoundError, StaleError, UnitOfWork
from backend.web.api.show import mask_name
from backend.web.desk import Desk
from backend.web.guard import ForbiddenError, Form, Visit
from backend.web.orders import Notice

VIEW, EDIT = "people.view", "people.edit"
TRIES = 5  # of drawing a code that is not open yet

Links = Mapping[str, Callable[[str], str]]


def family_router(desk: Desk) -> APIRouter:
    """`/staff/elders/ID/family` and its forms."""
    router = APIRouter()
    visitor, checked_form = Depends(desk.guard.visit), Depends(desk.guard.form)

    def page(
        visit: Visit, elder_id: int, *, notice: Notice | None = None, code: str | None = None
    ) -> HTMLResponse:
        with desk.store.reading() as uow:
            elder, bindings = person_seen(uow, elder_id, visit), uow.families.of_elder(elder_id)
        name = elder.name if visit.reveals_person(elder) else mask_name(elder.name)
        return desk.pages.page(
            "staff/family.html", visit, notice=notice, code=code, edits=visit.may(EDIT), elder=elder, name=name,
            bindings=bindings,
        )  # fmt: skip

    @router.get("/staff/elders/{elder_id}/family")
    def show(elder_id: int, visit: Visit = visitor) -> HTMLResponse:
        _need(visit, VIEW)
        return page(visit, elder_id)

    @router.post("/staff/elders/{elder_id}/family/code")
    def code(elder_id: int, form: Form = checked_form) -> HTMLResponse:
        """Shown once, in the answer itself: staff read it out, and it stands nowhere else."""
        _need(form.visit, EDIT)
        drawn = _issue(desk, elder_id, form)
        return page(form.visit, elder_id, code=drawn)

    @router.post("/staff/elders/{elder_id}/family/magnet")
    def magnet(elder_id: int, request: Request, form: Form = checked_form) -> HTMLResponse:
        """A page to print. The word behind its QR codes stands nowhere else."""
        _need(form.visit, EDIT)
        visit, links = form.visit, getattr(request.app.state, "magnet_links", {})
        with desk.store.unit_of_work() as uow:
            elder = person_seen(uow, elder_id, visit)
            word = issue_magnet(elder_id, _rights(form), uow, at=visit.now, by=visit.user.login)
            _note(uow, visit, request, "magnet", elder_id)
            uow.commit()
        codes = {name: code for name, link in links.items() if (code := _qr(link, word)) is not None}
        return desk.pages.page("staff/magnet.html", visit, elder=elder, codes=codes)

    @router.post("/staff/elders/{elder_id}/family/{binding_id}/revoke")
    def revoke(elder_id: int, binding_id: int, form: Form = checked_form) -> Response:
        _need(form.visit, EDIT)
        try:
            with desk.store.unit_of_work() as uow:
                person_seen(uow, elder_id, form.visit)
                if uow.families.get(binding_id).elder_id != elder_id:
                    raise BindingGoneError(binding_id)
                revoke_binding(RevokeBinding(binding_id, form.visit.now, form.visit.user.login), uow)
                uow.commit()
        except BindingGoneError:
            return page(form.visit, elder_id, notice=Notice(desk.words("family.gone")))
        return RedirectResponse(f"/staff/elders/{elder_id}/family", status_code=303)

    return router


def person_seen(uow: UnitOfWork, elder_id: int, visit: Visit) -> Elder:
    """The record, if it is in reach. Raises ElderNotFoundError: whoever lives elsewhere is as if they were not there."""
    elder = uow.people.get(elder_id)
    if not visit.sees_person(elder):
        raise ElderNotFoundError(elder_id)
    return elder


def _issue(desk: Desk, elder_id: int, form: Form) -> str:
    visit = form.visit
    for _ in range(TRIES):
        drawn = fresh_code()
        try:
            with desk.store.unit_of_work() as uow:
                person_seen(uow, elder_id, visit)
                issue_code(IssueCode(elder_id, drawn, visit.now, visit.user.login, _rights(form)), uow)
                uow.commit()
        except StaleError:
            continue
        return drawn
    raise StaleError("no code could be drawn")


def _rights(form: Form) -> Rights:
    return Rights(*(form.text(name) == "on" for name in ("order", "see", "emergency")))


def _qr(link: Callable[[str], str], word: str) -> Markup | None:
    """The QR code as SVG; None when this platform can not be reached just now."""
    try:
        address = link(word)
    except Exception:
        # Whatever channel it is: a magnet with the other code is better than none.
        return None
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=6, border=2, xmldecl=False, svgns=True)
    return Markup(out.getvalue().decode())  # noqa: S704 (made here, of black and white squares)


def _need(visit: Visit, action: str) -> None:
    if not visit.may(action):
        raise ForbiddenError


def _note(uow: UnitOfWork, visit: Visit, request: Request, action: str, elder_id: int) -> None:
    source: Any = request.client.host if request.client else ""
    uow.access_log.note([Access(visit.now, visit.user.login, None, action, "person", str(elder_id), source)])
