"""Signs session cookies, browser cookies and invitation codes, each with a salt of its own."""

import hashlib
import hmac
import secrets
from functools import lru_cache

from itsdangerous import BadSignature, Signer

from webapp import numbers

LONGEST_COOKIE = 256


class Signatures:
    """`keys` are the secrets, newest first: the first one signs, all of them verify."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        oldest_first = list(reversed(keys))
        self.newest = keys[0]
        self.sessions = Signer(oldest_first, salt="tertulia.session", digest_method=hashlib.sha256)
        # A salt of its own: a sibling domain can set the plain name, but has no signature that counts over https.
        self.secure_sessions = Signer(oldest_first, salt="tertulia.session.https", digest_method=hashlib.sha256)
        self.known = lru_cache(maxsize=4096)(hash_of)
        self.browsers = Signer(oldest_first, salt="tertulia.browser", digest_method=hashlib.sha256)
        self.invitations = Signer(oldest_first, salt="tertulia.invitation", digest_method=hashlib.sha256)

    def session_cookie(self, token: str, secure: bool) -> str:
        return (self.secure_sessions if secure else self.sessions).sign(token).decode()

    def session_hash(self, cookie: str) -> str | None:
        """The stored hash of this cookie's token; None for a cookie that is not ours."""
        return self._hash(self.sessions, cookie)

    def secure_session_hash(self, cookie: str) -> str | None:
        """The same for the cookie that is set over https."""
        return self._hash(self.secure_sessions, cookie)

    def session_token(self, cookie: str) -> str | None:
        """The token that `session_cookie` signed for http; None for a cookie that is not ours."""
        return token_of(self.sessions, cookie)

    def _hash(self, signer: Signer, cookie: str) -> str | None:
        return self.known(signer, cookie) if len(cookie) <= LONGEST_COOKIE else None

    def invitation_code(self, invitation_id: int) -> str:
        return self.invitations.sign(str(invitation_id)).decode()

    def invitation_id(self, code: str) -> int | None:
        """None for a code that is not ours."""
        try:
            return numbers.whole(self.invitations.unsign(code).decode())
        except (BadSignature, UnicodeError):
            return None

    def signed_browser(self, people: str) -> str:
        return self.browsers.sign(people).decode()

    def browser(self, signed: str) -> str | None:
        """What `signed_browser` was given; None for a text that is not ours."""
        return token_of(self.browsers, signed)

    def setup_token(self) -> str:
        """The first run's token: the same in every process of an installation, and only in its log."""
        return hmac.new(self.newest.encode(), b"tertulia.setup", hashlib.sha256).hexdigest()[:40]


def new_token() -> str:
    """A session's id, of 256 bits."""
    return secrets.token_urlsafe(32)


def token_of(signer: Signer, cookie: str) -> str | None:
    try:
        return signer.unsign(cookie).decode()
    except (BadSignature, UnicodeError):
        return None


def hash_of(signer: Signer, cookie: str) -> str | None:
    token = token_of(signer, cookie)
    return None if token is None else hashed(token)


def derived(keys: tuple[str, ...], purpose: str) -> list[bytes]:
    """Keys of 32 bytes for this purpose alone, one for each secret."""
    return [hmac.new(key.encode(), purpose.encode(), hashlib.sha256).digest() for key in keys]


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
