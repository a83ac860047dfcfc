"""The signed cookie of a staff login: who signed in, and the token that every form of theirs must carry."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

NAME = "nx_staff"
PATH = "/staff"
LASTS_S = 12 * 3600  # one long shift


@dataclass(frozen=True, slots=True)
class Badge:
    """What the cookie says. `login` is None before signing in: the login form has a token too."""

    login: str | None
    csrf: str


class Cookie:
    """Writes and reads the cookie; one with a wrong signature or past its time counts as none."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="staff-login")

    def read(self, request: Request) -> Badge | None:
        try:
            content = self._serializer.loads(request.cookies.get(NAME, ""), max_age=LASTS_S)
            return Badge(login=content["login"], csrf=str(content["csrf"]))
        except (BadSignature, KeyError, TypeError):
            return None

    @staticmethod
    def new(login: str | None) -> Badge:
        """A badge with a new token; the forms of the one before are void."""
        return Badge(login=login, csrf=secrets.token_urlsafe(24))

    def write(self, request: Request, response: Response, badge: Badge) -> None:
        value = self._serializer.dumps({"login": badge.login, "csrf": badge.csrf})
        response.set_cookie(
            NAME, value, max_age=LASTS_S, path=PATH, httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )  # fmt: skip

    @staticmethod
    def clear(response: Response) -> None:
        response.delete_cookie(NAME, path=PATH)
