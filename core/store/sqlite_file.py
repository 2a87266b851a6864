"""What concerns the file of a SQLite database: making it ready, and copying it while it is in use."""

import asyncio
import os
import secrets
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from core.domain.errors import StoreError

_PATIENCE_S = 10.0
_PAUSE_S = 0.02


async def make_ready(file: Path) -> None:
    """Create the file if it is missing, and let readers and a writer work on it at the same time (WAL).

    Raises:
        StoreError: there is no such folder, the file cannot be written, or it is no SQLite database.
    """
    await asyncio.to_thread(_make_ready, file)


def check_folder(file: Path) -> None:
    """Check that a database can be made at `file`.

    Raises:
        StoreError: its folder does not exist or cannot be written to.
    """
    try:
        there = file.parent.is_dir()
    except OSError as error:
        told = f"The folder {file.parent} for the database cannot be read ({error.strerror})."
        raise StoreError(told) from error
    if not there:
        raise StoreError(
            f"The folder {file.parent} for the database does not exist; create it or change [store] url."
        )
    # The rights that opening the file will have, where the system can tell them.
    if not os.access(file.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise StoreError(f"The folder {file.parent} for the database cannot be written to.")


def _make_ready(file: Path) -> None:
    check_folder(file)
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with closing(sqlite3.connect(file, timeout=_PATIENCE_S, isolation_level=None)) as connection:
                mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
                if mode != "wal":
                    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.Error as error:
            # SQLite does not queue for the change to WAL when two processes want it at once.
            if _is_busy(error) and time.monotonic() < give_up:
                time.sleep(_PAUSE_S)
                continue
            raise StoreError(f"The database {file} cannot be opened: {error}.") from error
        if mode != "wal":
            raise StoreError(f"The database {file} lies where SQLite's write-ahead log does not work.")
        return


def _is_busy(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


async def copy(source: Path, target: Path) -> None:
    """Write a consistent copy of a database in use to `target`, whole or not at all.

    Raises:
        StoreError: there is no database, `target` exists already, or the copy could not be written.
    """
    await asyncio.to_thread(_copy, source, target)


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        if not source.is_file():
            raise StoreError(f"There is no database at {source}.")
        if target.exists():
            raise StoreError(f"{target} exists already; a backup never overwrites a file.")
        if not target.parent.is_dir():
            raise StoreError(f"The folder {target.parent} does not exist; create it first.")
        _copy_pages(source, part)
        _flush(part)
        _publish(part, target)
        _flush(target.parent)
    except OSError as error:
        raise StoreError(f"The backup to {target} failed: {error.strerror or error}.") from error
    except sqlite3.Error as error:
        raise StoreError(f"The backup to {target} failed: {error}.") from error
    finally:
        with suppress(OSError):  # where nothing can be made, nothing can be removed
            part.unlink(missing_ok=True)


def _copy_pages(source: Path, part: Path) -> None:
    address = f"{source.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE_S)) as origin,
        closing(sqlite3.connect(part, isolation_level=None)) as copied,
    ):
        # All pages in one step: a copy in several steps starts anew whenever somebody writes.
        origin.backup(copied)
        # The copy is one file, complete without a log beside it.
        copied.execute("PRAGMA journal_mode = DELETE")
        verdict = copied.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise StoreError(f"The database {source} is damaged: {verdict}.")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _publish(part: Path, target: Path) -> None:
    try:
        # A link, unlike a rename, fails when somebody has made the target meanwhile.
        os.link(part, target)
    except FileExistsError:
        raise StoreError(f"{target} exists already; a backup never overwrites a file.") from None
    except OSError:
        part.rename(target)
