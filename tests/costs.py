"""What costs much and is the same in every test, done once for each process."""

import ssl
from typing import Any

import pytest
from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine

_MOST = 4000


class _Statements:
    """Statements in the words of each kind of database, kept for all engines of that kind.

    SQLAlchemy keeps them for each engine, which in the program is one. A test has an engine of its own, and
    spent half of its time on finding the same words again.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], object] = {}

    def get(self, key: tuple[Dialect, ...]) -> object | None:
        return self._kept.get((key[0].name, *key[1:]))

    def __setitem__(self, key: tuple[Dialect, ...], compiled: object) -> None:
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[key[0].name, *key[1:]] = compiled


def share_statements(patch: pytest.MonkeyPatch) -> None:
    """Let every engine that is made from now on find the statements of those before."""
    from core.store import engine

    statements, real = _Statements(), engine.create_async_engine

    def made(*args: Any, **options: Any) -> AsyncEngine:
        return real(*args, execution_options={"compiled_cache": statements}, **options)

    patch.setattr(engine, "create_async_engine", made)


def read_no_certificates(patch: pytest.MonkeyPatch) -> None:
    """Let HTTP clients trust nobody: no test speaks TLS, and each client would read all certificates."""

    def nothing(self: ssl.SSLContext, *args: object, **options: object) -> None:
        """Stand in for what reads certificates."""

    for name in ("load_verify_locations", "load_default_certs", "set_default_verify_paths"):
        patch.setattr(ssl.SSLContext, name, nothing)
