"""What a simulated OpenAI-compatible endpoint can say: good answers, and each way of misbehaving."""

import asyncio
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Fields = Mapping[str, Any]


@dataclass(eq=False)
class ModelRequest:
    """One request as it arrived. `closed_early` is set when the client went away before the reply."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    closed_early: bool = False
    answered: bool = False

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def messages(self) -> list[dict[str, str]]:
        return self.body.get("messages", [])

    @property
    def key(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def form(self) -> str:
        return (self.body.get("response_format") or {"type": "text"})["type"]

    @property
    def schema(self) -> dict[str, Any] | None:
        """The schema of the response format, or the last one stated in the messages."""
        if self.form == "json_schema":
            return self.body["response_format"]["json_schema"]["schema"]
        stated = [found for turn in self.messages for found in _schemas_in(turn["content"])]
        return stated[-1] if stated else None


@dataclass(frozen=True)
class Reply:
    """What to send back: `body` as JSON unless it is text; `drip_s` waits between single bytes.

    It is sent after `delay_s`, and not before `gate` is set.
    """

    body: Any = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0
    content_type: str = "application/json"
    gate: asyncio.Event | None = None


Behaviour = Callable[[ModelRequest], Reply]


def completion(request: ModelRequest, text: Any, **changes: Any) -> Reply:
    """A chat completion; `changes` go into the body, `message`, `usage` and `finish_reason` included."""
    message = {"role": "assistant", "content": text} | changes.pop("message", {})
    used = sum(len(turn["content"]) for turn in request.messages) // 4 + 1
    made = len(text) // 4 + 1 if isinstance(text, str) else 1
    body = {
        "id": "chatcmpl-simulated",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": changes.pop("finish_reason", "stop")}],
        "usage": {"prompt_tokens": used, "completion_tokens": made, "total_tokens": used + made},
    }
    body |= changes
    return Reply({name: value for name, value in body.items() if value is not None})


def answers(text: Any, **changes: Any) -> Behaviour:
    """Always this text."""
    return lambda request: completion(request, text, **dict(changes))


def filled(fields: Fields | Callable[[ModelRequest], Fields] | None = None, **changes: Any) -> Behaviour:
    """An answer that satisfies the request's schema, with `fields` set by name wherever they fit."""

    def behave(request: ModelRequest) -> Reply:
        if request.schema is None:
            return completion(request, f"A simulated answer by {request.model}.", **dict(changes))
        wanted = fields(request) if callable(fields) else fields
        chosen = varied(request.model) if wanted is None else wanted
        return completion(request, json.dumps(fill(request.schema, chosen, request.model)), **dict(changes))

    return behave


def refused(
    status: int, message: str = "no", headers: dict[str, str] | None = None, **error: Any
) -> Behaviour:
    """An HTTP error in the usual shape."""
    return lambda _: Reply({"error": {"message": message} | error}, status, headers or {})


def rate_limited(retry_after: str | None = None) -> Behaviour:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return refused(429, "Rate limit reached", headers, code="rate_limit_exceeded")


def echoes_key() -> Behaviour:
    """A 401 that repeats the key, as providers do."""
    return lambda request: Reply({"error": {"message": f"Incorrect API key provided: {request.key}."}}, 401)


def out_of_credit() -> Behaviour:
    return refused(402, "This request requires more credits")


def refuses_forms(*forms: str, otherwise: Behaviour | None = None) -> Behaviour:
    """A 400 on these response formats, and a filled answer on the others."""

    def behave(request: ModelRequest) -> Reply:
        if request.form in forms:
            message = f"Invalid parameter: 'response_format' of type '{request.form}' is not supported"
            return Reply({"error": {"message": message, "param": "response_format"}}, 400)
        return (otherwise or filled())(request)

    return behave


def refuses_field(name: str, instead: str = "") -> Behaviour:
    """A 400 as long as the request has this field."""

    def behave(request: ModelRequest) -> Reply:
        if name not in request.body:
            return filled()(request)
        hint = f" Use '{instead}' instead." if instead else ""
        return Reply({"error": {"message": f"Unsupported parameter: '{name}' is not supported.{hint}"}}, 400)

    return behave


def server_error(status: int = 500) -> Behaviour:
    return refused(status, "The server had an error")


def hangs() -> Behaviour:
    return lambda _: Reply(delay_s=3600)


def held(behaviour: Behaviour, gate: asyncio.Event) -> Behaviour:
    """Answer so, but not before `gate` is set."""
    return lambda request: replace(behaviour(request), gate=gate)


def drips(drip_s: float = 0.05) -> Behaviour:
    """A good answer, one byte at a time."""
    return lambda request: Reply(filled()(request).body, drip_s=drip_s)


def junk(body: Any = "<html>502 Bad Gateway</html>", content_type: str = "text/html") -> Behaviour:
    return lambda _: Reply(body, content_type=content_type)


def error_inside(message: str = "Provider returned error", code: Any = None) -> Behaviour:
    """OpenRouter's way: status 200 and an error object."""
    return lambda _: Reply({"error": {"message": message} | ({} if code is None else {"code": code})})


def with_cost(cost: Any, text: Any = None) -> Behaviour:
    """A good answer that says what it cost in USD."""

    def behave(request: ModelRequest) -> Reply:
        reply = filled()(request) if text is None else completion(request, text)
        reply.body["usage"]["cost"] = cost
        return reply

    return behave


_OPINIONS: tuple[tuple[str, str, float, float], ...] = (
    ("BUY", "Buy", 0.8, 0.25),
    ("HOLD", "Hold", 0.6, 0.1),
    ("BUY", "Overweight", 0.7, 0.2),
    ("SELL", "Sell", 0.75, 0.0),
    ("SELL", "Underweight", 0.55, 0.0),
)


def opinion(number: int) -> dict[str, Any]:
    """A consistent pair of action and rating with what goes with it; the numbers wrap around."""
    action, rating, confidence, weight = _OPINIONS[number % len(_OPINIONS)]
    return {
        "action": action,
        "rating": rating,
        "confidence": confidence,
        "target_weight": weight,
        "stop_loss": None,
        "take_profit": None,
    }


def varied(model: str) -> dict[str, Any]:
    """The opinion that goes with a model id, always the same."""
    return opinion(zlib.crc32(model.encode()))


def fill(schema: dict[str, Any], fields: Fields, author: str, name: str = "answer") -> Any:
    """A value that satisfies `schema`: enum, bounds and lengths honoured; `fields` override by name."""
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        return fill(options[0], fields, author, name) if options else None
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            parts = schema.get("properties", {}).items()
            return {key: _chosen_or_filled(key, part, fields, author) for key, part in parts}
        case "array":
            count = min(max(schema.get("minItems", 0), 2), schema.get("maxItems", 2))
            return [fill(schema["items"], fields, author, name) for _ in range(count)]
        case "number":
            return _between(schema, 0.5)
        case "integer":
            return int(_between(schema, 1))
        case "boolean":
            return True
        case "null":
            return None
        case _:
            text = f"A simulated {name.replace('_', ' ')} by {author}."
            return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _chosen_or_filled(name: str, schema: dict[str, Any], fields: Fields, author: str) -> Any:
    if name in fields and _fits(schema, fields[name]):
        return fields[name]
    return fill(schema, fields, author, name)


def _between(schema: dict[str, Any], usual: float) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if (low is None or low < usual) and (high is None or usual < high):
        return usual
    if low is None or high is None:
        return high - 1 if low is None else low + 1
    return (low + high) / 2


def _fits(schema: dict[str, Any], value: Any) -> bool:
    if "anyOf" in schema:
        return any(_fits(option, value) for option in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kinds = {"null": type(None), "string": str, "number": (int, float), "integer": int, "boolean": bool}
    kinds |= {"array": list, "object": dict}
    return isinstance(value, kinds.get(schema.get("type", ""), object))


def _schemas_in(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    start = text.find('{"')
    while start >= 0:
        try:
            found, end = decoder.raw_decode(text, start)
        except ValueError:
            end = start + 1
        else:
            if isinstance(found, dict) and "properties" in found:
                yield found
        start = text.find('{"', end)
