"""The sub-commands of `nuanxian`; each is loaded only when it is called, so that every command starts fast."""

from __future__ import annotations

import importlib
import sys

import typer

# Command -> the module whose `app` it is, and what `nuanxian --help` says about it.
SUB_COMMANDS = {
    "call": ("bot.commands.call", "Calls without a telephone: replay recordings, simulate callers."),
    "models": ("bot.commands.models", "Weights of the recognisers: list, fetch, check."),
    "nlu": ("bot.commands.nlu", "Understanding: parse, train, evaluate, explain, review."),
    "people": ("bot.commands.people", "Elders and relatives: import, find."),
    "providers": ("bot.commands.providers", "Organisations that do the work: import, list."),
    "workers": ("bot.commands.workers", "Who visits people at home: import, list, absent."),
    "orders": ("bot.commands.orders", "Orders: list, show."),
    "voice": ("bot.commands.voice", "Speaking: say, warm, fetch."),
    "staff": ("bot.commands.staff", "Staff logins."),
    "tokens": ("bot.commands.tokens", "Keys to the HTTP API: add, list, revoke."),
    "keys": ("bot.commands.keys", "The data key that encrypts personal data: new, reseal, rotate."),
    "audit": ("bot.commands.audit", "The audit trail: verify."),
}


def add_commands(app: typer.Typer) -> None:
    """Mount the sub-commands; only the one on the command line is imported."""
    asked = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    for name, (module, text) in SUB_COMMANDS.items():
        child = importlib.import_module(module).app if name == asked else typer.Typer()
        if name != asked:
            child.callback(invoke_without_command=True)(lambda: None)
        app.add_typer(child, name=name, help=text)
