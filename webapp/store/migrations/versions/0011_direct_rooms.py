"""Direct rooms, and who is blocked from them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("rooms", sa.Column("people_key", sa.String(length=400), nullable=True))
    op.create_index(op.f("ix_rooms_people_key"), "rooms", ["people_key"], unique=True)
    op.add_column("memberships", sa.Column("hidden_revision", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "blocks",
        sa.Column("user_id", Id, autoincrement=False, nullable=False),
        sa.Column("blocked_id", Id, autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_blocks_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["blocked_id"], ["users.id"], name=op.f("fk_blocks_blocked_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "blocked_id", name=op.f("pk_blocks")),
    )
