"""Messages that were rendered to more than 64 KiB stand as they were typed, as such a message does from now on."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MOST = 65_536


def upgrade() -> None:
    escaped = "replace(replace(replace(body, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
    typed = f"UPDATE messages SET html = '<p class=\"typed\">' || {escaped} || '</p>' WHERE length(html) > :most"  # noqa: S608
    op.execute(sa.text(typed).bindparams(most=MOST))
