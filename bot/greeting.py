"""What the terminal says when the line starts: where everything is."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from config.settings import Settings
from config.telephone import TelephoneSettings


def say_where(settings: Settings, phone: TelephoneSettings, host: str, port: int) -> None:
    """Print the addresses of the pages and of the telephone, and the logins of demo mode."""
    console = Console()
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (compared, not bound)
    table = Table.grid(padding=(0, 2))
    table.add_row("Elder's page", f"http://{shown}:{port}/")
    table.add_row("Staff queue", f"http://{shown}:{port}/staff")
    if phone.telephone:
        table.add_row(
            "Telephone", f"sip:nuanxian@{phone.sip_address}:{phone.sip_port} (ready in half a minute)"
        )
    if settings.demo:
        from backend.demo import DEMO_LOGINS  # the demo is left out where nobody asked for it

        for login, password, role in DEMO_LOGINS:
            table.add_row(f"  login ({role})", f"{login} / {password}")
        table.add_row("Demo mode", "invented people, known passwords; NUANXIAN_DEMO=false for real work")
    console.print("[bold]暖线 Nuanxian[/]")
    console.print(table)
    console.print(
        "Ctrl-C stops. `nuanxian chat` talks in the terminal; `nuanxian doctor` checks the installation."
    )
