"""The errors that rules raise. The edges map each to a status or a notice; nothing else catches them."""


class DomainError(Exception):
    """`text` is for the person who asked; it names what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotFound(DomainError):
    """It does not exist, or this person may not know of it: both answer the same."""

    def __init__(self, text: str = "There is nothing here, or it is not for you to see.") -> None:
        super().__init__(text)


class Forbidden(DomainError):
    """This person may see it, but may not do this."""


class Blocked(Forbidden):
    """The other person of a direct room for two has blocked this one."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This person takes no direct messages from you. {what}")


class AnotherPerson(Forbidden):
    """The form was rendered for another person, who was signed in on this browser before."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"You are signed in as {name} now, and this page is somebody else's. Nothing was done. Copy what you have"
            " written, then reload the page."
        )


class SignedOut(DomainError):
    """There is no session, or it has ended."""

    def __init__(self, text: str = "You are signed out.") -> None:
        super().__init__(text)


class Invalid(DomainError):
    """Input is not valid; `fields` has the reason for each form field by name."""

    def __init__(self, **fields: str) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class Conflict(DomainError):
    """It exists already, or was done already."""


class TooMany(DomainError):
    """A rate limit is exceeded; `retry_after` in seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Busy(TooMany):
    """The server is at capacity; `retry_after` in seconds."""
