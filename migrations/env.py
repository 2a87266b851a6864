"""What Alembic runs for each command: all work happens on the connection that the program hands over."""

from alembic import context

from core.store.tables import metadata


def main() -> None:
    """Run the wanted revisions inside the transaction that the connection is already in."""
    connection = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("Migrations run through `conclave db upgrade`, which holds the lock they need.")
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


main()
