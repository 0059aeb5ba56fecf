"""The room's own facts in its log."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("rooms", sa.Column("changed_revision", sa.BigInteger(), server_default="0", nullable=False))
