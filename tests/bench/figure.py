"""One thing that was measured, beside what it must reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`met` None: nothing was promised."""

    what: str
    value: str
    goal: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        mark = {True: "reached ", False: "short   ", None: "        "}[self.met]
        return f"{mark}{self.what}: {self.value}" + (f"  (goal: {self.goal})" if self.goal else "")
