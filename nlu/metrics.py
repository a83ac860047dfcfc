"""Figures of merit for understanding: exact sets, items, labels, slots, calibration. Plain counting, no engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlu.data_files import Example
from nlu.understanding import TALK_LABELS, Understanding

HARMLESS = frozenset(
    {"out_of_scope", "greet", "thanks", "goodbye", "help", "repeat", "slower", "louder", "human"}
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One sentence, what it means and what was understood."""

    example: Example
    found: Understanding

    @property
    def meant(self) -> frozenset[str]:
        return frozenset(self.example.labels)

    @property
    def understood(self) -> frozenset[str]:
        return frozenset(self.found.names())

    @property
    def is_exact(self) -> bool:
        return self.meant == self.understood


@dataclass(frozen=True, slots=True)
class LabelFigures:
    label: str
    precision: float
    recall: float
    f1: float
    sentences: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The summary that is printed, compared and gated."""

    sentences: int
    exact: float
    first_right: float
    items_right: float
    macro_f1: float
    emergency_recall: float
    emergency_precision: float
    off_topic_acted_on: float
    slots_f1: float
    calibration_error: float
    by_style: dict[str, tuple[float, int]]
    by_label: tuple[LabelFigures, ...]
    by_slot: dict[str, tuple[float, int]]
    confusions: tuple[tuple[tuple[str, str], int], ...]


def share(values: Iterable[bool]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 1.0


def f1(right: int, found: int, meant: int) -> float:
    return 2 * right / (found + meant) if found + meant else 1.0


def items_of(labels: Iterable[str]) -> frozenset[str]:
    return frozenset(label for label in labels if label not in TALK_LABELS)


def label_figures(judged: Sequence[Judged]) -> tuple[LabelFigures, ...]:
    right: Counter[str] = Counter()
    found: Counter[str] = Counter()
    meant: Counter[str] = Counter()
    for one in judged:
        right.update(one.meant & one.understood)
        found.update(one.understood)
        meant.update(one.meant)
    return tuple(
        LabelFigures(
            label,
            right[label] / found[label] if found[label] else 1.0,
            right[label] / meant[label] if meant[label] else 1.0,
            f1(right[label], found[label], meant[label]),
            meant[label],
        )
        for label in sorted(meant)
    )


def slot_figures(judged: Sequence[Judged]) -> dict[str, tuple[float, int]]:
    """Strict F1 by slot: the same slot over the same words; «all» sums up. Inform sentences and requests alike."""
    right: Counter[str] = Counter()
    found: Counter[str] = Counter()
    meant: Counter[str] = Counter()
    for one in judged:
        wanted = Counter((span.slot, span.text) for span in one.example.spans)
        got = Counter((slot.slot, slot.text) for slot in one.found.slots if slot.start < slot.end)
        for counter, content in ((right, wanted & got), (found, got), (meant, wanted)):
            for (slot, _), count in content.items():
                counter[slot] += count
                counter["all"] += count
    return {slot: (f1(right[slot], found[slot], meant[slot]), meant[slot]) for slot in sorted(meant)}


def calibration_error(judged: Sequence[Judged], bins: int = 10) -> float:
    """Mean gap between the confidence of the first label and how often it is right."""
    groups: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for one in judged:
        first = one.found.labels[0]
        groups[min(bins - 1, int(first.confidence * bins))].append(
            (first.confidence, first.label in one.meant)
        )
    gaps = [abs(sum(c for c, _ in group) - sum(r for _, r in group)) for group in groups if group]
    return sum(gaps) / max(1, len(judged))


def confusions(judged: Sequence[Judged]) -> tuple[tuple[tuple[str, str], int], ...]:
    """(meant, understood) -> count, over labels missed and labels invented, most frequent first."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in judged:
        missed, invented = one.meant - one.understood, one.understood - one.meant
        for label in missed:
            counted.update((label, other) for other in invented or {"–"})
        if not missed:
            counted.update(("–", other) for other in invented)
    return tuple(counted.most_common())


def figures(judged: Sequence[Judged]) -> Figures:
    """All figures of a judged set."""
    by_label = label_figures(judged)
    by_slot = slot_figures(judged)
    emergency = next((line for line in by_label if line.label == "emergency"), None)
    styles = sorted({one.example.style for one in judged})
    with_items = [one for one in judged if items_of(one.meant)]
    off_topic = [one for one in judged if one.meant == {"out_of_scope"}]
    return Figures(
        sentences=len(judged),
        exact=share(one.is_exact for one in judged),
        first_right=share(one.found.labels[0].label in one.meant for one in judged),
        items_right=share(items_of(one.meant) == items_of(one.understood) for one in with_items),
        macro_f1=sum(line.f1 for line in by_label) / max(1, len(by_label)),
        emergency_recall=emergency.recall if emergency else 1.0,
        emergency_precision=emergency.precision if emergency else 1.0,
        off_topic_acted_on=share(not one.understood <= HARMLESS for one in off_topic) if off_topic else 0.0,
        slots_f1=by_slot["all"][0] if "all" in by_slot else 1.0,
        calibration_error=calibration_error(judged),
        by_style={
            style: (share(one.is_exact for one in judged if one.example.style == style),
                    sum(one.example.style == style for one in judged))
            for style in styles
        },
        by_label=by_label,
        by_slot=by_slot,
        confusions=confusions(judged),
    )  # fmt: skip
