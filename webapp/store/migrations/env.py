"""Run by Alembic; the connection, and the transaction around it, are the caller's."""

from alembic import context

from webapp.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
