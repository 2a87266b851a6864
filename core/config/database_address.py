"""The password of a database, put into its address only when somebody connects."""

from urllib.parse import quote

_POSTGRES = "postgresql+asyncpg://"


def is_postgres(url: str) -> bool:
    """Say whether an address is one of PostgreSQL."""
    return url.startswith(_POSTGRES)


def takes_password(url: str) -> bool:
    """Say whether an address of PostgreSQL names a user, and no password of that user."""
    user, at, _ = _parts(url)
    return bool(at and user) and ":" not in user


def with_password(url: str, password: str) -> str:
    """Return an address that `takes_password`, with the password in it."""
    user, _, place = _parts(url)
    return f"{_POSTGRES}{user}:{quote(password, safe='')}@{place}"


def _parts(url: str) -> tuple[str, str, str]:
    """Return the user, the sign @ if it is there, and what follows."""
    rest = url.removeprefix(_POSTGRES)
    # A sign @ behind the first slash belongs to the database's name or to an option.
    host, slash, path = rest.partition("/")
    user, at, server = host.rpartition("@")
    return user, at, f"{server}{slash}{path}"
