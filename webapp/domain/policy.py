"""Permissions. Pages may hide a control; only these functions decide."""

from typing import Protocol


class Person(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def role(self) -> str: ...


def may_administer(actor: Person) -> bool:
    return actor.role == "admin"


def may_manage_room(actor: Person, membership_role: str | None, direct: bool) -> bool:
    """Change the room and its members: its owners, and an admin who is a member of it. Nobody, if it is direct."""
    return not direct and (membership_role == "owner" or (membership_role is not None and may_administer(actor)))


def may_take_over(actor: Person, members: int, direct: bool = False) -> bool:
    """Find and join a closed room that nobody is in any more."""
    return not members and not direct and may_administer(actor)


def may_edit(actor: Person, author_id: int) -> bool:
    return actor.id == author_id


def may_delete(actor: Person, author_id: int, direct: bool) -> bool:
    """One's own message; an admin any, but not in a direct room."""
    return actor.id == author_id or (may_administer(actor) and not direct)
