"""What programs may ask, read strictly: whatever else comes is refused with one sentence.

The models are also what `/openapi.json` says of requests.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)

from bot.http.problems import Problem
from core.domain.asking import LARGEST_TOLD, LONGEST_NAME, LONGEST_TEXT, MOST_TOLD
from core.domain.scores import Metric
from core.domain.stage import Preset

MOST_TICKERS = 5
_LARGEST = LARGEST_TOLD
_DEEPEST = 20
_SHOWN = 40

Symbol = Annotated[
    str,
    Field(
        min_length=1,
        max_length=24,
        pattern=r"^[A-Za-z0-9^$][A-Za-z0-9.=/_-]*$",
        description="A ticker such as NVDA or BTC-USD, or a pair as exchanges write it, such as BTCUSDT.",
        examples=["BTCUSDT"],
    ),
]
Word = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[\x21-\x7e]+$")]


def _number(value: object) -> Decimal:
    """Take a number and nothing that only looks like one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004 - Pydantic wants ValueError
    if abs(value) > LARGEST_TOLD:
        raise ValueError(f"must be between -{LARGEST_TOLD} and {LARGEST_TOLD}")
    return Decimal(str(value))


def _told(value: object) -> Decimal | bool | str:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise ValueError(f"may have {LONGEST_TEXT} signs at most")
        return value
    if isinstance(value, int | float):
        return _number(value)
    raise ValueError("must be a number, a text, true or false")


def _flag(value: object) -> bool:
    if value in {"true", "false"}:
        return value == "true"
    raise ValueError("must be true or false")


def _schema(**limits: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "number"} | limits)


Told = Annotated[
    Any,
    PlainValidator(_told),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": -LARGEST_TOLD, "maximum": LARGEST_TOLD},
                {"type": "boolean"},
                {"type": "string", "maxLength": LONGEST_TEXT},
            ]
        }
    ),
]
Key = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]


class Asked(BaseModel):
    """Base of all that is asked: unknown fields and values of another kind are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Weight = Annotated[Decimal, BeforeValidator(_number), _schema(minimum=0, maximum=1), Field(ge=0, le=1)]


class RiskLimits(Asked):
    """Limits of the caller."""

    max_position_pct: Annotated[
        Decimal,
        BeforeValidator(_number),
        _schema(minimum=0, maximum=1),
        Field(
            ge=0,
            le=1,
            description="The largest part of the equity to hold, as a fraction: 0.02 is 2 %.",
            examples=[0.02],
        ),
    ]


class DecideWanted(Asked):
    """One question to one routed model."""

    context: Annotated[
        dict[Key, Told],
        Field(
            max_length=MOST_TOLD,
            description="What the caller knows, such as price, volume, volatility, sentiment, has_position.",
            examples=[{"price": 45000, "volume": 1000000}],
        ),
    ] = Field(default_factory=dict)
    bot_id: Annotated[
        str,
        Field(
            max_length=64,
            pattern=r"^[A-Za-z0-9._:-]*$",
            description="The caller's name for itself; it is in the answer again.",
            examples=["momentum_bot"],
        ),
    ] = ""
    symbol: Symbol
    risk_limits: RiskLimits | None = None
    model_preference: Annotated[
        Word | None,
        Field(
            description="A model, or a route `provider:model id`, in place of what the rules would choose."
        ),
    ] = None
    task: Literal["simple", "analysis", "complex"] | None = None
    private: Annotated[bool, Field(description="Only models on this machine may see the question.")] = False
    urgent: bool = False
    stake_usd: (
        Annotated[Decimal, BeforeValidator(_number), _schema(minimum=0, maximum=LARGEST_TOLD), Field(ge=0)]
        | None
    ) = Field(default=None, description="The value of the order that hangs on the answer.")


class RunsWanted(Asked):
    """Runs of the whole committee, one for each ticker."""

    tickers: Annotated[list[Symbol], Field(min_length=1, max_length=MOST_TICKERS, examples=[["NVDA"]])]
    preset: Preset | None = None
    members: Annotated[
        list[Word], Field(max_length=50, description="Ask only these; empty means all that are enabled.")
    ] = Field(default_factory=list)
    as_of: Annotated[
        str | None,
        Field(
            max_length=40,
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}",
            description="A time with its offset, or a date: then after that day's close. Without it, now.",
            examples=["2024-06-03"],
        ),
    ] = None
    weights: Annotated[
        dict[
            Word,
            Annotated[Decimal, BeforeValidator(_number), _schema(minimum=0, maximum=1), Field(ge=0, le=1)],
        ],
        Field(
            max_length=50,
            description="How much the ballots of these members count in these runs alone, from 0 to 1.",
            examples=[{"claude": 1, "gpt5": 0.5}],
        ),
    ] = Field(default_factory=dict)
    confirmed: Annotated[
        bool, Field(description="Runs that cost more than [budget] confirm_above_usd begin only with it.")
    ] = False


class BoardWanted(Asked):
    """Which leaderboard."""

    season: Annotated[str | None, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")] = None
    period: Annotated[str, Field(max_length=12, pattern=r"^(all|[0-9]{1,4}d)$", examples=["30d"])] = "all"
    by: Metric = Metric.VALUE
    net_of_tokens: Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})] = False


Wanted = TypeVar("Wanted", bound=Asked)


def read_json(model: type[Wanted], body: bytes) -> Wanted:
    """Return what a body asks.

    Raises:
        Problem: it is no JSON (400), or not what the model says (422).
    """
    tree = _tree(body)
    try:
        # In Pydantic's JSON mode, because there a number in a text is no number and a date is a text.
        return model.model_validate_json(json.dumps(tree, ensure_ascii=False).encode(), strict=True)
    except UnicodeEncodeError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body has half of a sign of two halves.") from None
    except ValidationError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _sentence(error)) from None


def read_query(model: type[Wanted], query: Mapping[str, str]) -> Wanted:
    """Return what the query of an address asks.

    Raises:
        Problem: it is not what the model says (422).
    """
    try:
        return model.model_validate_strings(dict(query))
    except ValidationError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _sentence(error)) from None


def _tree(body: bytes) -> Any:
    try:
        tree = json.loads(body.decode("utf-8"), parse_constant=_no_constant, parse_float=_float)
    except UnicodeDecodeError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not UTF-8.") from None
    except RecursionError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is nested too deeply.") from None
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is not valid JSON.") from None
    if not _shallow(tree):
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is nested too deeply.")
    return tree


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("the number is too large")
    return number


def _shallow(tree: Any) -> bool:
    level = [tree]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return True
    return False


_IN_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "decimal_type": "must be a number",
    "finite_number": "must be a finite number",
    "string_pattern_mismatch": "has signs that it may not have, or lacks some that it needs",
}


def _sentence(error: ValidationError) -> str:
    """Return the first mistake as one sentence, with the place and never the value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # Of an alternative that did not fit, Pydantic names the type as if it were a place.
    place = [str(part) for part in first["loc"] if str(part).isprintable()]
    where = ".".join(part for part in place if "[" not in part)[:_SHOWN] or "The body"
    told = _IN_WORDS.get(first["type"]) or _lower(first["msg"])
    return f"{where} {told}."


def _lower(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return text[:1].lower() + text[1:].rstrip(".")
