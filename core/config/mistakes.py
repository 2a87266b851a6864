"""Each mistake of a configuration as one line: the key, its value, what is allowed, the nearest known key."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from core.config.concealing import DEEPEST, HIDDEN, Concealer, names_a_secret
from core.config.settings import Settings

Place = tuple[str | int, ...]

_LARGEST = 2**63
_BARE = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_ALLOWED_BY_TYPE = {
    "string_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "decimal_type": "must be a number",
    "decimal_parsing": 'must be a number such as "10000.00"',
    "finite_number": "must be a finite number",
    "tuple_type": "must be an array such as []",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}


@dataclass(frozen=True)
class _Mistake:
    """What is wrong at one place of the tree; `value` is what stands there."""

    place: Place
    allowed: str
    value: object = None
    shows_value: bool = True


def mistakes_of(error: ValidationError, tree: Mapping[str, Any], concealer: Concealer) -> tuple[str, ...]:
    """Return one line for each thing that Pydantic found wrong in `tree`."""
    found = [
        mistake for details in error.errors(include_url=False) for mistake in _from_pydantic(details, tree)
    ]
    return tuple(dict.fromkeys(_line(mistake, tree, concealer) for mistake in found))


def unfit_values(tree: Mapping[str, Any], concealer: Concealer) -> tuple[str, ...]:
    """Return one line for each value of a kind that no key takes: dates, and numbers beyond 64 bits."""
    return tuple(_line(mistake, tree, concealer) for mistake in _unfit(tree, ()))


def _unfit(value: object, place: Place) -> Iterator[_Mistake]:
    if len(place) > DEEPEST:
        yield _Mistake(place[:3], f"is nested more than {DEEPEST} deep", shows_value=False)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unfit(inner, (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unfit(inner, (*place, index))
    elif isinstance(value, datetime | date | time):
        yield _Mistake(place, "no key takes a date or time without quotes", value)
    elif isinstance(value, int) and abs(value) >= _LARGEST:
        yield _Mistake(place, "the number is too large", shows_value=False)


def _from_pydantic(details: Any, tree: Mapping[str, Any]) -> Iterator[_Mistake]:
    kind, place, value = details["type"], tuple(details["loc"]), details["input"]
    if kind == "extra_forbidden":
        yield _unknown_key(place, value, tree)
    elif kind == "missing":
        yield _Mistake(place, "is missing, and it has no default", shows_value=False)
    elif kind == "value_error":
        for sentence in str(details["ctx"]["error"]).split("\n"):
            yield _Mistake(place, sentence, value, shows_value=not isinstance(value, dict))
    elif place and place[-1] == "[key]":
        yield _Mistake(place[:-1], f"the key {_allowed(details)}", shows_value=False)
    else:
        yield _Mistake(place, _allowed(details), value)


def _allowed(details: Any) -> str:
    kind = details["type"]
    if kind in _ALLOWED_BY_TYPE:
        return _ALLOWED_BY_TYPE[kind]
    message = re.sub(r"<[A-Za-z.]+: ('[^']*')>", r"\1", details["msg"])
    message = re.sub(r"^.*?\bshould ", "must ", message)
    choices = re.findall(r"'([^']*)'", message) if kind in {"literal_error", "enum"} else []
    return message + _nearest(str(details["input"]), choices)


def _unknown_key(place: Place, value: object, tree: Mapping[str, Any]) -> _Mistake:
    *parents, key = place
    known = _keys_at(tuple(parents))
    table = _dotted(tuple(parents), tree)
    elsewhere = [path for path in _all_keys() if path.rpartition(".")[2] == key]
    near = get_close_matches(str(key)[:80], known, 1, 0.5)
    if near:
        hint = f"the nearest is {'.'.join(filter(None, (table, near[0])))}; "
    elif elsewhere:
        hint = f"there is {elsewhere[0]}; "
    else:
        hint = ""
    where = f"[{table}]" if table else "the file"
    return _Mistake(
        place,
        f"is not a known key; {hint}known in {where}: {', '.join(known)}",
        value,
        shows_value=not names_a_secret(str(key)),
    )


def _nearest(value: str, choices: list[str]) -> str:
    near = get_close_matches(value[:80], choices, 1, 0.5)
    return f'; the nearest is "{near[0]}"' if near else ""


def _line(mistake: _Mistake, tree: Mapping[str, Any], concealer: Concealer) -> str:
    where = _dotted(mistake.place, tree)
    keys = [part for part in mistake.place if isinstance(part, str)]
    if mistake.shows_value and keys:
        hidden = any(names_a_secret(key) for key in keys)
        value = HIDDEN if hidden else concealer.value(mistake.value)
        where = f"{where} = {value}"
    return ": ".join(filter(None, (concealer.line(where), concealer.line(mistake.allowed)))) + "."


def _dotted(place: Place, tree: Mapping[str, Any]) -> str:
    """Return `members[claude].weight`; an entry without a usable name is given its number, from 1."""
    text = ""
    here: Any = tree
    for part in place:
        try:
            here = here[part]
        except (LookupError, TypeError):
            here = {}
        if isinstance(part, int):
            name = here.get("name") if isinstance(here, dict) else None
            usable = isinstance(name, str) and _BARE.fullmatch(name)
            text += f"[{name if usable else part + 1}]"
        else:
            shown = part if _BARE.fullmatch(part) else f'"{part[:80]}"'
            text += f".{shown}" if text else shown
    return text


def _keys_at(place: Place) -> list[str]:
    model: Any = Settings
    for part in place:
        model = model.model_fields[part].annotation if isinstance(part, str) else model
        model = _model_within(model)
    return list(model.model_fields)


def _model_within(annotation: Any) -> Any:
    """Return the model in an annotation such as `tuple[Provider, ...]`, or None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {tuple, list, Union, UnionType}:
        return next(filter(None, map(_model_within, get_args(annotation))), None)
    return None


def _all_keys(model: type[BaseModel] = Settings, path: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = _model_within(field.annotation)
        if inner is None:
            yield f"{path}{name}"
        else:
            yield from _all_keys(inner, f"{path}{name}.")
