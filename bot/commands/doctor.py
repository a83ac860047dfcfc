"""`nuanxian doctor`: checks the installation and says in plain words what to do."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from backend.domain.local_time import local_now
from backend.services.named_providers import unknown_providers
from backend.store.engine import StoreUrlError, make_engine, parse_url
from backend.store.migrate import HEAD, NewerDatabaseError, WrongKeyError, current_version
from backend.store.open import open_store
from config.settings import Settings, SettingsError, load_settings, project_folder
from config.telephone import load_telephone

PYTHONS = ((3, 11), (3, 13))  # oldest and newest that it was tested with


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `remedy` is what to do when it is not fine; `stops`: nothing works before that."""

    fine: bool
    what: str
    remedy: str = ""
    stops: bool = True


def doctor(db: str | None = None) -> int:
    """Print every finding; 0 when nothing stands in the way, else 1."""
    console = Console()
    try:
        settings = load_settings(db=db)
    except SettingsError as problem:
        console.print(f"[red]✗[/] settings\n    {problem}", highlight=False)
        return 1
    bad = False
    for finding in examine(settings):
        mark = "[green]✓[/]" if finding.fine else "[red]✗[/]" if finding.stops else "[yellow]![/]"
        console.print(f"{mark} {finding.what}", highlight=False)
        if not finding.fine:
            console.print(f"    {finding.remedy}", highlight=False)
            bad = bad or finding.stops
    console.print(
        "Something must be put right first." if bad else "Ready: `nuanxian run` starts the line.",
        style="bold",
    )
    return int(bad)


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, the simple ones first."""
    yield _python()
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _folders,
        _keys,
        _database,
        _people,
        _providers,
        _understanding,
        _rasa,
        _port,
        _telephone,
    )
    for check in checks:
        yield check(settings)


def _python() -> Finding:
    here = sys.version_info[:2]
    text = f"Python {here[0]}.{here[1]}"
    oldest, newest = PYTHONS
    remedy = f"Use Python {oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}."
    return Finding(oldest <= here <= newest, text, remedy, stops=here < oldest)


def _folders(settings: Settings) -> Finding:
    folder = project_folder() / "var"
    url = parse_url(settings.db) if settings.db.startswith("sqlite") else None
    if url is not None and url.database and url.database != ":memory:":
        folder = Path(url.database).parent
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    writable = os.access(existing, os.W_OK | os.X_OK)
    return Finding(
        writable,
        f"folder {folder} can be written to",
        f"Make it writable for {_me()}, or set NUANXIAN_DB to another place.",
    )


def _me() -> str:
    return os.environ.get("USER") or str(os.getuid())


def _keys(settings: Settings) -> Finding:
    """That they are there was checked when the settings were loaded; here: that nobody else can read them."""
    open_files = [str(path) for path in settings.keys.glob("*") if path.stat().st_mode & 0o077]
    kind = "the data key is set in the environment" if settings.data_key else f"keys are in {settings.keys}"
    demo = ", demo mode" if settings.demo else ""
    remedy = f"Others can read {', '.join(open_files)}: chmod 600 {' '.join(open_files)}"
    return Finding(not open_files, kind + demo, remedy, stops=False)


def _database(settings: Settings) -> Finding:
    try:
        url = parse_url(settings.db)
    except StoreUrlError as problem:
        return Finding(False, "database", str(problem))
    shown = url.render_as_string(hide_password=True)
    try:
        engine = make_engine(settings.db)
        with engine.connect() as connection:
            version = current_version(connection)
        engine.dispose()
        open_store(settings).close()
    except (WrongKeyError, NewerDatabaseError) as problem:
        return Finding(False, f"database {shown}", str(problem))
    except (SQLAlchemyError, OSError) as problem:
        reason = str(getattr(problem, "orig", None) or problem).strip().splitlines()[0]
        return Finding(
            False,
            f"database {shown}: {reason}",
            "Check that the server runs and that user, password and name are right.",
        )
    done = (
        "up to date"
        if version == HEAD
        else "new, tables made"
        if version is None
        else f"brought from {version} to {HEAD}"
    )
    return Finding(True, f"database {shown}: {done}")


def _people(settings: Settings) -> Finding:
    try:
        store = open_store(settings)
        with store.reading() as uow:
            people, logins = (
                uow.people.count(),
                [user for user in uow.staff.all() if settings.demo or not user.demo],
            )
        store.close()
    except (SQLAlchemyError, StoreUrlError, WrongKeyError, NewerDatabaseError, OSError):
        return Finding(False, "people and staff", "The database comes first.", stops=False)
    remedy = "Make a login with `nuanxian staff add`; import people with `nuanxian people import`; `nuanxian run` makes both in demo mode."
    return Finding(
        bool(people and logins), f"{people} people on record, {len(logins)} staff logins", remedy, stops=False
    )


def _providers(settings: Settings) -> Finding:
    """Whether those that the duty list names for a region are on record."""
    try:
        store = open_store(settings)
        with store.reading() as uow:
            unknown = unknown_providers(uow)
        store.close()
    except (SQLAlchemyError, StoreUrlError, WrongKeyError, NewerDatabaseError, OSError):
        return Finding(False, "providers", "The database comes first.", stops=False)
    if not unknown:
        return Finding(True, "the providers that config/departments.yaml names are on record")
    told = "; ".join(f"{one.place}: no provider has the code {one.code}" for one in unknown)
    remedy = "Correct it there, or import the provider: `nuanxian providers list`, `nuanxian providers import`. Until then its orders reach nobody."
    return Finding(False, told, remedy, stops=False)


def _understanding(_settings: Settings) -> Finding:
    try:
        from nlu.parse import load_parser

        meant = load_parser().parse("送餐", now=local_now()).names()
    except (OSError, ImportError, ValueError, KeyError) as problem:
        return Finding(
            False,
            f"understanding of sentences: {problem}",
            "The model is missing or damaged: `nuanxian nlu train` makes it anew.",
        )
    return Finding(bool(meant), "understanding of sentences", "`nuanxian nlu train` makes the model anew.")


def _rasa(settings: Settings) -> Finding:
    if not settings.rasa_url:
        return Finding(True, "no Rasa server is asked: NUANXIAN_RASA_URL is not set")
    from bot.composition import rasa_client
    from nlu.rasa.errors import RasaError

    remedy = "Until it answers, our own engine understands. Check NUANXIAN_RASA_URL and NUANXIAN_RASA_TOKEN."
    try:
        client = rasa_client(settings)
        answers = client is not None and bool(client.status().get("model_file"))
    except SettingsError as problem:
        return Finding(False, "Rasa server", str(problem))
    except RasaError as problem:
        return Finding(False, f"Rasa server: {problem}", remedy, stops=False)
    return Finding(
        answers, "Rasa server answers and has a model", "It has none: `nuanxian nlu rasa-train`.", stops=False
    )


def _telephone(_settings: Settings) -> Finding:
    """The settings, and whether the trunk is there; a line that runs already tells more at `/readyz`."""
    from bot.telephone_lines import lines_of, sip_settings
    from voice.line.trunk_look import trunk_problem

    try:
        phone = load_telephone()
        lines_of(phone)  # says what can not work
    except SettingsError as problem:
        return Finding(False, "telephone", str(problem))
    if not phone.telephone:
        return Finding(True, "no telephone: NUANXIAN_TELEPHONE is false")
    sip = sip_settings(phone, phone.line_talking)
    if sip.trunk is None:
        return Finding(True, f"telephone at {sip.address}:{sip.port}, without a trunk")
    if problem_there := trunk_problem(sip):
        remedy = (
            "Check NUANXIAN_SIP_REGISTRAR, _PROXY, _TRANSPORT and _TRUSTED, the firewall, and the provider."
        )
        return Finding(False, f"trunk: {problem_there}", remedy, stops=False)
    return Finding(True, f"telephone at {sip.address}:{sip.port}; the trunk {sip.trunk.registrar} answers")


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            remedy = "If that is not this line running already: NUANXIAN_PORT chooses another one."
            return Finding(False, f"port {settings.port} on {settings.host} is in use", remedy, stops=False)
    return Finding(True, f"port {settings.port} on {settings.host} is free")
