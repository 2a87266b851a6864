"""The example file and the reference page name every key that exists, with its true default."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from core.config import Settings, inactive, load_settings
from core.config.members import DEFAULT_BASELINES
from core.config.secret import SecretRef

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
OPTIONAL = re.compile(r"^# (?=\[|[a-z_]+ = )", re.MULTILINE)
UNCOMMENTED = OPTIONAL.sub("", EXAMPLE)


def keys_of(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key with its default; an array of tables is written `members[].name`."""
    for name, field in model.model_fields.items():
        inner = next((part for part in get_args(field.annotation) if _is_model(part)), None)
        if inner is not None:
            yield from keys_of(inner, f"{path}{name}[].")
        elif _is_model(field.annotation):
            yield from keys_of(field.annotation, f"{path}{name}.")  # type: ignore[arg-type] # just checked
        else:
            yield f"{path}{name}", field.get_default(call_default_factory=True)


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def named_in(tree: Any, path: str = "") -> Iterator[str]:
    """Every key that a document says, written like those of `keys_of`."""
    if isinstance(tree, list) and tree and isinstance(tree[0], dict):
        for entry in tree:
            yield from named_in(entry, f"{path}[]")
    elif isinstance(tree, dict):
        yield path
        for key, value in tree.items():
            yield from named_in(value, f"{path}.{key}".lstrip("."))
    else:
        yield path


KEYS = dict(keys_of(Settings))


def test_the_walk_finds_the_keys_at_every_depth() -> None:
    assert {"arena.strict", "market.csv.dir", "providers[].keys[].rpm", "access.chats[].role"} <= set(KEYS)


def test_the_example_loads_and_gives_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    settings = load_settings(file, {})
    assert settings.model_copy(update={"members": ()}) == Settings()
    assert [member.name for member in settings.members] == list(DEFAULT_BASELINES)
    assert inactive(settings) == ()


def test_the_example_loads_with_every_optional_line_in_use(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(UNCOMMENTED, encoding="utf-8")
    settings = load_settings(file, {})
    assert [member.name for member in settings.members] == ["claude", "momentum"]
    assert settings.providers[0].keys[0].rpm == 60
    assert settings.access.chats[0].role == "viewer"


@pytest.mark.parametrize("key", KEYS)
def test_the_example_names_every_key(key: str) -> None:
    assert key in set(named_in(tomllib.loads(UNCOMMENTED)))


def rows() -> dict[str, str]:
    """The reference's tables: key to the default that the page states."""
    found = {}
    section = ""
    for line in PAGE.splitlines():
        if line.startswith("#"):
            heading = re.search(r"`\[+([a-z_.]+)(\]+)`", line)
            section = heading[1] if heading else ""
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and cells[0].startswith("`"):
            found[f"{section}.{cells[0].strip('`')}".lstrip(".")] = cells[2]
    return found


@pytest.mark.parametrize(("key", "default"), KEYS.items())
def test_the_reference_names_every_key_with_its_default(key: str, default: object) -> None:
    stated = rows()[key.replace("[]", "")]
    assert stated == _stated(default)


def test_the_reference_names_no_key_that_does_not_exist() -> None:
    assert set(rows()) == {key.replace("[]", "") for key in KEYS}


def _stated(default: object) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return "none"
    if isinstance(default, tuple):
        return f"`{json.dumps(list(default))}`"
    if isinstance(default, dict):
        return "`{}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{json.dumps(str(default))}`" if isinstance(default, str | SecretRef) else f"`{default}`"
