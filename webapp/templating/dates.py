"""Stored times, which are microseconds since 1970, as pages show them."""

from datetime import UTC, datetime


def local(microseconds: int, utc_offset: int) -> datetime:
    """The time that a clock showed which was `utc_offset` seconds ahead of UTC."""
    return datetime.fromtimestamp(microseconds // 1_000_000 + utc_offset, UTC)


def clock(microseconds: int, utc_offset: int) -> str:
    """`13:05`."""
    return local(microseconds, utc_offset).strftime("%H:%M")


def day(microseconds: int, utc_offset: int) -> str:
    """`Tuesday, 24 November 2026`."""
    at = local(microseconds, utc_offset)
    return f"{at:%A}, {at.day} {at:%B %Y}"


def brief(microseconds: int, utc_offset: int) -> str:
    """`24 Nov, 13:05`."""
    at = local(microseconds, utc_offset)
    return f"{at.day} {at:%b}, {at:%H:%M}"


def iso(microseconds: int) -> str:
    """For the `datetime` attribute: `2026-11-24T13:05:09Z`."""
    return local(microseconds, 0).strftime("%Y-%m-%dT%H:%M:%SZ")
