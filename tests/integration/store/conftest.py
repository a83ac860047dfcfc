"""Every test that asks for `store` runs on SQLite and on a real PostgreSQL server of its own."""

from __future__ import annotations

import base64
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from backend.store.open import Store, open_store
from config.settings import Settings


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    key = base64.b64encode(bytes(range(32))).decode()
    return Settings(data_key=SecretStr(key), secret=SecretStr("s" * 40), keys=tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The folder of the socket of a private cluster, gone after the tests. It listens on no network address."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.fail("the PostgreSQL server is missing: apt-get install postgresql (`make test` does it)")
    folder = Path(tempfile.mkdtemp(prefix="nxpg"))
    as_user = _as_ordinary_user(folder)
    data = str(folder / "data")
    run(
        as_user,
        programs[-1] / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off"
    run(as_user, programs[-1] / "pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
    try:
        yield str(folder)
    finally:
        run(as_user, programs[-1] / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


def run(as_user: list[str], program: Path, *arguments: str) -> None:
    done = subprocess.run(
        [*as_user, str(program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{program.name}: {done.stderr.decode(errors='replace')}")


def _as_ordinary_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as `postgres`, which the Debian package makes."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@pytest.fixture
def postgres_url(postgres: str) -> str:
    """The database, emptied."""
    with psycopg.connect(f"host={postgres} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return f"postgresql://postgres@/postgres?host={postgres}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def store(url: str, settings: Settings) -> Iterator[Store]:
    store = open_store(settings, url=url)
    yield store
    store.close()
