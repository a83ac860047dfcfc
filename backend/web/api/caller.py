"""Who calls the API: the token of a request, and how far it reaches."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

from backend.domain.access import Actor, Matrix, Reach, Thing, granted
from backend.services.access import load_matrix
from backend.services.access_ports import Access, Token
from backend.services.ports import Stores, UnitOfWork
from backend.services.tokens import InvalidTokenError, digest_of, is_to_note, read_token
from backend.web.api.limits import RateLimit
from backend.web.api.problem import UnauthorizedError

# For the description only: tokens are read by `Door`.
BEARER = HTTPBearer(
    scheme_name="token", description="A token made with `nuanxian tokens add`.", auto_error=False
)
# A token that was revoked, or a login that was closed, may open the door of another process for so long.
REMEMBERED_S = 5.0
MOST_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Caller:
    """One request: who asks, with what, from where, and when (naive local time)."""

    actor: Actor
    token: Token
    source: str
    now: datetime
    matrix: Matrix

    @property
    def login(self) -> str:
        return self.actor.user.login

    @property
    def origin(self) -> str:
        """How the audit trail names the way a change came in."""
        return f"api {mask_address(self.source)}"

    def require(self, action: str, thing: Thing | None = None) -> None:
        """Raises AccessDeniedError."""
        self.matrix.require(self.actor, action, thing)

    def may(self, action: str, thing: Thing | None = None) -> bool:
        return self.matrix.allows(self.actor, action, thing)

    def reach(self, action: str) -> Reach:
        """Raises AccessDeniedError when the caller reaches nothing with this action."""
        return self.matrix.reach(self.actor, action)

    def grants(self, scope: str) -> bool:
        """Whether the token used carries this scope, or one that holds it."""
        return granted(self.token.scopes, scope)

    def noted(self, action: str, kind: str, key: str) -> Access:
        """The row of the access log for personal data that is shown to this caller in full."""
        return Access(self.now, self.login, self.token.id, action, kind, key, self.source)


class Door:
    """Opens for valid tokens. Remembers them for REMEMBERED_S, so that a busy caller costs no query each time."""

    def __init__(self, store: Stores, limit: RateLimit, clock: Callable[[], datetime], *, demo: bool) -> None:
        self._store, self._limit, self.clock, self._demo = store, limit, clock, demo
        self._matrix = load_matrix()
        self._known: dict[bytes, tuple[float, Token, Actor]] = {}

    async def caller(self, request: Request) -> Caller:
        """Dependency of every address. Raises UnauthorizedError, or ProblemError 429."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise UnauthorizedError("Send a token: Authorization: Bearer nx_…")
        now = self.clock()
        token, actor = await self._recognised(secret.strip(), now)
        self._limit.take(token.id)
        source = request.client.host if request.client else ""
        return Caller(actor, token, source, now, self._matrix)

    def forget(self) -> None:
        """Ask anew for every token: one was just revoked here."""
        self._known.clear()

    async def _recognised(self, secret: str, now: datetime) -> tuple[Token, Actor]:
        digest, at = digest_of(secret), time.monotonic()
        known = self._known.get(digest)
        if known is not None and at - known[0] < REMEMBERED_S and now < known[1].expires_at:
            return known[1], known[2]
        try:
            token, actor = await run_in_threadpool(self._read, secret, now)
        except InvalidTokenError:
            raise UnauthorizedError("This token is unknown, expired or revoked.") from None
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[digest] = (at, token, actor)
        return token, actor

    def _read(self, secret: str, now: datetime) -> tuple[Token, Actor]:
        with self._store.reading() as uow:
            token, actor = read_token(uow, secret, now=now, demo=self._demo)
        if is_to_note(token, now):
            with self._store.unit_of_work() as uow:
                uow.tokens.used(token.id, now)
                uow.commit()
        return token, actor


def note(uow: UnitOfWork, accesses: list[Access]) -> None:
    """Write the access log and commit: what is shown was noted before it left the house."""
    if accesses:
        uow.access_log.note(accesses)
        uow.commit()


def mask_address(address: str) -> str:
    """`192.168.7.12` → `192.168.*.*`; of an IPv6 address the first two groups stay."""
    if "." in address and ":" not in address:
        return ".".join([*address.split(".")[:2], "*", "*"])
    return ":".join([*address.split(":")[:2], "*"]) if address else "-"
