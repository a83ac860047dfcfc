"""The system of record on SQLite or PostgreSQL. `open.open_store(settings)` gives a `Store`."""
