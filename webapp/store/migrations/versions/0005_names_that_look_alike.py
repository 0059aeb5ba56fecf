"""Usernames beside names that look alike."""

import sqlalchemy as sa
from alembic import op

from webapp.domain.look_alikes import skeleton

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("users") as table:
        table.add_column(sa.Column("name_skeleton", sa.String(length=120), server_default="", nullable=False))
        table.add_column(sa.Column("handle", sa.String(length=32), nullable=True))
        table.create_index(op.f("ix_users_name_skeleton"), ["name_skeleton"])
    connection = op.get_bind()
    for user_id, name in connection.execute(sa.text("SELECT id, display_name FROM users")).all():
        values = {"id": user_id, "skeleton": skeleton(name)}
        connection.execute(sa.text("UPDATE users SET name_skeleton = :skeleton WHERE id = :id"), values)
    op.execute(
        "UPDATE users SET handle = username WHERE name_skeleton IN"
        " (SELECT name_skeleton FROM users GROUP BY name_skeleton HAVING count(*) > 1)"
    )
