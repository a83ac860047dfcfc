"""The tables of dispatch: plans of days, who is not there on which day, and how content people were with whom."""

from __future__ import annotations

from sqlalchemy import Column, Date, Float, ForeignKey, Index, Integer, MetaData, Table, Text

from backend.store.columns import LocalTime, PlainJson, Words


class DispatchTables:
    """Codes of workers and numbers of orders only: nothing here is personal."""

    def __init__(self, metadata: MetaData) -> None:
        self.plans = Table(
            "day_plans",
            metadata,
            Column("department", Text, primary_key=True),
            Column("region", Text, primary_key=True),
            Column("day", Date, primary_key=True),
            Column("version", Integer, nullable=False),
            Column("made_at", LocalTime, nullable=False),
            Column("cause", Text, nullable=False),  # why it was made anew
            Column("stops", PlainJson, nullable=False),
            Column("left_over", Words, nullable=False),
            Column("reasons", PlainJson, nullable=False),  # why with this worker, or in no route, by number
            Column("changes", PlainJson, nullable=False),  # since the plan before
            Column("moved_to", PlainJson, nullable=False),  # where workers were when it was made
            Column(
                "seen", PlainJson, nullable=False, server_default="{}"
            ),  # version of each order that was planned, by number
            Column("adoption", PlainJson),  # the last one: which version, when, by whom, what became of it
            Index(None, "day"),
        )
        self.absences = Table(
            "absences",
            metadata,
            Column("worker", Text, ForeignKey("workers.code"), primary_key=True),
            Column("day", Date, primary_key=True),
            Index(None, "day"),
        )
        self.ratings = Table(
            "worker_ratings",
            metadata,
            Column("worker", Text, ForeignKey("workers.code"), primary_key=True),
            Column("answers", Integer, nullable=False),
            Column("stars", Float, nullable=False),
        )
