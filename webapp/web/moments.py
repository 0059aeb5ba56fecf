"""Moments in words: the time where somebody is, when their status ends, when something was seen."""

import time

from webapp.domain import community
from webapp.domain.people import Profile
from webapp.templating import clock, day


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def local_time(profile: Profile, community_zone: str) -> str:
    """`14:05`, by the clock of their time zone."""
    at = now()
    return clock(at, community.utc_offset(profile.time_zone or community_zone, at))


def moment(at: int, time_zone: str) -> str:
    """`Tuesday, 24 November 2026, 14:05`, by the clock of this zone."""
    offset = community.utc_offset(time_zone, at)
    return f"{day(at, offset)}, {clock(at, offset)}"


def until(profile: Profile, community_zone: str) -> str:
    """When the status ends, by its person's clock; empty when it has no end."""
    return moment(profile.until, profile.time_zone or community_zone) if profile.until is not None else ""
