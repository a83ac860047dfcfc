"""Orders, people and the rest as the API shows them. Who may not see personal data in full gets it masked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.domain.access import Reach
from backend.domain.order import HistoryRow, Order
from backend.domain.people import Contact, Elder
from backend.domain.providers import Provider, Worker
from backend.domain.queue import Task
from backend.services.access import thing_of
from backend.services.access_ports import Access, Delivery, Token, Webhook
from backend.services.offer_order import RankedWorker
from backend.web.guard import is_of_the_line
from backend.web.present import mask_phone

MASK = "***"


def mask_name(name: str | None) -> str | None:
    """The family name stays: 马秀英 → 马***."""
    return name if not name else name[0] + MASK


def mask_place(place: str | None) -> str | None:
    """The first six characters stay, about the town: who plans a route needs no door number."""
    return place if not place else place[:6] + MASK


def order_shown(order: Order, *, full: bool, at: datetime) -> dict[str, Any]:
    """`allowed`: what the table of moves allows at this moment, whoever asks."""
    return {
        "number": order.number,
        "version": order.version,
        "item": order.item,
        "state": order.state.value,
        "department": order.department,
        "region": order.region,
        "assignee": order.assignee,
        "offered_to": order.offered_to,
        "urgency": order.urgency.value,
        "escalation": order.escalation,
        "bundle": order.bundle,
        "placed_at": order.placed_at.isoformat(),
        "wanted": {
            "iso": order.wanted.iso,
            "asap": order.wanted.asap,
            "recurrence": order.wanted.recurrence,
        },
        "beneficiary": order.beneficiary,
        "beneficiary_name": order.beneficiary_name if full else mask_name(order.beneficiary_name),
        "person": order.elder_id,
        "caller": order.caller if full else mask_phone(order.caller) or MASK,
        "phone": order.phone if full else mask_phone(order.phone) or None,
        "place": order.place if full else mask_place(order.place),
        "details": list(order.details) if full else [MASK] * bool(order.details),
        "missing": list(order.missing),
        "allowed": [move.value for move in order.allowed(at)],
        "masked": not full,
    }


def history_shown(row: HistoryRow, version: int, *, full: bool) -> dict[str, Any]:
    return {
        "version": version,
        "at": row.at.isoformat(),
        "actor": row.actor,
        "move": str(row.move),
        "state": row.state.value,
        "reason": row.reason if full or not row.reason else MASK,
        "origin": row.origin,
        "payload": dict(row.payload) if full else {},
    }


def candidate_shown(one: RankedWorker, *, full: bool) -> dict[str, Any]:
    """`total`: the sum of worths (0 to 1) times weights; of whoever is ruled out it counts nothing."""
    return {
        "worker": one.worker.code,
        "name": one.worker.name if full else mask_name(one.worker.name),
        "provider": one.worker.provider,
        "fits": not one.ruled_out,
        "total": round(one.total, 3),
        "why": dict(one.why),
    }


def person_shown(elder: Elder, *, full: bool) -> dict[str, Any]:
    return {
        "id": elder.id,
        "name": elder.name if full else mask_name(elder.name),
        "phones": [phone if full else mask_phone(phone) for phone in elder.phones],
        "address": elder.address if full else mask_place(elder.address),
        "region": elder.region,
        "id_number": elder.id_number if full or not elder.id_number else f"{elder.id_number[:4]}{MASK}",
        "birth_date": elder.birth_date.isoformat() if full and elder.birth_date else None,
        "gender": elder.gender,
        "position": list(elder.position) if full and elder.position else None,
        "categories": list(elder.categories),
        "ability_grade": elder.ability_grade,
        "entitlements": list(elder.entitlements),
        "language": elder.language,
        "pace": elder.pace,
        "loudness": elder.loudness,
        "contacts": [_contact_shown(contact, full=full) for contact in elder.contacts],
        "consent": elder.consent,
        "masked": not full,
    }


def _contact_shown(contact: Contact, *, full: bool) -> dict[str, Any]:
    return {
        "name": contact.name if full else mask_name(contact.name),
        "phone": contact.phone if full else mask_phone(contact.phone),
        "relation": contact.relation,
        "emergency": contact.emergency,
    }


def task_shown(task: Task, *, full: bool) -> dict[str, Any]:
    return {
        "id": task.id,
        "kind": task.kind.value,
        "opened_at": task.opened_at.isoformat(),
        "why": task.why.partition(":")[0],
        "text": task.text if full else MASK,
        "who": task.who if full or is_of_the_line(task) else mask_name(task.who),
        "place": task.place if full else mask_place(task.place),
        "phone": task.phone if full else mask_phone(task.phone) or None,
        "person": task.elder_id,
        "order": task.order_number,
        "region": task.region,
        "acknowledged_at": task.acknowledged_at.isoformat() if task.acknowledged_at else None,
        "acknowledged_by": task.acknowledged_by,
        "note": task.note if full else MASK * bool(task.note),
        "masked": not full,
    }


def provider_shown(provider: Provider, *, full: bool) -> dict[str, Any]:
    return {
        "code": provider.code,
        "name": provider.name,
        "department": provider.department,
        "region": provider.region,
        "items": list(provider.items),
        "phone": provider.phone if full else mask_phone(provider.phone) or None,
    }


def worker_shown(worker: Worker, *, full: bool) -> dict[str, Any]:
    return {
        "code": worker.code,
        "name": worker.name if full else mask_name(worker.name),
        "provider": worker.provider,
        "region": worker.region,
        "items": list(worker.items),
        "phone": worker.phone if full else mask_phone(worker.phone) or None,
    }


def token_shown(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "owner": token.owner,
        "name": token.name,
        "scopes": list(token.scopes),
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "last_used_at": token.last_used_at.isoformat() if token.last_used_at else None,
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
    }


def webhook_shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "owner": webhook.owner,
        "url": webhook.url,
        "events": list(webhook.events),
        "created_at": webhook.created_at.isoformat(),
    }


def delivery_shown(delivery: Delivery) -> dict[str, Any]:
    return {
        "event": delivery.event,
        "name": delivery.name,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_at": delivery.next_at.isoformat() if delivery.state == "waiting" else None,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
    }


def access_shown(access: Access) -> dict[str, Any]:
    return {
        "id": access.id,
        "at": access.at.isoformat(),
        "actor": access.actor,
        "token": access.token,
        "action": access.action,
        "kind": access.kind,
        "key": access.key,
        "source": access.source,
    }


def page_shown(items: list[dict[str, Any]], cursor: str | None) -> Mapping[str, Any]:
    """One page of a list; `next` is the cursor of the page after it, or null."""
    return {"items": items, "next": cursor}


def sees_in_full(reveal: Reach | None, order: Order) -> bool:
    """Whether the reach of `people.reveal` covers this order."""
    return reveal is not None and reveal.covers(thing_of(order))
