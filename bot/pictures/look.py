"""How pictures look: sizes, themes, and the line of each member."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from core.domain.member import MemberKind


class Size(NamedTuple):
    """The size of a picture in pixels."""

    width: int
    height: int

    @property
    def tall(self) -> bool:
        """Say whether the picture is meant for a phone held upright."""
        return self.height > self.width


TALL = Size(1080, 1350)
WIDE = Size(1200, 675)


class Theme(StrEnum):
    """Light or dark."""

    LIGHT = "light"
    DARK = "dark"


class Palette(NamedTuple):
    """The colours of a theme. `models` are told apart also by eyes that see no red, green or blue.

    Checked against simulated protanopia, deuteranopia and tritanopia, and for 3:1 contrast with `paper`.
    """

    paper: str
    panel: str
    ink: str
    muted: str
    grid: str
    warning: str
    good: str
    bad: str
    crowd: str
    models: tuple[str, ...]
    medals: tuple[str, str, str]


PALETTES = {
    Theme.LIGHT: Palette(
        paper="#ffffff",
        panel="#f4f6f9",
        ink="#12161d",
        muted="#5a6472",
        grid="#e3e7ec",
        warning="#8a4b00",
        good="#0b7a4b",
        bad="#b3261e",
        crowd="#d6006c",
        models=("#2494cf", "#523ed5", "#db676a", "#015d31", "#8f9014", "#7f0a00", "#8a6729", "#6c4b8a"),
        medals=("#d4a017", "#9aa3ad", "#b87333"),
    ),
    Theme.DARK: Palette(
        paper="#0f141b",
        panel="#19212b",
        ink="#edf1f6",
        muted="#9eaab8",
        grid="#26303c",
        warning="#ffb454",
        good="#4cd39a",
        bad="#ff8a80",
        crowd="#ff5fa8",
        models=("#61bffd", "#d44606", "#60ffa1", "#5369f3", "#fce439", "#b45e55", "#f2a564", "#8f64b7"),
        medals=("#e8bd3e", "#b6c0cb", "#cf8a4e"),
    ),
}

_EMPHASISED = 8
Dash = tuple[float, ...]
SOLID: Dash = ()
# Lengths of line and gap in widths of the line; where colours look alike, these do not.
DASHES: tuple[Dash, ...] = (SOLID, (5, 1.6), (7, 1.6, 1.6, 1.6), (2.2, 1.3), (11, 2.5))
_BASELINE_DASHES: tuple[Dash, ...] = (SOLID, (5, 2), (2, 1.6), (8, 2, 2, 2), (12, 3))


class Stroke(NamedTuple):
    """How one line is drawn: `width` in pixels, `rank` is what is above what (higher covers lower)."""

    colour: str
    width: float
    dash: Dash
    rank: int

    @property
    def emphasised(self) -> bool:
        """Say whether this is the committee or the crowd, which stand above the members that they count."""
        return self.rank >= _EMPHASISED


def strokes(members: Iterable[tuple[str, str]], palette: Palette) -> dict[str, Stroke]:
    """Return the line of each (name, kind).

    It follows from the names, not from the ranks, so that a member keeps its colour from day to day.
    """
    models, rules = _models(palette), _baselines(palette)
    fixed = {
        MemberKind.COMMITTEE.value: Stroke(palette.ink, 5, SOLID, 9),
        MemberKind.CROWD.value: Stroke(palette.crowd, 5, (3, 1.2), 8),
    }
    found = {}
    for name, kind in sorted(members):
        if kind in fixed:
            found[name] = fixed[kind]
        elif kind == MemberKind.BASELINE:
            found[name] = next(rules)
        else:
            found[name] = next(models)
    return found


def benchmark_stroke(palette: Palette) -> Stroke:
    """Return the line of the benchmark."""
    return Stroke(palette.muted, 4, (1, 1.4), 7)


def _models(palette: Palette) -> Iterator[Stroke]:
    number = 0
    while True:
        colour = palette.models[number % len(palette.models)]
        yield Stroke(colour, 3.4, DASHES[number % len(DASHES)], 6)
        number += 1


def _baselines(palette: Palette) -> Iterator[Stroke]:
    number = 0
    while True:
        yield Stroke(palette.muted, 1.8, _BASELINE_DASHES[number % len(_BASELINE_DASHES)], 5)
        number += 1
