"""Parses whole numbers in paths, forms, frames, headers and the environment."""

LARGEST = 10**18 - 1
"""Above every id and revision, and within a database's BIGINT."""


def whole(text: object, low: int = 0, high: int = LARGEST) -> int | None:
    """The number from `low` to `high` that these digits write, None for all else.

    One way to write each: no sign, no zero in front, no space, no other script's digits. What is longer than the
    limit is not looked at: Python refuses to read thousands of digits.
    """
    if not isinstance(text, str) or not 0 < len(text) <= len(str(high)):
        return None
    if not (text.isascii() and text.isdecimal()) or (text[0] == "0" and len(text) > 1):
        return None
    value = int(text)
    return value if low <= value <= high else None
