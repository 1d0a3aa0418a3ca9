"""Alembic runs this: it migrates on the connection, inside the transaction, that newsletter/store/migrate.py gives."""

from alembic import context

from newsletter.store.migrate import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
