"""Any card, filled with given texts: built from the fields that its class has, so that none is forgotten."""

import random
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin

from bot.cards import Button, Card, PictureCard
from bot.evidence_card import EvidenceItem
from bot.home_page import HomeChannel, HomePage
from bot.window_cards import EvidenceWindow, ReasoningWindow, VerdictWindow
from core.domain.values import Frozen

KINDS: tuple[type[Frozen], ...] = (*get_args(Card), ReasoningWindow, EvidenceWindow, VerdictWindow)
"""Every class of card."""
OURS = {
    (Button, "data"): lambda number: f"w.k3v9x0aa.{number}",
    (HomeChannel, "chat"): lambda number: ("C0TRADING", "D0ALICE")[number % 2],
    (HomePage, "forms"): lambda number: (("ask", f"Ask {number}"), ("settings", "Settings")),
    (EvidenceItem, "url"): lambda number: f"https://example.org/{number}?a=1&b=2",
    (PictureCard, "png"): lambda number: b"",
}
"""What is never anybody's text: data of buttons, ids of platforms, pictures, addresses."""

Kind = TypeVar("Kind", bound=Frozen)


class Filler:
    """Fills classes with the next of `texts`; how many rows a list has, and every choice, come of `seed`.

    A `full` one leaves nothing out, and has two rows in each list.
    """

    def __init__(self, texts: Iterator[str], seed: int = 0, *, most: int = 4, full: bool = False) -> None:
        self._texts = texts
        self._dice = random.Random(seed)
        self._most = most
        self._full = full
        self._number = 0

    def fill(self, kind: type[Kind]) -> Kind:
        """Return one of this class."""
        values = {
            name: self._field(kind, name, field.annotation) for name, field in kind.model_fields.items()
        }
        return kind.model_validate(values)

    def _field(self, kind: type[Frozen], name: str, annotation: Any) -> Any:
        for (one, of), make in OURS.items():
            if of == name and issubclass(kind, one):
                self._number += 1
                return make(self._number)
        return self._value(annotation)

    def _value(self, kind: Any) -> Any:
        match get_origin(kind):
            case origin if origin is Literal:
                return self._dice.choice(get_args(kind))
            case origin if origin is Union or origin is UnionType:
                kinds = [one for one in get_args(kind) if one is not NoneType]
                return None if not self._full and self._dice.random() < 0.3 else self._value(kinds[0])
            case origin if origin is tuple:
                return self._row(get_args(kind))
        return self._plain(kind)

    def _row(self, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
        if kinds[-1] is not Ellipsis:
            return tuple(self._value(one) for one in kinds)
        rows = 2 if self._full else self._dice.choice((0, 1, 2, self._most))
        return tuple(self._value(kinds[0]) for _ in range(rows))

    def _plain(self, kind: Any) -> Any:
        if issubclass(kind, Frozen):
            return self.fill(kind)
        if issubclass(kind, Enum):
            return self._dice.choice(cast("Sequence[Any]", list(kind)))
        choices: dict[type, Callable[[], Any]] = {
            str: lambda: next(self._texts),
            bool: lambda: self._full or self._dice.random() < 0.5,
            int: lambda: 1 if self._full else self._dice.randint(-2, 60),
            float: lambda: self._dice.choice((0.0, 0.5, 1.0, 2.5, -1.0, float("nan"), float("inf"))),
        }
        return choices[kind]()
