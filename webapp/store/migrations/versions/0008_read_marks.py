"""Read marks. What was posted before counts as read."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NEWEST = """
    UPDATE rooms SET last_posted_revision = coalesce((
        SELECT posted_revision FROM messages
        WHERE messages.room_id = rooms.id AND deleted_at IS NULL ORDER BY messages.id DESC LIMIT 1
    ), 0)
"""


def upgrade() -> None:
    op.add_column("rooms", sa.Column("last_posted_revision", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(op.f("ix_rooms_last_posted_at"), "rooms", ["last_posted_at"])
    op.add_column("memberships", sa.Column("read_revision", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("memberships", sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(NEWEST)
    op.execute("UPDATE memberships SET read_revision = (SELECT head FROM rooms WHERE rooms.id = room_id)")
