"""The description of the interface as OpenAPI 3.1, made from the models that read and describe it."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from bot.http.answers import ProblemAnswer
from bot.http.problems import PROBLEM_JSON

Document = dict[str, Any]
_REFERENCE = "#/components/schemas/{model}"
_MEANINGS = {
    400: "The request cannot be read.",
    401: "The token is missing or wrong.",
    402: "The budget is used up.",
    403: "The quota is used up, or this may not be done.",
    404: "There is no such thing.",
    408: "The body came too slowly.",
    409: "It is to be confirmed first.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "The request is understood and cannot be carried out.",
    429: "Too many requests; Retry-After says for how many seconds to wait.",
    500: "Something went wrong inside.",
    502: "The model gave no usable answer.",
    503: "Not at the moment.",
    504: "It took too long.",
}


class Operation(NamedTuple):
    """One method at one path.

    `asks` is the model of its body, `query` that of its query. `answers` is the model of its answer, or a
    list of one for an array, and `also` other forms in which it may come. `problems` are the statuses that it
    may have beside those of all guarded paths. `open` needs no token, and `near` none on the same machine.
    """

    method: str
    path: str
    says: str
    status: int
    answers: type[BaseModel] | list[type[BaseModel]] | None
    problems: tuple[int, ...] = ()
    asks: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    also: tuple[str, ...] = ()
    headers: Mapping[str, str] = {}
    gives: Mapping[str, str] = {}
    open: bool = False
    near: bool = False


def openapi_document(operations: Iterable[Operation], version: str) -> Document:
    """Return the whole description."""
    operations = tuple(operations)
    asked = [one for operation in operations for one in (operation.asks, operation.query) if one is not None]
    answers: list[type[BaseModel]] = [_model_of(one.answers) for one in operations if one.answers is not None]
    models: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = []
    models += [(model, "validation") for model in asked]
    answers = list(dict.fromkeys([*answers, ProblemAnswer]))
    models += [(model, "serialization") for model in answers]
    _, schemas = models_json_schema(models, ref_template=_REFERENCE)
    paths: Document = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Conclave",
            "version": version,
            "summary": "Many language models as one investment committee. Paper trading only, not advice.",
        },
        "paths": paths,
        "components": {
            "schemas": _closed(schemas["$defs"]),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _model_of(answers: type[BaseModel] | list[type[BaseModel]]) -> type[BaseModel]:
    return answers[0] if isinstance(answers, list) else answers


def _operation(one: Operation) -> Document:
    made: Document = {
        "operationId": _name(one),
        "summary": one.says,
        "parameters": [*_in_path(one.path), *_in_query(one.query), *_in_headers(one.headers)],
        "responses": {str(one.status): _answer(one)} | {str(code): _problem(code) for code in _codes(one)},
    }
    if not one.open:
        made["security"] = [{"token": []}, *([{}] if one.near else [])]
    if one.asks is not None:
        content = {"application/json": {"schema": _reference(one.asks)}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _codes(one: Operation) -> Iterable[int]:
    guarded = () if one.open else (401, 429, 500, 503)
    sent = (400, 408, 413, 415, 422) if one.asks else ()
    asked = (422,) if one.query else ()
    return sorted({*guarded, *sent, *asked, *one.problems} - {one.status})


def _name(one: Operation) -> str:
    words = [part.strip("{}").replace(".", "_") for part in one.path.strip("/").split("/")]
    return "_".join([one.method.lower(), *words])


def _answer(one: Operation) -> Document:
    content: Document = {kind: {"schema": {"type": "string"}} for kind in one.also}
    match one.answers:
        case None:
            pass
        case list():
            items = {"type": "array", "items": _reference(one.answers[0])}
            content["application/json"] = {"schema": items}
        case _:
            content["application/json"] = {"schema": _reference(one.answers)}
    headers = {"X-Request-Id": "The request's id, as in the log."} | dict(one.gives)
    return {
        "description": one.says,
        "headers": {
            name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()
        },
        "content": content or {"application/json": {"schema": {"type": "object"}}},
    }


def _problem(code: int) -> Document:
    return {
        "description": _MEANINGS[code],
        "content": {PROBLEM_JSON: {"schema": _reference(ProblemAnswer)}},
    }


def _reference(model: type[BaseModel]) -> Document:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _in_path(path: str) -> Iterable[Document]:
    for part in path.split("/"):
        if part.startswith("{"):
            schema = {"type": "string", "minLength": 1}
            yield {"name": part.strip("{}"), "in": "path", "required": True, "schema": schema}


def _in_query(model: type[BaseModel] | None) -> Iterable[Document]:
    if model is None:
        return
    schema = TypeAdapter(model).json_schema(mode="validation")
    for name, field in schema.get("properties", {}).items():
        inner = next((one for one in field.get("anyOf", ()) if one.get("type") != "null"), field)
        if "$ref" in inner:
            inner = schema["$defs"][inner["$ref"].rpartition("/")[2]]
        yield {"name": name, "in": "query", "required": False, "schema": inner}


def _in_headers(headers: Mapping[str, str]) -> Iterable[Document]:
    for name, text in headers.items():
        schema = {"type": "string", "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"}
        yield {"name": name, "in": "header", "required": False, "description": text, "schema": schema}


def _closed(tree: Any) -> Any:
    """Say of objects whose names have a pattern that they have no others, as is checked."""
    if isinstance(tree, dict):
        made = {key: _closed(value) for key, value in tree.items()}
        if "patternProperties" in made:
            made.setdefault("additionalProperties", False)
        return made
    return [_closed(inner) for inner in tree] if isinstance(tree, list) else tree
