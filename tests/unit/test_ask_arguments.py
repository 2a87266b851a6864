"""What people write behind `/ask`."""

from decimal import Decimal

import pytest

from bot.ask_arguments import AskArguments, ask
from bot.ask_buttons import OpenAnswer, decode, encode
from bot.missing import Missing
from core.domain.asking import Task
from core.domain.errors import Refused


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("nvda", AskArguments("NVDA")),
        ("$NVDA claude", AskArguments("NVDA", model="claude")),
        ("NVDA simple private", AskArguments("NVDA", task=Task.SIMPLE, private=True)),
        ("private complex NVDA gpt urgent", AskArguments("NVDA", "gpt", Task.COMPLEX, True, True)),
        ("NVDA --model=openrouter:openai/gpt-5", AskArguments("NVDA", "openrouter:openai/gpt-5")),
        ("NVDA —stake $12,000 --private", AskArguments("NVDA", private=True, stake=Decimal(12000))),
        ("NVDA #3 --task analysis", AskArguments("NVDA", "#3", Task.ANALYSIS)),
    ],
)
def test_words_stand_in_any_order_behind_the_ticker(text: str, read: AskArguments) -> None:
    assert ask(text.split()) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NVDA claude gpt", "One model at a time"),
        ("NVDA simple complex", "Give one task"),
        ("NVDA --stak 5", r"Did you mean --stake\?"),
        ("NVDA --stake", "--stake needs a value"),
        ("NVDA --stake lots", "“lots” is no value of an order"),
        ("NVDA --stake -5", "is no value of an order"),
        ("NVDA --task simpel", r"“simpel” is not a task\. Did you mean simple\?"),
        ("NVDA <b>", "“<b>” is no model's name"),
        ("N/A!", "ticker"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        ask(text.split())


def test_a_missing_ticker_is_asked_for_with_the_rest_kept() -> None:
    with pytest.raises(Missing) as caught:
        ask(["private"])
    assert caught.value.command == "ask {} private"


def test_buttons_are_read_back_and_forged_ones_refused() -> None:
    assert decode(encode(OpenAnswer("7h3p9wdk"))) == OpenAnswer("7h3p9wdk", 1)
    assert decode(encode(OpenAnswer("7h3p9wdk", 2), turn=True)) == OpenAnswer("7h3p9wdk", 2)
    for data in ("q.", "q.UP", "qp.7h3p9wdk", "qp.7h3p9wdk.0", "qp.7h3p9wdk.99999", "q.7h3p9wdk.2"):
        with pytest.raises(Refused, match="too old"):
            decode(data)
    with pytest.raises(ValueError, match="no button can carry"):
        encode(OpenAnswer("no id"))
