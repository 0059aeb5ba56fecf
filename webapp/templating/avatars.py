"""The coloured circle beside a person's name."""


def initials(name: str) -> str:
    """The first letters of the first and the last word."""
    words = [word for word in name.split() if word[0].isalnum()] or [name]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def tint(number: int) -> int:
    """One of twelve colours; neighbouring numbers get colours that are easy to tell apart."""
    return number * 5 % 12
