"""Signs session cookies, browser cookies and invitation codes, each with a salt of its own."""

import hashlib
import hmac
import secrets
from functools import lru_cache

from itsdangerous import BadSignature, HMACAlgorithm, Signer

from webapp import numbers

LONGEST_COOKIE = 256


class Signatures:
    """`keys` are the secrets, newest first: the first one signs, all of them verify."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        oldest_first = list(reversed(keys))
        self.newest = keys[0]
        self.sessions = signer(oldest_first, "tertulia.session")
        # A salt of its own: a sibling domain can set the plain name, but has no signature that counts over https.
        self.secure_sessions = signer(oldest_first, "tertulia.session.https")
        self.known = lru_cache(maxsize=4096)(hash_of)
        self.browsers = signer(oldest_first, "tertulia.browser")
        self.invitations = signer(oldest_first, "tertulia.invitation")
        self.resets = signer(oldest_first, "tertulia.reset")

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
        return numbers.whole(token_of(self.invitations, code))

    def reset_code(self, reset_id: int) -> str:
        return self.resets.sign(str(reset_id)).decode()

    def reset_id(self, code: str) -> int | None:
        """None for a code that is not ours."""
        return numbers.whole(token_of(self.resets, code))

    def signed_browser(self, people: str) -> str:
        return self.browsers.sign(people).decode()

    def browser(self, signed: str) -> str | None:
        """What `signed_browser` was given; None for a text that is not ours."""
        return token_of(self.browsers, signed)

    def setup_token(self) -> str:
        """The first run's token: the same in every process of an installation, and only in its log."""
        return hmac.new(self.newest.encode(), b"tertulia.setup", hashlib.sha256).hexdigest()[:40]


class OneCall(HMACAlgorithm):
    """The same signature in one call of OpenSSL."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")


def signer(oldest_first: list[str], salt: str) -> Signer:
    """Derives each key once: every socket and page that opens has a signature to verify."""
    made = Signer(oldest_first, salt=salt, digest_method=hashlib.sha256, algorithm=OneCall())
    made.derive_key = lru_cache(maxsize=None)(made.derive_key)  # type: ignore[method-assign]
    return made


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
