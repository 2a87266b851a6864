"""A configuration file, or none at all, into `Settings`."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.config.concealing import Concealer
from core.config.defaults import defaults_without_file, with_default_members
from core.config.including import with_included
from core.config.mistakes import mistakes_of, unfit_values
from core.config.presets import completed
from core.config.settings import Settings
from core.domain.errors import ConfigError

VARIABLE = "CONCLAVE_CONFIG"
USUAL_NAME = "config.toml"


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of `path`; of `$CONCLAVE_CONFIG` or `./config.toml` for None; else the defaults.

    A file that names no `[[members]]` gets the default ones.

    Raises:
        ConfigError: the file cannot be used. Its text has one line for each mistake, and never a secret.
    """
    file = path or find_file(environ)
    if file is None:
        return defaults_without_file(environ)
    given = settings_from(with_included(file, _tree_of), environ, name=str(file))
    settings = with_default_members(given, environ)
    if settings is not given and (mistakes := settings.routing_mistakes()):
        raise ConfigError("\n".join(f"{_printable(str(file))}: {line}." for line in mistakes))
    return settings


def find_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file that `$CONCLAVE_CONFIG` names, else `./config.toml` where it exists, else None."""
    named = environ.get(VARIABLE, "").strip()
    if named:
        return Path(named)
    usual = Path(USUAL_NAME)
    return usual if usual.exists() else None


def settings_from(tree: Mapping[str, Any], environ: Mapping[str, str], *, name: str) -> Settings:
    """Return the settings that a parsed TOML document says, without any default member.

    Args:
        tree: the document.
        environ: where secrets may stand that must not be shown.
        name: what to call the document in an error.

    Raises:
        ConfigError: as `load_settings`.
    """
    tree = completed(tree)
    concealer = Concealer(tree, environ)
    found = unfit_values(tree, concealer)
    if not found:
        try:
            # TOML's types are JSON's; strict keeps `port = "8080"` and `rpm = true` from passing.
            return Settings.model_validate_json(json.dumps(tree), strict=True)
        except ValidationError as error:
            found = mistakes_of(error, tree, concealer)
    # The cause is cut off, because Pydantic's own text repeats every value.
    raise ConfigError("\n".join(f"{_printable(name)}: {line}" for line in found)) from None


def _tree_of(file: Path) -> dict[str, Any]:
    name = _printable(str(file))
    try:
        text = file.expanduser().read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{name}: there is no such file.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: the file is not UTF-8 text.") from None
    except (OSError, RuntimeError, ValueError) as error:
        # RuntimeError: no home folder for "~"; ValueError: a zero byte in the path.
        reason = getattr(error, "strerror", None) or "the path cannot be used"
        raise ConfigError(f"{name}: the file cannot be read ({reason}).") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not valid TOML: {Concealer({}, {}).line(str(error))}.") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{name}: not valid TOML: a number is too long or tables nest too deep.") from None


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)
