"""What can go wrong by the rules. An edge turns each into a status or a notice; nothing else catches them."""


class DomainError(Exception):
    """`text` is for the person who asked; it names what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NotFound(DomainError):
    """It is not there, or not for this person: the two look the same."""

    def __init__(self, text: str = "There is nothing here, or it is not for you to see.") -> None:
        super().__init__(text)


class Forbidden(DomainError):
    """It is there and seen, but this person may not do this to it."""


class AnotherPerson(Forbidden):
    """The form was made for somebody else, who was signed in on this browser before."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"You are signed in as {name} now, and this page is somebody else's. Nothing was done. Copy what you have"
            " written, then reload the page."
        )


class SignedOut(DomainError):
    """The session is over or never was."""

    def __init__(self, text: str = "You are signed out.") -> None:
        super().__init__(text)


class Invalid(DomainError):
    """What was typed does not fit; `fields` says why, by the name of the form's field."""

    def __init__(self, **fields: str) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class Conflict(DomainError):
    """Somebody, or the same person, was first."""


class TooMany(DomainError):
    """Slow down; `retry_after` in seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Busy(TooMany):
    """The server has as much to do as it takes on; it is nobody's doing in particular."""
