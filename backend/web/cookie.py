"""The signed cookie of a staff login: who signed in, and the token that every form of theirs must carry."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from backend.domain.staff import StaffUser

NAME = "nx_staff"
PATH = "/staff"
LASTS_S = 12 * 3600  # one long shift


@dataclass(frozen=True, slots=True)
class Badge:
    """What the cookie says. `login` is None before signing in: the login form has a token too."""

    login: str | None
    csrf: str
    mark: str = ""  # of what the login was when it was made: see `mark_of`


def mark_of(user: StaffUser) -> str:
    """Changes with the password and with each time that all screens were signed out; tells nothing of either."""
    return hashlib.sha256(f"{user.sign_outs} {user.password_hash}".encode()).hexdigest()[:16]


class Cookie:
    """Writes and reads the cookie; one with a wrong signature or past its time counts as none."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="staff-login")

    def read(self, request: Request) -> Badge | None:
        try:
            content = self._serializer.loads(request.cookies.get(NAME, ""), max_age=LASTS_S)
            return Badge(content["login"], str(content["csrf"]), str(content.get("mark", "")))
        except (BadSignature, KeyError, TypeError):
            return None

    @staticmethod
    def new(user: StaffUser | None) -> Badge:
        """A badge with a new token; the forms of the one before are void."""
        csrf = secrets.token_urlsafe(24)
        return Badge(None, csrf) if user is None else Badge(user.login, csrf, mark_of(user))

    def write(self, request: Request, response: Response, badge: Badge) -> None:
        value = self._serializer.dumps({"login": badge.login, "csrf": badge.csrf, "mark": badge.mark})
        response.set_cookie(
            NAME, value, max_age=LASTS_S, path=PATH, httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )  # fmt: skip

    @staticmethod
    def clear(response: Response) -> None:
        response.delete_cookie(NAME, path=PATH)
