"""Whether a call did what its script expects; every difference in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from voice.call import Event

CLOSED = ("cancelled", "done")
FLAGS = ("emergency", "handoff")
KNOWN = frozenset(
    {"orders", "reason", "heard", "says", "says_never", "events", "events_never", "most_turns", *FLAGS}
)


def faults(expect: Mapping[str, Any], events: Sequence[Event], stuck: str | None = None) -> list[str]:
    """Compare. `expect` and its keys: `tests/calls/README.md`."""
    found = [] if stuck is None else [stuck]
    found += [f"the script expects {key}, which nobody knows" for key in set(expect) - KNOWN]
    found += _order_faults(expect.get("orders", []), events)
    kinds = [event["event"] for event in events]
    for flag in FLAGS:
        wanted = expect.get(flag, False)
        if wanted != "any" and wanted != (flag in kinds):
            found.append(f"{flag} is {flag in kinds}, expected {wanted}")
    found += [f"no event {kind}" for kind in expect.get("events", ()) if kind not in kinds]
    found += [f"an event {kind}" for kind in expect.get("events_never", ()) if kind in kinds]
    found += _text_faults(expect, events)
    ended = next((event["reason"] for event in events if event["event"] == "ended"), None)
    if "reason" in expect and ended != expect["reason"]:
        found.append(f"the call ended by {ended}, expected {expect['reason']}")
    return found


def orders_of(events: Sequence[Event]) -> list[Event]:
    """Every order by its last state."""
    return list({event["number"]: event for event in events if event["event"] == "order"}.values())


def _order_faults(wanted: Any, events: Sequence[Event]) -> Iterator[str]:
    left = orders_of(events)
    if wanted == "any":
        return
    for want in wanted:
        ranked = sorted(left, key=lambda order: len(list(_mismatches(want, order))))
        if not ranked:
            yield f"no order for {want['item']}"
            continue
        left.remove(ranked[0])
        yield from _mismatches(want, ranked[0])
    yield from (f"an order too many: {order['item']}" for order in left)


def _mismatches(want: Mapping[str, Any], order: Event) -> Iterator[str]:
    for key in ("item", "beneficiary", "time", "phone"):
        if key in want and order[key] != want[key]:
            yield f"{want['item']}: {key} is {order[key]!r}, expected {want[key]!r}"
    if "time_startswith" in want and not (order["time"] or "").startswith(str(want["time_startswith"])):
        yield f"{want['item']}: time is {order['time']!r}, expected {want['time_startswith']}…"
    if (want.get("status", "open") == "open") == (order["status"] in CLOSED):
        yield f"{want['item']}: status is {order['status']}"


def _text_faults(expect: Mapping[str, Any], events: Sequence[Event]) -> Iterator[str]:
    heard = [event["text"] for event in events if event["event"] == "heard"]
    said = [event["text"] for event in events if event["event"] == "reply"]
    for key, texts in (("heard", heard), ("says", said)):
        for pattern in expect.get(key, ()):
            if not any(re.search(pattern, text) for text in texts):
                yield f"never {key} {pattern!r}"
    for pattern in expect.get("says_never", ()):
        yield from (f"said {text!r}" for text in said if re.search(pattern, text))
    if len(heard) > expect.get("most_turns", len(heard)):
        yield f"took {len(heard)} turns, at most {expect['most_turns']} expected"
