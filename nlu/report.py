"""Writes an evaluation as plain text and as a page with the confusion matrix as a picture."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from nlu.evaluate import Evaluation
from nlu.metrics import Figures

CELL = 16  # pixels of one cell of the matrix
MARGIN = 170  # pixels for the names
NOTHING = "–"


def summary(figures: Figures) -> list[tuple[str, float]]:
    return [
        ("exact set of labels", figures.exact),
        ("first label right", figures.first_right),
        ("items right", figures.items_right),
        ("macro-F1", figures.macro_f1),
        ("emergency recall", figures.emergency_recall),
        ("emergency precision", figures.emergency_precision),
        ("off-topic acted on", figures.off_topic_acted_on),
        ("slots F1 (strict)", figures.slots_f1),
        ("calibration error", figures.calibration_error),
    ]


def as_text(done: Evaluation) -> str:
    """The figures for a terminal."""
    lines = [
        f"{done.clean.sentences} sentences; p50 {done.p50_ms:.1f} ms, p95 {done.p95_ms:.1f} ms, longest {done.longest_ms:.1f} ms"
    ]
    misheard = dict(summary(done.misheard)) if done.misheard else {}
    lines.append(f"{'':22}{'clean':>8}{'misheard':>10}")
    for name, value in summary(done.clean):
        lines.append(f"{name:22}{value:8.3f}" + (f"{misheard[name]:10.3f}" if name in misheard else ""))
    lines.append("\nby style (exact)")
    lines += [
        f"  {style:20}{value:8.3f}  of {count}" for style, (value, count) in done.clean.by_style.items()
    ]
    lines.append("\nby label" + f"{'precision':>23}{'recall':>8}{'F1':>8}{'n':>6}")
    lines += [
        f"  {one.label:22}{one.precision:7.3f}{one.recall:8.3f}{one.f1:8.3f}{one.sentences:6}"
        for one in done.clean.by_label
    ]
    lines.append("\nby slot (strict F1)")
    lines += [f"  {slot:20}{value:8.3f}  of {count}" for slot, (value, count) in done.clean.by_slot.items()]
    lines.append("\nmost frequent confusions (meant → understood)")
    lines += [f"  {count:3}  {meant} → {found}" for (meant, found), count in done.clean.confusions[:15]]
    return "\n".join(lines)


def matrix_svg(done: Evaluation) -> str:
    """The confusion matrix: a row a meant label, a column an understood one; the darker, the more."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in done.judged:
        counted.update((label, label) for label in one.meant & one.understood)
    counted.update(dict(done.clean.confusions))
    names = [*sorted({name for pair in counted for name in pair} - {NOTHING}), NOTHING]
    totals = Counter[str]()
    for (meant, _), count in counted.items():
        totals[meant] += count
    side = MARGIN + CELL * len(names) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" width="{side}" height="{side}" '
        'font-family="sans-serif" font-size="10">'
    ]
    for place, name in enumerate(names):
        middle = MARGIN + CELL * place + CELL * 0.7
        parts.append(f'<text x="{MARGIN - 4}" y="{middle:.0f}" text-anchor="end">{name}</text>')
        parts.append(f'<text transform="translate({middle:.0f},{MARGIN - 4}) rotate(-60)">{name}</text>')
    for (meant, found), count in counted.items():
        x, y = MARGIN + CELL * names.index(found), MARGIN + CELL * names.index(meant)
        share = count / totals[meant]
        colour = "#1a7f5a" if meant == found else "#c0392b"
        parts.append(
            f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill="{colour}" '
            f'fill-opacity="{max(0.12, share):.2f}"><title>{meant} → {found}: {count}</title></rect>'
        )
        if meant != found:
            parts.append(
                f'<text x="{x + CELL / 2 - 1}" y="{y + CELL * 0.72:.0f}" text-anchor="middle">{count}</text>'
            )
    parts.append("</svg>")
    return "".join(parts)


def write_html(done: Evaluation, path: Path) -> None:
    """Write the page."""
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    errors = [one for one in done.judged if not one.is_exact]
    misheard = dict(summary(done.misheard)) if done.misheard else {}
    page = environment.get_template("report.html").render(
        done=done, rows=summary(done.clean), misheard=misheard, errors=errors, matrix=matrix_svg(done)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
