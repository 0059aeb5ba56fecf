"""What people say of themselves, and links to set a new password."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("community", sa.Column("people_revision", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(op.f("ix_users_revision"), "users", ["revision"])
    op.create_table(
        "profiles",
        sa.Column("user_id", Id, autoincrement=False, nullable=False),
        sa.Column("about", sa.String(length=500), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("status", sa.String(length=80), server_default="", nullable=False),
        sa.Column("status_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_profiles_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_profiles")),
    )
    op.create_table(
        "resets",
        sa.Column("id", Id, sa.Identity(), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("made_by", Id, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_resets_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_resets_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resets")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_resets_user_id"), "resets", ["user_id"])
