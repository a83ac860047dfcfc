"""An order as scripts see it."""

from __future__ import annotations

from typing import Any

from backend.domain.order import Order


def order_json(order: Order) -> dict[str, Any]:
    """The fields of the JSON-lines interface. `time` is ISO: a point, a day, a range `A/B`, or None."""
    return {
        "number": order.number,
        "item": order.item,
        "beneficiary": order.beneficiary,
        "time": order.wanted.iso,
        "place": order.place,
        "phone": order.phone,
        "status": order.stage.value,
    }
