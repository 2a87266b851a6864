"""The JSON schema of an answer type, in the part of the language that every strict endpoint takes.

Strict endpoints want every field required, nothing unnamed, and refuse keywords such as `default`,
`pattern` or `minimum` (which of them differs by vendor). Bounds move into the description, where a model
reads them; Pydantic still checks them when the answer comes back. Docstrings are for people who read the
code: no member pays for them in each of its calls.
"""

import functools
import re
from typing import Any

from pydantic import BaseModel

from core.llm.port import AnswerSchema

_KEPT = ("type", "enum", "description")
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matching {}",
    "format": "format {}",
}


@functools.cache
def answer_schema(answer_type: type[BaseModel]) -> AnswerSchema:
    """Return the schema of `answer_type`, computed once.

    Raises:
        TypeError: the type has a field that strict schemas cannot say: free-form mappings, recursion,
            fixed tuples or `Any`.
    """
    raw = answer_type.model_json_schema()
    definitions = {name: _undocumented(one) for name, one in raw.get("$defs", {}).items()}
    schema = _strict(_undocumented(raw), definitions, answer_type.__name__, ())
    name = re.sub(r"[^A-Za-z0-9_-]", "_", answer_type.__name__)[:64]
    return AnswerSchema(name=name, json_schema=schema)


def _undocumented(definition: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in definition.items() if key != "description"}


def _strict(
    node: dict[str, Any], definitions: dict[str, Any], where: str, above: tuple[str, ...]
) -> dict[str, Any]:
    if "$ref" in node:
        target = node["$ref"].rpartition("/")[2]
        if target in above:
            raise TypeError(f"{where}: {target} contains itself, which strict schemas cannot say")
        merged = definitions[target] | {key: value for key, value in node.items() if key != "$ref"}
        return _strict(merged, definitions, where, (*above, target))
    options = node.get("anyOf") or node.get("oneOf")
    if options:
        return _choice(node, options, definitions, where, above)
    strict = {key: node[key] for key in _KEPT if key in node}
    if "const" in node:
        strict["enum"] = [node["const"]]
    match node.get("type"):
        case "object":
            if not node.get("properties") or isinstance(node.get("additionalProperties"), dict):
                raise TypeError(f"{where}: name the fields; strict schemas have no free-form objects")
            strict["properties"] = {
                name: _strict(field, definitions, f"{where}.{name}", above)
                for name, field in node["properties"].items()
            }
            strict["required"] = list(node["properties"])
            strict["additionalProperties"] = False
        case "array":
            if "prefixItems" in node or not node.get("items"):
                raise TypeError(f"{where}: give a list one item type")
            strict["items"] = _strict(node["items"], definitions, f"{where}[]", above)
        case None if "enum" not in strict:
            raise TypeError(f"{where}: give the field a type")
    return _with_bounds(strict, node)


def _choice(
    node: dict[str, Any],
    options: list[dict[str, Any]],
    definitions: dict[str, Any],
    where: str,
    above: tuple[str, ...],
) -> dict[str, Any]:
    if any(option.get("type") == "number" for option in options):
        # Pydantic reads a decimal from a number or from text; a model should write the number.
        options = [option for option in options if option.get("type") != "string"]
    strict_options = [_strict(option, definitions, where, above) for option in options]
    if len(strict_options) == 1:
        (strict,) = strict_options
    else:
        strict = {"anyOf": strict_options}
    if "description" in node:
        strict = strict | {"description": _joined(node["description"], strict.get("description", ""))}
    return strict


def _with_bounds(strict: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    said = {key: node[key] for key in _BOUNDS if key in node and (key, node[key]) != ("minLength", 1)}
    bounds = ", ".join(_BOUNDS[key].format(_shown(bound)) for key, bound in said.items())
    if bounds:
        strict["description"] = _joined(strict.get("description", ""), f"({bounds})")
    return strict


def _shown(bound: object) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))
