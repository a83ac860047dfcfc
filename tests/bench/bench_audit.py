"""How fast the audit trail is chained (an upgrade of a database from before there was one) and verified, on PostgreSQL."""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from backend.store.anchors import add_anchor
from backend.store.open import open_store
from backend.store.verify import verify
from config.settings import load_settings
from tests.bench.build_orders import ROWS, build
from tests.bench.postgres import postgres_server

NOW = datetime(2026, 11, 24, 10, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200_000)
    orders = parser.parse_args().orders
    with (
        postgres_server("shared_buffers=1GB", "max_wal_size=4GB") as url,
        tempfile.TemporaryDirectory() as keys,
    ):
        settings = load_settings(db=url, keys=Path(keys))
        store = open_store(settings)
        build(store, people=1_000, orders=orders, now=NOW, chained=False)
        with store.engine.begin() as connection:
            # The last state of a built order is not always that of its history; its key is made when it is opened next.
            connection.execute(text("UPDATE orders SET state = 'closed'"))
            connection.execute(text("DELETE FROM meta WHERE name = 'audit_key'"))
        store.close()
        begun = time.monotonic()
        store = open_store(settings)
        _say("chained", orders * ROWS, time.monotonic() - begun)
        begun = time.monotonic()
        while add_anchor(store, NOW):
            pass
        _say("anchored", orders * ROWS, time.monotonic() - begun)
        begun = time.monotonic()
        report = verify(store)
        assert report.broken is None, report.broken
        _say("verified", report.rows, time.monotonic() - begun)
        store.close()


def _say(what: str, rows: int, seconds: float) -> None:
    print(f"  {what:10} {rows:>10,} rows in {seconds:6.1f} s, {rows / seconds:>9,.0f} rows/s", flush=True)


if __name__ == "__main__":
    main()
