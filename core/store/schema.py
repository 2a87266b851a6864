"""The revision of the schema: read at every start, and brought up to date under a lock when behind."""

from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text

from core.domain.errors import DatabaseTooNew, StoreError
from core.store.engine import BEGIN, is_sqlite, make_engine, plain_errors

HEAD = "0020"
"""The newest revision in `migrations/`. Kept here so that a normal start need not import Alembic."""

_PATIENCE_S = 30
_LOCK_CLASS = 0x434F4E43  # "CONC": the first of the two numbers of our advisory locks on PostgreSQL


def stored_revision(connection: Connection) -> str | None:
    """Return the revision that the database is at, or None before the first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def migrations_folder() -> Path:
    """Return where the revisions are: inside an installed package, or at the root of a checkout."""
    here = Path(__file__).resolve()
    packaged = here.parent / "_migrations"
    return packaged if packaged.is_dir() else here.parents[2] / "migrations"


async def migrate(place: URL) -> None:
    """Bring the schema to HEAD in one transaction that no other process can enter meanwhile.

    Raises:
        DatabaseTooNew: the database is at a revision that this program does not know.
        StoreError: a migration failed; the database is as before.
    """
    # Foreign keys are off while tables may be rebuilt; they are all checked before the commit.
    engine = make_engine(place, pooled=False, foreign_keys=False, busy_timeout_s=_PATIENCE_S)
    try:
        with plain_errors(place):
            async with engine.connect() as connection:
                await connection.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})
                async with connection.begin():
                    await connection.run_sync(_to_head, place)
    finally:
        await engine.dispose()


def _to_head(connection: Connection, place: URL) -> None:
    if not is_sqlite(place):
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:class, hashtext(current_schema()))"), {"class": _LOCK_CLASS}
        )
    revision = stored_revision(connection)
    if revision == HEAD:
        return  # another process was quicker

    from alembic import command
    from alembic.config import Config

    check_known(revision)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    command.upgrade(config, HEAD)
    if is_sqlite(place) and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise StoreError(f"A migration would leave rows of table {broken[0]} without what they refer to.")


def check_known(revision: str | None) -> None:
    """Check that this program has the steps from `revision` to HEAD.

    Raises:
        DatabaseTooNew: it does not know the revision.
        StoreError: the migrations are not there.
    """
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        known = {script.revision for script in ScriptDirectory(str(migrations_folder())).walk_revisions()}
    except CommandError as error:
        raise StoreError(f"The migrations are missing from this installation: {error}.") from error
    if revision is not None and revision not in known:
        raise DatabaseTooNew(
            f"The database is at revision {revision}, which this version of Conclave does not know "
            f"(it knows up to {HEAD}). Install a newer Conclave, or use another database."
        )
