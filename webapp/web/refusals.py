"""Refusals of the middleware, before any endpoint runs."""


class Refused(Exception):
    """The request is not served; `status` and `text` say why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class TooLarge(Refused):
    """The body is over the limit, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            413, f"This is too large: at most {limit // 1024:,} KiB can be sent at once. Nothing was lost."
        )
