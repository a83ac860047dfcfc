"""API tokens: made once, shown once, recognised by a digest.

Errors: TokenError (it can not be made like this), InvalidTokenError (unknown, expired, revoked, or its owner is gone).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.domain.access import Actor
from backend.services.access import actor_of, load_matrix
from backend.services.access_ports import Token
from backend.services.events import TOKEN_REVOKED
from backend.services.ports import Event, UnitOfWork

PREFIX = "nx_"  # lets secret scanners and people see what it is
SECRET_BYTES = 32
LONGEST_LIFE = timedelta(days=366)
LONGEST_NAME = 80
# A token in use is noted at most this often: a row that every request writes would make all of them wait for each other.
NOTED_EVERY = timedelta(minutes=5)


class TokenError(ValueError):
    """The token can not be made like this; the message says why."""


class InvalidTokenError(Exception):
    """The token opens nothing."""


def digest_of(secret: str) -> bytes:
    """SHA-256 is enough here: 256 random bits can not be guessed, however fast the hash is."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def add_token(
    uow: UnitOfWork, owner: Actor, *, name: str, scopes: Sequence[str], days: int, now: datetime
) -> tuple[Token, str]:
    """A new token and its secret, which is told this once. Raises TokenError."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise TokenError(f"a token needs a name of 1 to {LONGEST_NAME} characters")
    if not 1 <= days <= LONGEST_LIFE.days:
        raise TokenError(f"a token lives 1 to {LONGEST_LIFE.days} days")
    matrix = load_matrix()
    groups = {f"{action.partition('.')[0]}.*" for action in matrix.cells}
    if unknown := [scope for scope in scopes if scope not in matrix.cells and scope not in groups]:
        raise TokenError(f"unknown scopes: {', '.join(unknown)}; there are: {', '.join(matrix.cells)}")
    if not scopes:
        raise TokenError("a token without scopes opens nothing: name at least one")
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = Token(
        secrets.token_hex(8), owner.user.login, name, tuple(dict.fromkeys(scopes)), now,
        now + timedelta(days=days),
    )  # fmt: skip
    uow.tokens.add(token, digest_of(secret))
    return token, secret


def read_token(uow: UnitOfWork, secret: str, *, now: datetime, demo: bool) -> tuple[Token, Actor]:
    """Who asks with this secret. Raises InvalidTokenError."""
    token = uow.tokens.by_digest(digest_of(secret))
    if token is None:
        raise InvalidTokenError
    return token, read_owner(uow, token, now=now, demo=demo)


def read_owner(uow: UnitOfWork, token: Token, *, now: datetime, demo: bool) -> Actor:
    """Whose token this is. Raises InvalidTokenError when it opens nothing any more."""
    if token.revoked_at is not None or now >= token.expires_at:
        raise InvalidTokenError
    user = uow.staff.get(token.owner)
    if user is None or not user.active or (user.demo and not demo):
        raise InvalidTokenError
    return actor_of(user, uow, token.scopes)


def revoke_token(uow: UnitOfWork, token_id: str, now: datetime) -> None:
    """It opens nothing any more, and the streams that were opened with it end. Raises TokenNotFoundError."""
    uow.tokens.revoke(uow.tokens.get(token_id).id, now)
    uow.publish(Event(TOKEN_REVOKED, token_id, {}))


def is_to_note(token: Token, now: datetime) -> bool:
    """Whether its use should be noted again."""
    return token.last_used_at is None or now - token.last_used_at >= NOTED_EVERY
