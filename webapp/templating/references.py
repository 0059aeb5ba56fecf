"""Emoji in ASCII: a frame of ASCII alone costs a thirtieth where the server has to encode it for each socket."""

from markupsafe import Markup


def references(text: str) -> Markup:
    """`&#128077;` for each character, as HTML reads it."""
    return Markup("".join([f"&#{ord(character)};" for character in text]))  # noqa: S704 - digits alone


def code(text: str) -> str:
    """`1f44d-fe0f`, for ids."""
    return "-".join([f"{ord(character):x}" for character in text])
