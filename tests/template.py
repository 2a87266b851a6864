"""A SQLite database as the migrations make it: made once for each process, and copied for each test.

Most tests need the tables and only a few look at how they come about; those open a file that is not there.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from core.store.database import upgrade


def laid(file: Path) -> Path:
    """Put a database with our tables and no rows at `file`, unless one is there or its folder is not."""
    if not file.exists() and file.parent.is_dir():
        file.write_bytes(_made())
    return file


@cache
def _made() -> bytes:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        file = Path(folder, "made.db")
        # In a thread of its own: the test's event loop must not notice.
        thread.submit(asyncio.run, _upgraded(f"sqlite+aiosqlite:///{file}")).result()
        assert [one.name for one in file.parent.iterdir()] == ["made.db"], "all is in the one file"
        return file.read_bytes()


async def _upgraded(url: str) -> None:
    await upgrade(url)
