"""Looking after the database itself."""

from pathlib import Path

from core.config import Settings
from core.store import database


async def upgrade(settings: Settings) -> None:
    """Bring the database's schema to this program's.

    Raises:
        StoreError: it cannot be opened, or is newer than this program.
        ConfigError: its password cannot be read.
    """
    await database.upgrade(settings.store.address())


async def backup(settings: Settings, file: Path) -> None:
    """Write a consistent copy of the live SQLite database to `file`.

    Raises:
        StoreError: the file exists, cannot be written, or the database is not SQLite.
    """
    await database.backup(settings.store.address(), file)
