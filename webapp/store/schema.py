"""The tables. Moments are whole microseconds since 1970 in UTC, so that both databases keep them alike.

One file in this folder writes each table; `alembic` compares this with the migrations (a test fails when they differ).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite gives row ids to INTEGER alone


def id_column() -> Column[int]:
    return Column("id", Id, Identity(), primary_key=True)


# One row. Its primary key is what lets only one of two first runs succeed.
community = Table(
    "community",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(80), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # Counts what took a right away, so that a process that missed the event finds out in its sweep.
    Column("revocations", BigInteger, nullable=False, server_default="0"),
    # Counts changes of what people show of themselves, for the same purpose; each has the last of their own.
    Column("people_revision", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("id = 1", name="one_row"),
)

# One row, made by the migration: what this database's processes are called in a Redis that they share with others.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(16), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

users = Table(
    "users",
    metadata,
    id_column(),
    Column("username", String(32), nullable=False, unique=True),
    Column("display_name", String(60), nullable=False),
    # The same for names that look the same; where two do, the username stands beside each as its handle.
    Column("name_skeleton", String(120), nullable=False, server_default="", index=True),
    Column("handle", String(32)),
    Column("password_hash", String(255), nullable=False),
    Column("role", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, server_default="0", index=True),
    CheckConstraint("role IN ('admin', 'member')", name="role"),
)

# What people say of themselves. Who never did has no row.
profiles = Table(
    "profiles",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("about", String(500), nullable=False, server_default=""),
    # Empty: the community's.
    Column("time_zone", String(64), nullable=False, server_default=""),
    Column("status", String(80), nullable=False, server_default=""),
    # NULL: until it is taken away.
    Column("status_until", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("address", String(64), nullable=False),
    Column("device", String(200), nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    id_column(),
    Column("made_by", Id, ForeignKey("users.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("uses_left", Integer, nullable=False),
    Column("revoked_at", BigInteger),
    CheckConstraint("uses_left >= 0", name="uses_left"),
)

# One-time links to set a new password. Of a person only the newest can be used.
resets = Table(
    "resets",
    metadata,
    id_column(),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    # NULL: the command line.
    Column("made_by", Id, ForeignKey("users.id")),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    # Without AUTOINCREMENT SQLite could give a deleted row's id again, and an old link would be a new one's.
    sqlite_autoincrement=True,
)

rooms = Table(
    "rooms",
    metadata,
    id_column(),
    Column("name", String(80), nullable=False),
    Column("topic", String(200), nullable=False, server_default=""),
    Column("visibility", String(16), nullable=False),
    # Of a direct room, which is a closed one besides: whom it is for. See party.py.
    Column("people_key", String(400), index=True, unique=True),
    Column("created_at", BigInteger, nullable=False),
    # The number of changes of this room's log; its row lock gives them one order.
    Column("head", BigInteger, nullable=False, server_default="0"),
    # The revision that changed the room's own facts last, its name and topic; 0 while they are as they were made.
    Column("changed_revision", BigInteger, nullable=False, server_default="0"),
    # Who posted last and when, and who before: what decides how the next message looks, read while it is written.
    Column("last_author_id", Id),
    Column("last_posted_at", BigInteger, index=True),
    # Where that message was posted: a room is unread for whose position is before it.
    Column("last_posted_revision", BigInteger, nullable=False, server_default="0"),
    Column("previous_author_id", Id),
    Column("previous_posted_at", BigInteger),
    CheckConstraint("visibility IN ('open', 'closed')", name="visibility"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("room_id", Id, ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # What of the room's log its member has seen; `held`: marked as unread by hand, also where they posted last.
    Column("read_revision", BigInteger, nullable=False, server_default="0"),
    Column("held", Boolean, nullable=False, server_default=false()),
    # A direct room is listed for those for whom its newest message is later.
    Column("hidden_revision", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("role IN ('owner', 'member')", name="role"),
    Index("ix_memberships_user_id", "user_id"),
)

# Who wants no direct messages from whom.
blocks = Table(
    "blocks",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("blocked_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("created_at", BigInteger, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    id_column(),
    Column("room_id", Id, ForeignKey("rooms.id", ondelete="CASCADE"), nullable=False),
    Column("author_id", Id, ForeignKey("users.id"), nullable=False),
    # The idempotency key of the draft: a second POST with it makes nothing new.
    Column("key", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # The community's offset from UTC in seconds when it was posted: the clock that people saw.
    Column("utc_offset", Integer, nullable=False),
    Column("continues", Boolean, nullable=False),
    Column("opens_day", Boolean, nullable=False),
    Column("posted_revision", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("edited_at", BigInteger),
    # A tombstone keeps its row, emptied, so that its absence can be told to who was away.
    Column("deleted_at", BigInteger),
    # What hangs on it, as JSON: see extras.py. Empty for nothing.
    Column("extras", Text, nullable=False, server_default=""),
    UniqueConstraint("author_id", "key"),
    Index("ix_messages_room_id_revision", "room_id", "revision"),
    Index("ix_messages_room_id_id", "room_id", "id"),
    # Without AUTOINCREMENT SQLite would give a deleted last row's id again.
    sqlite_autoincrement=True,
)

# Whom a message names as a member of its room, and is a link to.
mentions = Table(
    "mentions",
    metadata,
    Column("message_id", Id, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
)

# What waits in people's inboxes, and why. One that was withdrawn keeps its row, so that the sweep finds the change.
notifications = Table(
    "notifications",
    metadata,
    id_column(),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("room_id", Id, ForeignKey("rooms.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", Id, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    # The change of the room that caused it: seen by whoever has read the room up to there.
    Column("revision", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False, index=True),
    Column("seen_at", BigInteger),
    Column("withdrawn", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("user_id", "message_id", "kind"),
    Index("ix_notifications_user_id_seen_at", "user_id", "seen_at"),
)

# `revision`: of the room, when it was made or taken back. What was taken back stays for a while as `gone`, so that the
# second of two clicks on one button is known from a click of its own.
reactions = Table(
    "reactions",
    metadata,
    Column("message_id", Id, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("emoji", String(16), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("gone", Boolean, nullable=False, server_default=false()),
    Index("ix_reactions_user_id_created_at", "user_id", "created_at"),
)
