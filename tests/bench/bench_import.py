"""How fast a list of people is imported: `python tests/bench/bench_import.py [rows]`. Target: 100,000 rows in under 60 s."""

from __future__ import annotations

import csv
import os
import platform
import random
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from backend.domain.id_number import check_digit
from backend.services.import_people import import_people
from backend.store.open import open_store
from config.settings import load_settings

HEADER = [
    "name",
    "phone",
    "id_number",
    "birth_date",
    "address",
    "categories",
    "contact_name",
    "contact_phone",
    "contact_relation",
]


def write_list(path: Path, rows: int) -> None:
    """A list of invented people, every tenth without id number."""
    chance = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for count in range(rows):
            born = f"{chance.randint(1930, 1964)}{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}"
            body = f"640106{born}{count % 1000:03d}"
            number = body + check_digit(body) if count % 10 else ""
            writer.writerow(
                [
                    chance.choice("马杨王李张丁哈纳沙金")
                    + chance.choice("秀建国玉凤成文")
                    + chance.choice("英兰花军明福"),
                    f"139{count:08d}",
                    number,
                    "",
                    f"银川市金凤区长城中路街道长城花园{count % 40 + 1}号楼{count % 5 + 1}单元{count % 900 + 101}",
                    chance.choice(["独居", "失能|低保", "高龄", "", "空巢、残疾"]),
                    "马小军",
                    f"138{count // 2:08d}",
                    chance.choice(["女儿", "儿子", "邻居"]),
                ]
            )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    url = os.environ.get("NUANXIAN_BENCH_DB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        write_list(path, rows)
        settings = load_settings(db=url or f"sqlite:///{folder}/bench.sqlite", keys=Path(folder) / "keys")
        store = open_store(settings)
        for turn in ("first import", "same file again"):
            begun = time.perf_counter()
            result = import_people(path, store, today=date(2026, 11, 23))
            took = time.perf_counter() - begun
            print(
                f"{turn}: {rows} rows in {took:.1f} s = {rows / took:.0f} rows/s "
                f"(created {result.created}, updated {result.updated}, unchanged {result.unchanged}, refused {result.refused})"
            )
        store.close()
    print(
        f"{store.engine.dialect.name}, Python {platform.python_version()}, {os.cpu_count()} cores, {platform.processor()}"
    )


if __name__ == "__main__":
    main()
