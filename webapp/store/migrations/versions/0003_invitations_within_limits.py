"""Invitations made while the limits of their form could be passed end within a year of their making."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

YEAR = 365 * 86_400_000_000
MOST_USES = 1_000


def upgrade() -> None:
    late = sa.text("UPDATE invitations SET expires_at = created_at + :year WHERE expires_at > created_at + :year")
    op.execute(late.bindparams(sa.bindparam("year", YEAR, sa.BigInteger)))
    op.execute(sa.text("UPDATE invitations SET uses_left = :most WHERE uses_left > :most").bindparams(most=MOST_USES))
