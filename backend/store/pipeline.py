"""PostgreSQL with few round trips: statements whose answer nobody needs travel with the next question or with the commit.

An order is moved by about ten statements, and waiting for each answer costs more than the statement. Statements with the
execution option UNANSWERED are kept back and sent with whatever is asked next, at the latest with the commit, all in one
(`WITH a AS (…), b AS (…)`); their error, if they have one, comes out there. One statement sees nothing of what the others beside
it write, so none of them may touch a row that another has just touched. SQLite does not know the option: there is no way to save.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

# For statements without rows whose `rowcount` nobody reads, inside a transaction.
UNANSWERED = {"nuanxian_unanswered": True}
MOST_IN_ONE = 12  # statements
# Turning a plan into machine code takes longer than any of our questions, and the planner often believes otherwise.
SESSION = "-c jit=off"
_VALUE = re.compile(r"%\(")


class PipelineConnection(psycopg.Connection[Any]):
    """A connection that holds back what needs no answer."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._held = ExitStack()
        self._holding = False
        self._posted: list[tuple[str, Mapping[str, Any]]] = []

    @property
    def worth_holding(self) -> bool:
        """Whether the next question can take something with it: what is held, or the beginning of a transaction."""
        return bool(self._holding or self._posted) or not (
            self.autocommit or self.pgconn.transaction_status != TransactionStatus.IDLE
        )

    def hold(self) -> None:
        """From here on statements are queued: first those that were posted."""
        if not self._holding:
            self._held.enter_context(self.pipeline())
            self._holding = True
        self._send_posted()

    def post(self, statement: str, values: Sequence[Mapping[str, Any]]) -> None:
        """Keep a statement back, once for each of the values."""
        self._posted += [(statement, row) for row in values]
        if len(self._posted) >= MOST_IN_ONE:
            self.hold()

    def _send_posted(self) -> None:
        posted, self._posted = self._posted, []
        if posted:
            whole = _in_one(tuple(statement for statement, _ in posted))
            values = {
                f"{place}_{name}": value
                for place, (_, row) in enumerate(posted)
                for name, value in row.items()
            }
            psycopg.Cursor(self).execute(whole, values)

    def settle(self) -> None:
        """Send what is held and take all answers. Raises the first error among them."""
        if self._holding:
            self._holding = False
            self._held.close()

    def commit(self) -> None:
        try:
            if self._posted:
                self.hold()
            super().commit()  # while something is held it is queued behind it
            self.settle()
        except psycopg.Error:
            # What was held failed, so COMMIT was not reached; SQLAlchemy takes a failed commit for the end of the transaction.
            with suppress(psycopg.Error):
                self.rollback()
            raise

    def rollback(self) -> None:
        self._posted = []
        with suppress(psycopg.Error):  # of what is taken back now
            self.settle()
        super().rollback()


class PipelineCursor(psycopg.Cursor[Any]):
    """Asks, taking along what is held; or posts what needs no answer."""

    connection: PipelineConnection

    def execute(self, *arguments: Any, **options: Any) -> PipelineCursor:
        connection = self.connection
        if not connection.worth_holding:
            super().execute(*arguments, **options)
            return self
        connection.hold()
        try:
            super().execute(*arguments, **options)
        except psycopg.Error:
            with suppress(psycopg.Error):  # that the rest was given up says less than the error itself
                connection.settle()
            raise
        connection.settle()
        return self

    @property
    def description(self) -> Any:
        """Names and types of the columns. psycopg looks up each type for this; SQLAlchemy knows what it asked for."""
        result = self.pgresult
        if result is None or not result.nfields:
            return None
        return [
            ((result.fname(column) or b"").decode(), result.ftype(column), None, None, None, None, None)
            for column in range(result.nfields)
        ]


def use_pipelines(engine: Engine) -> None:
    """Make every connection of this PostgreSQL engine understand UNANSWERED."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "do_execute", _execute)
    event.listen(engine, "do_executemany", _execute_many)


def _connect(_dialect: object, _record: object, arguments: Any, options: Any) -> PipelineConnection:
    options["options"] = f"{SESSION} {options.get('options', '')}"
    return PipelineConnection.connect(*arguments, **options, cursor_factory=PipelineCursor)


def _execute(cursor: PipelineCursor, statement: str, values: Any, context: Any) -> bool:
    """True: done here."""
    if not _is_unanswered(context):
        return False
    cursor.connection.post(statement, [values])
    return True


def _execute_many(cursor: PipelineCursor, statement: str, values: Any, context: Any) -> bool:
    if not _is_unanswered(context):
        cursor.connection.hold()
        cursor.connection.settle()  # psycopg counts rows of many only in a pipeline of its own
        return False
    cursor.connection.post(statement, values)
    return True


@lru_cache(1_000)
def _in_one(statements: tuple[str, ...]) -> str:
    """One statement that does what these do; the values of each have its place before their names."""
    parts: list[str] = []
    for place, statement in enumerate(statements):
        own = _VALUE.sub(f"%({place}_", statement)
        _, values, row = own.partition(" VALUES ")
        if place and values and statement == statements[place - 1]:
            parts[-1] += f", {row}"  # one row more: rows of one table keep their order
        else:
            parts.append(own)
    return f"WITH {', '.join(f's{place} AS ({part})' for place, part in enumerate(parts))} SELECT 1"


def _is_unanswered(context: Any) -> bool:
    return context is not None and not UNANSWERED.keys().isdisjoint(context.execution_options)
