"""Finding people by name or number, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, false, or_, select

from backend.domain.access import Reach
from backend.domain.people import Elder
from backend.domain.phone import normal_phone
from backend.store.order_lists import AFTER_EVERY_NAME
from backend.store.people import SqlPeople, _elder


class SqlPeopleLists(SqlPeople):
    """`people_filter.PeopleLists` on SQL."""

    def page(self, text: str, reach: Reach, *, after: int | None, limit: int) -> Sequence[Elder]:
        table = self._elders
        ids = select(table.c.id).where(self._found_by(text.strip())).order_by(table.c.id).limit(limit)
        if reach.regions is not None:
            near = table.c.region.in_(sorted(reach.regions))
            ids = ids.where(or_(near, table.c.region.is_(None)))
        if after is not None:
            ids = ids.where(table.c.id > after)
        page = ids.subquery()  # from an index where that is enough: a name may be that of ten thousand
        statement = select(table).join(page, page.c.id == table.c.id).order_by(table.c.id)
        return [_elder(row) for row in self._db.execute(statement)]

    def lock(self, elder_id: int) -> None:
        self._db.execute(select(self._elders.c.id).where(self._elders.c.id == elder_id).with_for_update())

    def _found_by(self, text: str) -> ColumnElement[bool]:
        table, lookup = self._elders, self._lookup
        if (digits := normal_phone(text)) is not None:
            behind = select(lookup.c.elder_id).where(lookup.c.sender_index == self._sender_index(digits))
            return table.c.id.in_(behind)
        if not text:
            return false()
        in_range: ColumnElement[bool] = (table.c.name >= text) & (table.c.name < text + AFTER_EVERY_NAME)
        return in_range
