"""The codes that sockets are closed with, and what the browser does on each.

`reconnectCodes` in templates/app.html names the codes on which a page opens its socket again, after a pause that
doubles each time. On every other code the page stays as it is until it is reloaded; the notice that was sent before the
code says why.
"""

from enum import IntEnum


class Close(IntEnum):
    """A close code: RFC 6455, section 7.4, below 3000; from 4000 on our own, 4000 and an HTTP status."""

    WRONG_KIND = 1003
    """A binary frame. The page does not come back."""
    LOST = 1006
    """The peer went without a code. Never sent; the page comes back when its connection ends like this."""
    NOT_UTF_8 = 1007
    """A text frame is not UTF-8. The page does not come back."""
    REFUSED = 1008
    """Too many sockets or commands, or the page's cursor did not come. The page does not come back."""
    TOO_BIG = 1009
    """A command over MAX_FRAME. The page does not come back."""
    COME_BACK = 1012
    """The server ends, or the session has to be renewed by a new handshake. The page comes back and catches up."""
    AGAIN_LATER = 1013
    """The reader was too slow for its backlog. The page comes back and catches up."""
    SIGNED_OUT = 4401
    """The session has ended. The page does not come back; its next request leads to the sign-in page."""
    NO_RIGHT = 4403
    """No member of this room (before the handshake: a foreign origin). The page does not come back."""
    NO_SUCH_SOCKET = 4404
    """No socket has this address: the handshake is refused, which a browser takes for 1006."""
