"""Where the setup puts what it was told: secrets in files, and in the configuration only where they are."""

import os
import re
import tomllib
from pathlib import Path

from core.config.secret import SecretRef
from core.domain.errors import ConfigError

FOLDER = "secrets"
_ONLY_MINE = 0o600
_FOLDER_ONLY_MINE = 0o700


def keep_secret(config: Path, name: str, secret: str) -> SecretRef:
    """Write a secret beside the configuration, readable for its owner alone, and return the reference to it.

    Raises:
        ConfigError: it cannot be written.
    """
    file = config.absolute().parent / FOLDER / name
    try:
        file.parent.mkdir(mode=_FOLDER_ONLY_MINE, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_MINE)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(secret + "\n")
        draft.replace(file)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}).") from None
    return SecretRef(f"file:{file}")


def forget_secret(reference: SecretRef) -> None:
    """Delete what `keep_secret` wrote and turned out to be wrong."""
    Path(str(reference).removeprefix("file:")).unlink(missing_ok=True)


def keep_references(config: Path, section: str, references: dict[str, SecretRef]) -> str | None:
    """Write under `[section]` where its secrets are; return the lines to change by hand otherwise.

    A configuration that does not exist is made. What is in one that does stays as it is.

    Raises:
        ConfigError: it cannot be read or written.
    """
    lines = [f'{key} = "{reference}"' for key, reference in references.items()]
    try:
        before = config.read_text(encoding="utf-8") if config.exists() else ""
        there = tomllib.loads(before).get(section)
        after = _with(before, section, lines, there)
        if after is None:
            return "\n".join([f"[{section}]", *lines]) + "\n"
        tomllib.loads(after)
        draft = config.with_name(f"{config.name}.new")
        draft.write_text(after, encoding="utf-8")
        draft.replace(config)
    except tomllib.TOMLDecodeError:
        raise ConfigError(f"{config} is no valid TOML; mend it first, conclave check says where.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{config} cannot be written ({reason}).") from None
    return None


def _with(before: str, section: str, lines: list[str], there: object) -> str | None:
    """Return the text with the lines under their section; None where something else stands in their place."""
    if there is None:
        kept = f"{before.rstrip()}\n\n" if before.strip() else ""
        return kept + "\n".join([f"[{section}]", *lines]) + "\n"
    header = re.search(rf"^\[{section}\][ \t]*(?:#.*)?$", before, re.MULTILINE)
    keys = {line.partition(" = ")[0] for line in lines}
    if header is None or not isinstance(there, dict) or keys & set(there):
        return None
    return "\n".join([before[: header.end()], *lines]) + before[header.end() :]
