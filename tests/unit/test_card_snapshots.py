"""Every card, page and window of every platform looks as agreed: see `tests.drawn_cards` for the files."""

from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from bot import window_cards
from bot.cards import Card
from bot.home_page import HomePage
from bot.telegram_render import _draw
from core.domain.values import Frozen
from tests.card_samples import SAMPLES
from tests.drawn_cards import DRAWN, agreed
from tests.presented_samples import HOMES

WINDOWS = [
    kind for kind in vars(window_cards).values() if getattr(kind, "__module__", "") == window_cards.__name__
]
KINDS: tuple[type[Frozen], ...] = (*get_args(Card), *WINDOWS, HomePage)
# By what is agreed, for drawing all of it takes seconds in every process that only looks for tests.
CARDS = [(file, name) for file in DRAWN for name in agreed(file)]


@pytest.mark.parametrize(("file", "name"), CARDS)
def test_a_card_looks_as_agreed(file: str, name: str) -> None:
    assert DRAWN[file]()[name] == agreed(file)[name], "python -m tests.drawn_cards writes what is agreed"


@pytest.mark.parametrize("file", DRAWN)
def test_nothing_is_agreed_that_is_not_drawn_any_more(file: str) -> None:
    assert list(agreed(file)) == list(DRAWN[file]())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_card_has_samples_in_which_each_field_holds_something(kind: type[Frozen]) -> None:
    """A field of which no sample has anything could be drawn in any way, and nobody would see it."""
    samples = [one for one in (*SAMPLES.values(), *HOMES.values()) if type(one) is kind]
    assert samples, f"tests/card_samples.py has no {kind.__name__}"
    filled = {name for one in samples for name in kind.model_fields if getattr(one, name)}
    # Of a window only what it adds is asked for: the card that it extends has samples of its own.
    own = set(kind.model_fields) - set(getattr(kind.__base__, "model_fields", {}))
    assert own - filled == set()


@pytest.mark.parametrize("kind", get_args(Card), ids=lambda kind: kind.__name__)
def test_every_choice_of_a_card_is_drawn_in_some_sample(kind: type[BaseModel]) -> None:
    for name, field in kind.model_fields.items():
        if get_origin(field.annotation) is Literal:
            shown = {getattr(one, name) for one in SAMPLES.values() if type(one) is kind}
            assert shown == set(get_args(field.annotation)), f"{kind.__name__}.{name}"


@pytest.mark.parametrize("kind", get_args(Card), ids=lambda kind: kind.__name__)
def test_there_is_no_card_that_telegram_cannot_show(kind: type[Any]) -> None:
    assert _draw.dispatch(kind) is not _draw.dispatch(object), kind
