"""Where the setup puts what it was told: secrets in files, and in the configuration only where they are."""

import os
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
    """Write under `[section]` where its secrets are; return the lines to change by hand where it exists.

    A configuration that does not exist is made. What is in one that does stays as it is.

    Raises:
        ConfigError: it cannot be read or written.
    """
    lines = [f"[{section}]", *(f'{key} = "{reference}"' for key, reference in references.items())]
    text = "\n".join(lines) + "\n"
    try:
        before = config.read_text(encoding="utf-8") if config.exists() else ""
        if section in tomllib.loads(before):
            return text
        after = f"{before.rstrip()}\n\n{text}" if before.strip() else text
        draft = config.with_name(f"{config.name}.new")
        draft.write_text(after, encoding="utf-8")
        draft.replace(config)
    except tomllib.TOMLDecodeError:
        raise ConfigError(f"{config} is no valid TOML; mend it first, conclave check says where.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{config} cannot be written ({reason}).") from None
    return None
