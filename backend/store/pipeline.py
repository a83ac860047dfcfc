"""PostgreSQL with few round trips: what needs no answer travels with the next question or with the commit, and a transaction
that is one message needs no BEGIN and no COMMIT.

Waiting for an answer costs more than most statements. Two execution options save it; SQLite knows neither, it has no way to save.

UNANSWERED statements are kept back and sent with whatever is asked next, at the latest with the commit, all in one
(`WITH a AS (…), b AS (…)`); their error, if they have one, comes out there. One statement sees nothing of what the others beside
it write, so none of them may touch a row that another has just touched.

A QUESTION that comes first is asked before the transaction begins. When nothing but questions came before the commit, what was
kept back is a transaction by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

# For statements without rows whose `rowcount` nobody reads, inside a transaction.
UNANSWERED = {"nuanxian_unanswered": True}
# For SELECTs that lock nothing and call nothing that changes anything: each sees what is committed when it is asked, inside a
# transaction (READ COMMITTED) or not.
QUESTION = {"nuanxian_question": True}
MOST_IN_ONE = 12  # statements
# Turning a plan into machine code takes longer than any of our questions, and the planner often believes otherwise.
SESSION = "-c jit=off"
_VALUE = re.compile(r"%(?:\((\w+)\)s|%)")


class PipelineConnection(psycopg.Connection[Any]):
    """A connection that holds back what needs no answer."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._posted: list[tuple[str, Mapping[str, Any]]] = []

    @property
    def has_not_begun(self) -> bool:
        """Whether the next statement begins a transaction."""
        return not self.autocommit and self.pgconn.transaction_status == TransactionStatus.IDLE

    @property
    def takes_questions_first(self) -> bool:
        """Whether a question may be asked before the transaction begins."""
        alike = self.isolation_level in (None, psycopg.IsolationLevel.READ_COMMITTED)
        return alike and self.has_not_begun and not self._posted

    @property
    def has_posted(self) -> bool:
        """Whether the next question takes something with it."""
        return bool(self._posted)

    def post(self, statement: str, values: Sequence[Mapping[str, Any]]) -> None:
        """Keep a statement back, once for each of the values."""
        self._posted += [(statement, row) for row in values]
        if len(self._posted) >= MOST_IN_ONE:
            self.send()

    def send(self) -> None:
        """Send what is posted."""
        if self._posted:
            with self.together():
                pass

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is posted and what is executed meanwhile go in one message. Raises the first error among them."""
        flight = ExitStack()
        flight.enter_context(self.pipeline())
        try:
            self._send_posted()
            yield
        except psycopg.Error:
            with suppress(psycopg.Error):  # that the rest was given up says less than the error itself
                flight.close()
            raise
        flight.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """What is executed meanwhile is a transaction by itself."""
        self.autocommit = True
        try:
            yield
        finally:
            if self.pgconn.transaction_status == TransactionStatus.IDLE:
                self.autocommit = False
            else:  # broken off in the middle
                self.close()

    def commit(self) -> None:
        if self._posted and self.has_not_begun:
            with self.alone():
                self._send_posted()
            return
        try:
            if self._posted:
                with self.together():
                    super().commit()
            else:
                super().commit()
        except psycopg.Error:
            # What was held failed, so COMMIT was not reached; SQLAlchemy takes a failed commit for the end of the transaction.
            with suppress(psycopg.Error):
                self.rollback()
            raise

    def rollback(self) -> None:
        self._posted = []
        super().rollback()

    def _send_posted(self) -> None:
        posted, self._posted = self._posted, []
        if posted:
            whole, places = _in_one(tuple(statement for statement, _ in posted))
            values = [posted[place][1][name] for place, name in places]
            psycopg.RawCursor(self).execute(whole, values)


class PipelineCursor(psycopg.Cursor[Any]):
    """Asks, taking along what is held."""

    connection: PipelineConnection

    def execute(self, *arguments: Any, **options: Any) -> PipelineCursor:
        if self.connection.has_posted:
            with self.connection.together():
                super().execute(*arguments, **options)
        else:
            super().execute(*arguments, **options)
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
    """Make every connection of this PostgreSQL engine understand UNANSWERED and QUESTION."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "do_execute", _execute)
    event.listen(engine, "do_executemany", _execute_many)


def _connect(_dialect: object, _record: object, arguments: Any, options: Any) -> PipelineConnection:
    options["options"] = f"{SESSION} {options.get('options', '')}"
    return PipelineConnection.connect(*arguments, **options, cursor_factory=PipelineCursor)


def _execute(cursor: PipelineCursor, statement: str, values: Any, context: Any) -> bool:
    """True: done here."""
    connection = cursor.connection
    if _has(context, UNANSWERED):
        connection.post(statement, [values])
        return True
    if _has(context, QUESTION) and connection.takes_questions_first:
        with connection.alone():
            cursor.execute(statement, values)
        return True
    return False


def _execute_many(cursor: PipelineCursor, statement: str, values: Any, context: Any) -> bool:
    if not _has(context, UNANSWERED):
        cursor.connection.send()  # psycopg counts rows of many only in a pipeline of its own
        return False
    cursor.connection.post(statement, values)
    return True


@lru_cache(1_000)
def _in_one(statements: tuple[str, ...]) -> tuple[str, Sequence[tuple[int, str]]]:
    """One statement that does what these do, and where its values $1, $2 … come from: the place of a statement, and a name."""
    parts: list[str] = []
    values: list[tuple[int, str]] = []
    for place, statement in enumerate(statements):

        def numbered(found: re.Match[str], place: int = place) -> str:
            if found[1] is None:  # an escaped %
                return "%"
            values.append((place, found[1]))
            return f"${len(values)}"

        own = _VALUE.sub(numbered, statement)
        _, inserts, row = own.partition(" VALUES ")
        if place and inserts and statement == statements[place - 1]:
            parts[-1] += f", {row}"  # one row more: rows of one table keep their order
        else:
            parts.append(own)
    return f"WITH {', '.join(f's{place} AS ({part})' for place, part in enumerate(parts))} SELECT 1", values


def _has(context: Any, option: Mapping[str, Any]) -> bool:
    return context is not None and not option.keys().isdisjoint(context.execution_options)
