"""Where the setup puts what it was told: secrets in files, and in the configuration only where they are."""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.config.secret import SecretRef
from core.domain.errors import ConfigError

FOLDER = "secrets"
_ONLY_MINE = 0o600
_FOLDER_ONLY_MINE = 0o700


@contextmanager
def tried_secret(config: Path, name: str, secret: str) -> Iterator[SecretRef]:
    """Write a secret beside the configuration, readable for its owner alone, while it is tried.

    What an earlier setup kept under this name stays: `keep_secret` takes its place, and nothing else does.

    Raises:
        ConfigError: it cannot be written.
    """
    draft = _file(config, name).with_suffix(".new")
    try:
        draft.parent.mkdir(mode=_FOLDER_ONLY_MINE, exist_ok=True)
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_MINE)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(secret + "\n")
    except OSError as error:
        raise ConfigError(f"{draft} cannot be written ({error.strerror}).") from None
    try:
        yield SecretRef(f"file:{draft}")
    finally:
        draft.unlink(missing_ok=True)


def keep_secret(config: Path, name: str) -> None:
    """Keep what is being tried under this name, for it is good.

    Raises:
        ConfigError: it cannot be written.
    """
    file = _file(config, name)
    try:
        file.with_suffix(".new").replace(file)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written ({error.strerror}).") from None


def secret_reference(config: Path, name: str) -> SecretRef:
    """Return the reference to what `keep_secret` keeps under this name."""
    return SecretRef(f"file:{_file(config, name)}")


def _file(config: Path, name: str) -> Path:
    return config.absolute().parent / FOLDER / name


def keep_references(config: Path, section: str, references: dict[str, SecretRef]) -> str | None:
    """Write under `[section]` where its secrets are; return the lines to change by hand otherwise.

    A configuration that does not exist is made. What is in one that does stays as it is.

    Raises:
        ConfigError: it cannot be read or written.
    """
    lines = [f"{key} = {_quoted(str(reference))}" for key, reference in references.items()]
    try:
        before = config.read_text(encoding="utf-8") if config.exists() else ""
        parsed = tomllib.loads(before)
        after = _with(before, section, lines, parsed.get(section))
        if after is None or not _adds(parsed, after, section, references):
            return "\n".join([f"[{section}]", *lines]) + "\n"
        file = config.resolve()  # which a link may lead to, and which keeps who may read it
        draft = file.with_name(f"{file.name}.new")
        draft.write_text(after, encoding="utf-8")
        if file.exists():
            shutil.copymode(file, draft)
        draft.replace(file)
    except tomllib.TOMLDecodeError:
        raise ConfigError(f"{config} is no valid TOML; mend it first, conclave check says where.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"{config} cannot be written ({reason}).") from None
    return None


def _quoted(text: str) -> str:
    """Return a text as TOML writes it; what JSON escapes, TOML reads."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _adds(parsed: dict[str, Any], after: str, section: str, references: dict[str, SecretRef]) -> bool:
    """Say whether the text says what the configuration did, and the references, and nothing else."""
    wanted = {key: str(reference) for key, reference in references.items()}
    try:
        return tomllib.loads(after) == parsed | {section: parsed.get(section, {}) | wanted}
    except tomllib.TOMLDecodeError:
        return False


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
