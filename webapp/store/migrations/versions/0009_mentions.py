"""Mentions, and what waits in people's inboxes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def of(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "mentions",
        sa.Column("message_id", Id, autoincrement=False, nullable=False),
        sa.Column("user_id", Id, autoincrement=False, nullable=False),
        of("mentions", "message_id", "messages"),
        of("mentions", "user_id", "users"),
        sa.PrimaryKeyConstraint("message_id", "user_id", name=op.f("pk_mentions")),
    )
    op.create_table(
        "notifications",
        sa.Column("id", Id, sa.Identity(), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("room_id", Id, nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.false(), nullable=False),
        of("notifications", "user_id", "users"),
        of("notifications", "room_id", "rooms"),
        of("notifications", "message_id", "messages"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("user_id", "message_id", "kind", name=op.f("uq_notifications_user_id_message_id_kind")),
    )
    op.create_index(op.f("ix_notifications_changed_at"), "notifications", ["changed_at"])
    op.create_index(op.f("ix_notifications_message_id"), "notifications", ["message_id"])
    op.create_index("ix_notifications_user_id_seen_at", "notifications", ["user_id", "seen_at"])
