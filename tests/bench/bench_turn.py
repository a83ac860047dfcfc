"""A text turn from message to reply on SQLite, with 1,000 conversations open; and start to first answered turn."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from bot.channels.jsonl import JsonLines
from bot.logs import configure
from tests.bench.machine import percentile

OPEN_CONVERSATIONS = 1_000
SENTENCES = (
    "我想订个午饭，明天中午",
    "找个人给我打扫一下屋子",
    "我妈的残疾证到期了要换",
    "后天陪我去医院看病",
    "水管漏了，来人修修",
    "护理补贴一个月多少钱",
)
ANSWERS = ("明天上午", "金凤区长城花园三号楼二单元501", "马建国", "对着呢", "没有了", "再说一遍")


def main() -> None:
    configure("warning")
    with tempfile.TemporaryDirectory() as folder:
        db = f"sqlite:///{folder}/bench.sqlite"
        line = JsonLines(db)
        random.seed(1)
        start = datetime(2026, 11, 23, 9)
        for number in range(OPEN_CONVERSATIONS):
            line.handle(_turn(number, random.choice(SENTENCES), start))
        seconds = []
        for step in range(3_000):
            message = _turn(
                random.randrange(OPEN_CONVERSATIONS),
                random.choice(SENTENCES + ANSWERS),
                start + timedelta(seconds=step),
            )
            began = time.perf_counter()
            line.handle(message)
            seconds.append(time.perf_counter() - began)
        p50, p95, p99 = (percentile(seconds, share) for share in (0.5, 0.95, 0.99))
        print(f"text turn, SQLite, {OPEN_CONVERSATIONS} open conversations, {len(seconds)} turns: "
              f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms (goal: p95 ≤ 30 ms)")  # fmt: skip
        print(f"start to first answered turn, new process: {_cold_start(db):.2f} s (goal: < 5 s)")


def _turn(number: int, text: str, now: datetime) -> dict[str, str]:
    return {"session": f"bench-{number}", "sender": f"139{number:08d}", "text": text, "now": now.isoformat()}


def _cold_start(db: str) -> float:
    command = [str(Path(sys.executable).with_name("nuanxian")), "chat", "--jsonl", "--db", db]
    began = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(_turn(1, SENTENCES[0], datetime(2026, 11, 23, 9))) + "\n")
        process.stdin.flush()
        process.stdout.readline()
        took = time.perf_counter() - began
        process.stdin.close()
    return took


if __name__ == "__main__":
    main()
