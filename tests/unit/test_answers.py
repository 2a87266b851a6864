"""What models write, normalised or refused."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.llm.answer_schema import answer_schema
from core.pipeline.answers import ANSWER_OF, Decision

GOOD = {
    "rating": "Buy",
    "action": "BUY",
    "confidence": 0.72,
    "target_weight": 0.2,
    "stop_loss": 190.5,
    "take_profit": 240,
    "risk_level": "medium",
    "horizon": "2 to 6 weeks",
    "reasoning": "Trend and volume agree.",
    "key_points": ["Above SMA 50."],
    "sentiment": "bullish",
}


def read(**changes: object) -> Decision:
    return Decision.model_validate_json(json.dumps({**GOOD, **changes}))


def test_a_decision_tells_its_answer_to_the_strongest_objection() -> None:
    said = read(answer_to_objection=" The price is high; growth pays for it. ")
    assert said.prose().endswith(
        "agree.\n\nAnswer to the strongest objection: The price is high; growth pays for it."
    )


@pytest.mark.parametrize("written", ["", None, "N/A", "none", "-"])
def test_no_answer_to_an_objection_costs_no_ballot(written: object) -> None:
    assert read(answer_to_objection=written) == read()
    assert read().prose().endswith("Trend and volume agree.")


def test_a_stored_decision_from_before_objections_still_loads() -> None:
    old = {**read().model_dump(mode="json")}
    del old["answer_to_objection"]
    assert Decision.model_validate(old).answer_to_objection == ""


def test_models_must_be_asked_for_the_answer_to_the_objection() -> None:
    schema = answer_schema(Decision).json_schema
    assert "answer_to_objection" in schema["required"]
    assert schema["properties"]["answer_to_objection"] == {"type": "string"}


@pytest.mark.parametrize(
    ("written", "meant"), [(0.72, "0.72"), ("0.72", "0.72"), ("72%", "0.72"), (1, "1"), (0, "0")]
)
def test_a_confidence_that_can_only_mean_one_thing_is_normalised(written: object, meant: str) -> None:
    assert read(confidence=written).confidence == Decimal(meant)


@pytest.mark.parametrize(
    "written", [72, 1.2, -0.1, "high", None, True, "NaN", "120%", [0.5], "0.5-0.7", "0,1", "0_1", "٠.٥", ""]
)
def test_a_confidence_that_could_mean_anything_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        read(confidence=written)


@pytest.mark.parametrize("written", ["N/A", "-", "none", "", None, "TBD", "null"])
def test_no_price_is_no_price(written: object) -> None:
    assert read(stop_loss=written).stop_loss is None


@pytest.mark.parametrize(
    ("written", "meant"), [("$1,234.50", "1234.5"), (190.5, "190.5"), ("190.5", "190.5")]
)
def test_a_clear_price_is_read(written: object, meant: str) -> None:
    assert read(stop_loss=written).stop_loss == Decimal(meant)


@pytest.mark.parametrize(
    "written",
    ["180-185", -3, 0, "about 180", "1e400", "Infinity", {"p": 1}, "182,50", "1.234,50", "1,2,3", 1e-9],
)
def test_an_unclear_price_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        read(stop_loss=written)


@pytest.mark.parametrize(
    ("rating", "action"), [("Buy", "SELL"), ("Overweight", "HOLD"), ("Hold", "BUY"), ("Sell", "HOLD")]
)
def test_a_rating_that_contradicts_the_action_is_refused(rating: str, action: str) -> None:
    with pytest.raises(ValidationError, match="make them agree"):
        read(rating=rating, action=action)


@pytest.mark.parametrize(
    ("rating", "action"),
    [("Buy", "BUY"), ("overweight", "buy"), ("HOLD", "Hold"), ("underweight", "SELL"), ("Sell", " sell ")],
)
def test_every_rating_has_its_action_in_any_case_of_letters(rating: str, action: str) -> None:
    assert read(rating=rating, action=action).action == action.strip().upper()


@pytest.mark.parametrize("field", ["rating", "action", "risk_level", "sentiment"])
def test_a_wrong_word_is_refused(field: str) -> None:
    with pytest.raises(ValidationError):
        read(**{field: "moon"})


def test_fields_that_nobody_asked_for_are_dropped() -> None:
    assert "secret_plan" not in read(secret_plan="x").model_dump()


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_junk_in_a_field_is_a_validation_error_or_a_value(junk: object) -> None:
    for field in GOOD:
        try:
            answer = Decision.model_validate({**GOOD, field: junk})
        except ValidationError:
            continue
        assert 0 <= answer.confidence <= 1
        assert answer.prose()


def test_every_stage_has_an_answer_type_that_shows_prose() -> None:
    assert len(ANSWER_OF) == 12
