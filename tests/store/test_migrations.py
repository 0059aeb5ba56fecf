"""What a migration does with rows that are there."""

from alembic import command
from sqlalchemy import text

from webapp.markup import as_typed
from webapp.store.engine import config, migrate, open_engine

DAY = 86_400_000_000


def at(url: str, revision: str, *statements: str) -> None:
    """The database at this revision, and what was done then."""
    engine = open_engine(url)
    with engine.connect() as connection, connection.begin():
        command.upgrade(config(connection), revision)
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    engine = open_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


USER = (
    "INSERT INTO users (username, display_name, password_hash, role, created_at) VALUES ('ana', 'Ana', '', 'admin', 1)"
)
INVITATION = "INSERT INTO invitations (made_by, created_at, expires_at, uses_left) VALUES (1, 7, {}, {})"


def test_invitations_beyond_the_limits_of_their_form_are_brought_within(database_url: str) -> None:
    fine, endless = INVITATION.format(7 + 365 * DAY, 1_000), INVITATION.format(1_123_200_000_000_000_000, 1_999_999_999)
    at(database_url, "0002", USER, fine, endless)
    migrate(database_url)
    assert rows(database_url, "SELECT expires_at, uses_left FROM invitations") == [(7 + 365 * DAY, 1_000)] * 2


def test_messages_larger_than_one_may_be_stand_as_they_were_typed(database_url: str) -> None:
    room = "INSERT INTO rooms (id, name, topic, visibility, head, created_at) VALUES (1, 'x', '', 'open', 2, 1)"
    message = (
        "INSERT INTO messages (room_id, author_id, key, body, html, created_at, utc_offset, continues, opens_day,"
        " posted_revision, revision) VALUES (1, 1, '{}', '{}', '{}', 1, 0, false, false, {}, {})"
    )
    large = "<p>" + "<i>x</i>" * 8_192 + "</p>"
    body = "a <b>\n&amp; c"
    at(
        database_url,
        "0003",
        USER,
        room,
        message.format("a", body, "<p>small</p>", 1, 1),
        message.format("b", body, large, 2, 2),
    )
    migrate(database_url)
    shown = rows(database_url, "SELECT html, revision FROM messages ORDER BY id")
    assert shown == [("<p>small</p>", 1), (as_typed(body), 2)]


def test_names_that_look_alike_get_their_usernames(database_url: str) -> None:
    other = USER.replace("'ana', 'Ana'", "'{}', '{}'")
    at(database_url, "0004", USER, other.format("second", "\u0410na"), other.format("bea", "Bea"))
    migrate(database_url)
    assert rows(database_url, "SELECT username, handle FROM users ORDER BY username") == [
        ("ana", "ana"), ("bea", None), ("second", "second")
    ]  # fmt: skip


def test_rooms_that_were_never_renamed_stand_at_no_revision(database_url: str) -> None:
    room = "INSERT INTO rooms (name, topic, visibility, head, created_at) VALUES ('x', '', 'open', 2, 1)"
    at(database_url, "0005", room)
    migrate(database_url)
    assert rows(database_url, "SELECT name, head, changed_revision FROM rooms") == [("x", 2, 0)]


def test_what_was_posted_before_read_marks_counts_as_read(database_url: str) -> None:
    room = "INSERT INTO rooms (id, name, topic, visibility, head, created_at) VALUES ({}, 'x', '', 'open', {}, 1)"
    member = "INSERT INTO memberships (room_id, user_id, role, created_at) VALUES ({}, 1, 'owner', 1)"
    message = (
        "INSERT INTO messages (room_id, author_id, key, body, html, created_at, utc_offset, continues, opens_day,"
        " posted_revision, revision, deleted_at) VALUES (1, 1, '{}', 'x', 'x', 1, 0, false, false, {}, 9, {})"
    )
    said = message.format("a", 3, "NULL"), message.format("b", 5, 1)
    at(database_url, "0006", USER, room.format(1, 9), room.format(2, 0), member.format(1), member.format(2), *said)
    migrate(database_url)
    assert rows(database_url, "SELECT last_posted_revision FROM rooms ORDER BY id") == [(3,), (0,)]
    assert rows(database_url, "SELECT read_revision FROM memberships ORDER BY room_id") == [(9,), (0,)]


def test_rooms_and_members_of_before_are_not_direct_and_the_release_before_writes_them(database_url: str) -> None:
    """It names neither of the new columns; its rooms are listed and have no key."""
    room = "INSERT INTO rooms (name, topic, visibility, head, created_at) VALUES ('x', '', 'closed', 2, 1)"
    member = "INSERT INTO memberships (room_id, user_id, role, created_at) VALUES ({}, 1, 'owner', 1)"
    at(database_url, "0010", USER, room, member.format(1))
    migrate(database_url)
    at(database_url, "head", room, member.format(2))
    assert rows(database_url, "SELECT visibility, people_key FROM rooms ORDER BY id") == [("closed", None)] * 2
    assert rows(database_url, "SELECT hidden_revision FROM memberships") == [(0,), (0,)]
