"""A private PostgreSQL server for measurements, with its disk writes as in real work. It listens on no network address."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgres_server(*options: str) -> Iterator[str]:
    """The URL of its database; the server and its files are gone afterwards. `options`: `name=value` of the server."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        raise SystemExit("the PostgreSQL server is missing: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="nxpg"))
    as_user: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    data = str(folder / "data")

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*as_user, str(programs[-1] / program), *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )  # fmt: skip

    run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    settings = " ".join(f"-c {option}" for option in ("listen_addresses=''", *options))
    run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", f"-k {folder} {settings}", "start")
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)
