import json
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from core.domain.errors import BadAnswer, ModelTimeout
from core.domain.usage import ServedBy, Spend
from core.llm.answer_schema import answer_schema
from core.llm.extract import NoSingleObject, json_object, without_thoughts
from core.llm.port import Answer, Message
from core.llm.scripted import ScriptedModel
from core.llm.structured import Structured, ask_structured

QUESTION = (Message(role="system", content="You judge."), Message(role="user", content="Buy?"))


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class Point(BaseModel):
    said: str
    weight: Annotated[float, Field(ge=0, le=1)] = 0.5


class Verdict(BaseModel):
    """What a member thinks."""

    model_config = ConfigDict(extra="forbid")

    side: Side
    confidence: Annotated[Decimal, Field(ge=0, le=1, description="How sure")]
    stop_loss: Annotated[Decimal, Field(gt=0)] | None = None
    tier: Literal["one"] = "one"
    points: Annotated[list[Point], Field(min_length=1)]


GOOD = '{"side": "BUY", "confidence": 0.7, "points": [{"said": "cheap"}]}'


def said(text: str, cost: str = "0.01") -> Answer:
    spend = Spend(prompt_tokens=10, completion_tokens=5, cost_usd=Decimal(cost), calls=1)
    return Answer(text=text, served_by=ServedBy(provider="p", model="m"), spend=spend, latency_ms=100)


async def ask(model: ScriptedModel) -> Structured[Verdict]:
    return await ask_structured(
        model, QUESTION, Verdict, schema=answer_schema(Verdict), max_output_tokens=50, scopes=("run:1",)
    )


async def test_a_good_answer_is_one_request_with_schema_limit_and_scopes() -> None:
    model = ScriptedModel([said(GOOD)])

    got = await ask(model)

    assert got.value.side is Side.BUY
    assert got.value.confidence == Decimal("0.7")
    assert (got.text, got.latency_ms, got.spend.calls) == (GOOD, 100, 1)
    (sent,) = model.history
    assert (sent.messages, sent.max_output_tokens, sent.scopes) == (QUESTION, 50, ("run:1",))
    assert sent.answer == answer_schema(Verdict)


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"Here is my answer:\n\n{GOOD}\n\nI hope {{this}} helps.",
        f'<think>If {{"side": "SELL"}} then…</think>\n{GOOD}',
        f'I wonder {{"side": 1}}</think>{GOOD}',
        f"<thinking>\nhm\n</thinking>```\n{GOOD}```",
        f"\ufeff {GOOD}",
        GOOD.replace("cheap", "a } brace, a { brace and <think>"),
    ],
)
async def test_what_models_write_around_the_object_is_ignored(text: str) -> None:
    model = ScriptedModel([said(text)])

    got = await ask(model)

    assert got.value.side is Side.BUY
    assert got.text == text
    assert len(model.history) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD + GOOD, "more than one JSON object"),
        ('{"side": "BUY", "side": "SELL", "confidence": 1, "points": []}', 'the field "side" is given twice'),
        (GOOD[:-3], "broken or cut off"),
        (GOOD.replace("0.7", "NaN"), "NaN is no JSON number"),
        ("BUY!", "no JSON object"),
        ("<think>never closed " + GOOD, "no JSON object"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("[]", "no JSON object"),
        ("x" * 1_000_001, "longer than"),
        (GOOD.replace("BUY", "STRONG BUY"), "side: Input should be 'BUY' or 'SELL'"),
        (GOOD.replace("0.7", "7"), "confidence: Input should be less than or equal to 1"),
        (GOOD.replace('"confidence": 0.7, ', ""), "confidence: Field required"),
        (GOOD.replace('"side"', '"extra": 1, "side"'), "extra: Extra inputs are not permitted"),
        (GOOD.replace('"cheap"', "null"), "points.0.said: Input should be a valid string"),
    ],
)
async def test_an_unusable_answer_is_mended_once_and_told_why(text: str, reason: str) -> None:
    model = ScriptedModel([said(text), said(GOOD, "0.02")])

    got = await ask(model)

    assert got.value.side is Side.BUY
    assert (got.spend.cost_usd, got.spend.calls, got.latency_ms) == (Decimal("0.03"), 2, 200)
    *before, own_answer, told = model.history[1].messages
    assert tuple(before) == QUESTION
    assert (own_answer.role, told.role) == ("assistant", "user")
    assert reason in told.content
    assert answer_schema(Verdict).text in told.content


async def test_a_second_unusable_answer_is_a_bad_answer_with_reason_and_both_costs() -> None:
    model = ScriptedModel([said("BUY!"), said(GOOD.replace("BUY", "KEEP"))])

    with pytest.raises(BadAnswer, match="p:m gave no usable answer, asked twice: side: Input") as caught:
        await ask(model)

    assert (caught.value.spent.cost_usd, caught.value.spent.calls) == (Decimal("0.02"), 2)
    assert len(model.history) == 2


async def test_an_answer_that_was_none_is_asked_for_again_in_the_same_turn() -> None:
    failure = BadAnswer("p:m was cut off after 50 tokens", spent=Spend(cost_usd=Decimal("0.01"), calls=1))
    model = ScriptedModel([failure, said(GOOD)])

    got = await ask(model)

    assert (got.spend.cost_usd, got.spend.calls) == (Decimal("0.02"), 2)
    assert [turn.role for turn in model.history[1].messages] == ["system", "user"]
    assert "cut off after 50 tokens" in model.history[1].messages[-1].content


async def test_a_failure_while_mending_counts_both_costs() -> None:
    model = ScriptedModel([said("BUY!"), ModelTimeout("late", spent=Spend(calls=1))])

    with pytest.raises(ModelTimeout) as caught:
        await ask(model)

    assert (caught.value.spent.cost_usd, caught.value.spent.calls) == (Decimal("0.01"), 2)


async def test_a_failure_of_another_kind_is_not_mended() -> None:
    model = ScriptedModel([ModelTimeout("late")])

    with pytest.raises(ModelTimeout):
        await ask(model)

    assert len(model.history) == 1


async def test_the_models_thoughts_are_not_sent_back_to_it() -> None:
    model = ScriptedModel([said("<think>secret plan</think>BUY!"), said(GOOD)])

    await ask(model)

    assert model.history[1].messages[-2].content == "BUY!"


@given(st.text(), st.text(), st.dictionaries(st.text(), st.integers() | st.text(), max_size=4))
def test_any_object_is_found_between_words_without_braces(
    before: str, after: str, value: dict[str, Any]
) -> None:
    before, after = (words.translate(dict.fromkeys(map(ord, "{}<>"))) for words in (before, after))

    assert json.loads(json_object(f"{before}{json.dumps(value)}{after}")) == value


@given(st.text(alphabet='{}":,<>/think[]ab 1\\', max_size=80))
def test_any_text_is_an_object_or_a_reason(text: str) -> None:
    try:
        found = json_object(text)
    except NoSingleObject as error:
        assert str(error)
    else:
        assert isinstance(json.loads(found), dict)


def test_thoughts_are_cut_closed_or_not() -> None:
    assert without_thoughts("<think>a</think>b<THINK>c</THINK>d") == "bd"
    assert without_thoughts("a</think>b") == "b"
    assert without_thoughts("b<think>a") == "b"
    assert without_thoughts("1 < 2") == "1 < 2"


def test_a_schema_is_strict_and_says_bounds_in_words() -> None:
    schema = answer_schema(Verdict).json_schema

    assert schema["required"] == ["side", "confidence", "stop_loss", "tier", "points"]
    assert schema["additionalProperties"] is False
    assert schema["properties"] == {
        "side": {"type": "string", "enum": ["BUY", "SELL"]},
        "confidence": {"type": "number", "description": "How sure (at least 0, at most 1)"},
        "stop_loss": {"anyOf": [{"type": "number", "description": "(more than 0)"}, {"type": "null"}]},
        "tier": {"type": "string", "enum": ["one"]},
        "points": {
            "type": "array",
            "description": "(at least 1 items)",
            "items": {
                "type": "object",
                "properties": {
                    "said": {"type": "string"},
                    "weight": {"type": "number", "description": "(at least 0, at most 1)"},
                },
                "required": ["said", "weight"],
                "additionalProperties": False,
            },
        },
    }


def test_no_docstring_of_the_program_and_nothing_that_goes_without_saying_is_sent_to_models() -> None:
    class Stand(StrEnum):
        """Where a member stands."""

        LONG = "LONG"

    class Remark(BaseModel):
        """For people who read the code."""

        stand: Stand
        said: Annotated[str, Field(min_length=1, description="What is said")]

    text = answer_schema(Remark).text
    assert "people" not in text
    assert "member" not in text
    assert "characters" not in text
    assert "What is said" in text


def test_no_keyword_is_left_that_a_strict_endpoint_refuses() -> None:
    allowed = {
        "type",
        "enum",
        "description",
        "anyOf",
        "properties",
        "required",
        "additionalProperties",
        "items",
    }

    def check(node: dict[str, Any]) -> None:
        assert node.keys() <= allowed
        for part in (*node.get("properties", {}).values(), *node.get("anyOf", ())):
            check(part)
        if "items" in node:
            check(node["items"])

    check(answer_schema(Verdict).json_schema)


def test_a_schema_is_computed_once_and_named_after_its_type() -> None:
    assert answer_schema(Verdict) is answer_schema(Verdict)
    assert answer_schema(Verdict).name == "Verdict"


class Free(BaseModel):
    anything: dict[str, int]


class Tree(BaseModel):
    below: "list[Tree]"


class Vague(BaseModel):
    thing: Any


class Pair(BaseModel):
    pair: tuple[int, str]


@pytest.mark.parametrize("answer_type", [Free, Tree, Vague, Pair])
def test_a_type_that_strict_schemas_cannot_say_is_a_mistake(answer_type: type[BaseModel]) -> None:
    with pytest.raises(TypeError, match=answer_type.__name__):
        answer_schema(answer_type)
