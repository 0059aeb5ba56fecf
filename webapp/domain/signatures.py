"""What we sign, so that it comes back as we made it: session cookies and invitation codes. One salt per purpose."""

import hashlib
import hmac
import secrets
from functools import lru_cache

from itsdangerous import BadSignature, Signer

COOKIE = "session"


class Signatures:
    """`keys` are the secrets, newest first: the first signs, all are believed."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        oldest_first = list(reversed(keys))
        self.newest = keys[0]
        self.sessions = Signer(oldest_first, salt="tertulia.session", digest_method=hashlib.sha256)
        self.known = lru_cache(maxsize=4096)(self._session_hash)
        self.invitations = Signer(oldest_first, salt="tertulia.invitation", digest_method=hashlib.sha256)

    def new_session(self) -> tuple[str, str]:
        """(cookie, hash to store) of a fresh session id of 256 bits."""
        token = secrets.token_urlsafe(32)
        return self.sessions.sign(token).decode(), hashed(token)

    def session_hash(self, cookie: str | None) -> str | None:
        """The stored hash that belongs to this cookie, None for one that is not ours."""
        return self.known(cookie) if cookie else None

    def _session_hash(self, cookie: str) -> str | None:
        try:
            return hashed(self.sessions.unsign(cookie).decode())
        except (BadSignature, UnicodeDecodeError):
            return None

    def invitation_code(self, invitation_id: int) -> str:
        return self.invitations.sign(str(invitation_id)).decode()

    def invitation_id(self, code: str) -> int | None:
        try:
            return int(self.invitations.unsign(code))
        except (BadSignature, ValueError):
            return None

    def setup_token(self) -> str:
        """The same in every process of an instance, and known only to who reads its log."""
        return hmac.new(self.newest.encode(), b"tertulia.setup", hashlib.sha256).hexdigest()[:40]


def derived(keys: tuple[str, ...], purpose: str) -> list[bytes]:
    """Keys of 32 bytes that serve this purpose alone."""
    return [hmac.new(key.encode(), purpose.encode(), hashlib.sha256).digest() for key in keys]


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
