"""PostgreSQL with few round trips: statements whose answer nobody needs travel with the next question or with the commit.

An order is moved by about ten statements, and waiting for each answer costs more than the statement. A statement with the
execution option UNANSWERED is queued in psycopg's pipeline mode; its error, if it has one, comes out of whatever is asked next,
at the latest of the commit. SQLite does not know the option: there is no way to save.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

# For statements without rows whose `rowcount` nobody reads, inside a transaction.
UNANSWERED = {"nuanxian_unanswered": True}


class PipelineConnection(psycopg.Connection[Any]):
    """A connection that holds back what needs no answer."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._held = ExitStack()
        self._holding = False

    @property
    def worth_holding(self) -> bool:
        """Whether the next question can take something with it: what is held, or the beginning of a transaction."""
        return self._holding or not (
            self.autocommit or self.pgconn.transaction_status != TransactionStatus.IDLE
        )

    def hold(self) -> None:
        """From here on statements are queued."""
        if not self._holding:
            self._held.enter_context(self.pipeline())
            self._holding = True

    def settle(self) -> None:
        """Send what is held and take all answers. Raises the first error among them."""
        if self._holding:
            self._holding = False
            self._held.close()

    def commit(self) -> None:
        try:
            super().commit()  # while something is held it is queued behind it
            self.settle()
        except psycopg.Error:
            # What was held failed, so COMMIT was not reached; SQLAlchemy takes a failed commit for the end of the transaction.
            with suppress(psycopg.Error):
                self.rollback()
            raise

    def rollback(self) -> None:
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

    def post(self, statement: str, values: Any) -> None:
        """Queue a statement."""
        self.connection.hold()
        super().execute(statement, values)

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
    return PipelineConnection.connect(*arguments, **options, cursor_factory=PipelineCursor)


def _execute(cursor: PipelineCursor, statement: str, values: Any, context: Any) -> bool:
    """True: done here."""
    if not _is_unanswered(context):
        return False
    cursor.post(statement, values)
    return True


def _execute_many(cursor: PipelineCursor, statement: str, values: Any, context: Any) -> bool:
    if not _is_unanswered(context):
        cursor.connection.settle()  # psycopg counts rows of many only in a pipeline of its own
        return False
    cursor.connection.hold()
    cursor.executemany(statement, values)
    return True


def _is_unanswered(context: Any) -> bool:
    return context is not None and not UNANSWERED.keys().isdisjoint(context.execution_options)
