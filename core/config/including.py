"""Configuration files that name others: what is shared between set-ups, or handed out ready-made."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.domain.errors import ConfigError

DEEPEST = 5
MOST = 50
"""Files that one configuration may be made of."""

Tree = dict[str, Any]
KEY = "include"


def with_included(file: Path, read: Callable[[Path], Tree]) -> Tree:
    """Return a file's document with those that it includes, at any depth.

    A path starts in the folder of the file that names it. What the including file says counts: it is laid
    over what it includes, table by table, and arrays of tables such as `[[members]]` follow one another, its
    own first.

    Raises:
        ConfigError: a file cannot be read, includes itself, or there are too many.
    """
    return _read(file, read, (), [0])


def _read(file: Path, read: Callable[[Path], Tree], within: tuple[Path, ...], count: list[int]) -> Tree:
    try:
        place = file.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        raise ConfigError(f"{_printable(file)}: the path cannot be used.") from None
    if place in within:
        raise ConfigError(f"{_printable(file)}: the file includes itself; take it out of {KEY}.")
    count[0] += 1
    if len(within) >= DEEPEST or count[0] > MOST:
        raise ConfigError(f"{_printable(file)}: at most {MOST} files, {DEEPEST} deep, can be included.")
    tree = read(file)
    names = tree.get(KEY, [])
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise ConfigError(
            f'{_printable(file)}: {KEY} must be an array of file names, such as ["models.toml"].'
        )
    for name in names:
        named = Path(name)
        found = named if named.is_absolute() or name.startswith("~") else place.parent / named
        other = _read(found, read, (*within, place), count)
        tree = _over(tree, {key: value for key, value in other.items() if key != KEY})
    return tree


def _over(upper: Mapping[str, Any], lower: Mapping[str, Any]) -> Tree:
    merged = dict(upper)
    for key, value in lower.items():
        mine = merged.get(key)
        if key not in merged:
            merged[key] = value
        elif isinstance(mine, dict) and isinstance(value, dict):
            merged[key] = _over(mine, value)
        elif _is_array_of_tables(mine) and _is_array_of_tables(value):
            merged[key] = mine + value
    return merged


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


def _printable(file: Path) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in str(file))
