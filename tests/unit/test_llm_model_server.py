"""The simulated endpoint itself: what it fills in must satisfy what it was asked for."""

import json
from decimal import Decimal
from typing import Annotated, Literal

import aiohttp
import pytest
from pydantic import BaseModel, Field

from core.domain.ballot import Action, Rating
from core.llm.answer_schema import answer_schema
from tests.loopback import model_replies as say
from tests.loopback.model_server import ModelServer


class Part(BaseModel):
    name: Annotated[str, Field(min_length=60, max_length=70)]
    many: Annotated[int, Field(ge=5, le=9)]


class Everything(BaseModel):
    action: Action
    rating: Rating
    share: Annotated[float, Field(gt=0.6, lt=0.8)]
    price: Annotated[float, Field(gt=100)]
    loss: Annotated[float, Field(lt=-3)]
    sure: bool
    maybe: Literal["x", "y"] | None
    parts: Annotated[list[Part], Field(min_length=3, max_length=4)]


def test_enums_bounds_and_lengths_are_honoured() -> None:
    schema = Everything.model_json_schema()
    properties = json.dumps(schema["properties"])
    for name, part in schema["$defs"].items():
        properties = properties.replace(json.dumps({"$ref": f"#/$defs/{name}"}), json.dumps(part))

    filled = say.fill({"type": "object", "properties": json.loads(properties)}, say.opinion(0), "m")

    assert Everything.model_validate(filled).rating is Rating.BUY


def test_a_strict_schema_is_filled_completely() -> None:
    filled = say.fill(answer_schema(Everything).json_schema, say.opinion(3), "m")

    assert filled.keys() == Everything.model_fields.keys()
    assert (filled["action"], filled["rating"]) == ("SELL", "Sell")


@pytest.mark.parametrize("number", range(5))
def test_every_opinion_is_consistent(number: int) -> None:
    opinion = say.opinion(number)

    assert Rating(opinion["rating"]).action is Action(opinion["action"])
    assert 0 <= Decimal(str(opinion["confidence"])) <= 1


def test_a_field_that_does_not_fit_is_not_forced() -> None:
    schema = {"type": "object", "properties": {"action": {"type": "string", "enum": ["UP", "DOWN"]}}}

    assert say.fill(schema, {"action": "BUY"}, "m") == {"action": "UP"}


async def test_a_schema_stated_in_the_prompt_is_followed_too() -> None:
    schema = answer_schema(Everything)
    turn = {"role": "user", "content": f'Say {{"a": 1}}, no: follow {schema.text} please'}
    async with (
        ModelServer() as server,
        aiohttp.ClientSession() as client,
        client.post(
            f"{server.base_url}/chat/completions", json={"model": "m", "messages": [turn]}
        ) as response,
    ):
        body = await response.json()

    assert json.loads(body["choices"][0]["message"]["content"]).keys() == Everything.model_fields.keys()
