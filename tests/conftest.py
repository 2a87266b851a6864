"""What holds for every test: no way out of this machine, no real key, and an end to waiting."""

import asyncio
import gc
import os
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from tests.costs import read_no_certificates, share_statements

# A property is no stopwatch: on a busy machine any one example may take long.
settings.register_profile("conclave", deadline=None)
settings.load_profile("conclave")

LIMIT_S, ASYNC_LIMIT_S = 120, 60
"""So long a test may take that names no limit of its own. A limit ends what hangs, and is no stopwatch."""
LIMITS_COUNT = 3 if os.environ.get("CI") else 1
"""A build machine may stand still for minutes, which is nobody's hanging."""
EARLY = ("scenario", "integration")
"""The folders whose tests begin first."""
LOOPBACK = {"127.0.0.1", "::1", "localhost", "", None}
KEPT = {"CONCLAVE_TEST_POSTGRES"}
REMOVED_ENDINGS = ("_API_KEY", "_TOKEN", "_SECRET", "_PROXY", "_proxy")
REMOVED_BEGINNINGS = ("TELEGRAM_", "SLACK_", "CONCLAVE_", "OPENAI_", "OPENROUTER_")


class NetworkClosed(OSError):
    """A test tried to leave this machine."""


def _clean_environment() -> None:
    for name in set(os.environ) - KEPT:
        if name.endswith(REMOVED_ENDINGS) or name.startswith(REMOVED_BEGINNINGS):
            del os.environ[name]


# Before any test module is imported, because some libraries read their variables at import.
_clean_environment()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while a million objects are made that stay, nor among them afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)
    for item in items:
        named = item.get_closest_marker("timeout")
        waits = asyncio.iscoroutinefunction(getattr(item, "obj", None))
        limit_s = named.args[0] if named and named.args else ASYNC_LIMIT_S if waits else LIMIT_S
        item.add_marker(pytest.mark.timeout(LIMITS_COUNT * limit_s), append=False)


def _place(item: pytest.Item) -> tuple[int, float]:
    """Say when a test begins: those that wait most and take longest first.

    With several workers the first then has the scenarios, which wait more than they compute, while the others
    compute; and nobody is left with a long one in the end, for what others take from it is what comes last.
    """
    folder, limit = item.path.parent.name, item.get_closest_marker("timeout")
    return EARLY.index(folder) if folder in EARLY else len(EARLY), -limit.args[0] if limit else 0


@pytest.fixture(scope="session")
def _attempts() -> Iterator[list[str]]:
    """Close the ways out for the whole session, and return the list of attempts to use one."""
    attempts: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        _close_sockets(patch, attempts)
        _close_names(patch, attempts)
        _close_curl(patch, attempts)
        share_statements(patch)
        read_no_certificates(patch)
        yield attempts


@pytest.fixture(autouse=True)
def ways_out(_attempts: list[str]) -> Iterator[list[str]]:
    """Fail the test that tried to leave this machine, even when the code took the error for an outage."""
    _attempts.clear()
    yield _attempts
    assert not _attempts, f"the test tried to reach {', '.join(_attempts)}; only loopback is open"


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, so that no configuration or database of the checkout is found."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _refuse(host: object, attempts: list[str]) -> NetworkClosed:
    attempts.append(str(host))
    return NetworkClosed(f"tests may not reach {host}; only loopback is open")


def _close_sockets(patch: pytest.MonkeyPatch, attempts: list[str]) -> None:
    for name in ("connect", "connect_ex", "sendto"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, *args: Any, real: Any = real) -> Any:
            address = args[-1]
            if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
                raise _refuse(address[0], attempts)
            return real(self, *args)

        patch.setattr(socket.socket, name, guarded)


def _close_names(patch: pytest.MonkeyPatch, attempts: list[str]) -> None:
    real = socket.getaddrinfo

    def guarded(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in LOOPBACK and not _is_number(name):
            raise _refuse(name, attempts)
        return real(host, *args, **options)

    patch.setattr(socket, "getaddrinfo", guarded)


def _is_number(host: str) -> bool:
    """Say whether `host` is an address already; then connecting to it is what is judged."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.partition("%")[0])
        except OSError:
            continue
        return True
    return False


def _close_curl(patch: pytest.MonkeyPatch, attempts: list[str]) -> None:
    """Guard the library under yfinance, which opens its sockets outside of Python."""
    from curl_cffi.requests import Session

    real = Session.request

    def guarded(self: Any, method: Any, url: str, *args: Any, **options: Any) -> Any:
        host = urlsplit(url).hostname
        if host not in LOOPBACK:
            raise _refuse(host, attempts)
        return real(self, method, url, *args, **options)

    patch.setattr(Session, "request", guarded)
