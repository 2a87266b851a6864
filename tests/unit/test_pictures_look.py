"""Colours that every eye can tell apart, round scales, and labels that do not overlap."""

from datetime import date, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pictures.lettering import fitted, plain, width_of, wrapped
from bot.pictures.look import PALETTES, Palette, Theme, benchmark_stroke, strokes
from bot.pictures.scales import date_ticks, limits, money_tick, percent_tick, round_ticks, spread

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
# IEEE Transactions on Visualization and Computer Graphics 15(6), 2009; the tables for severity 1.
EYES = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1.0, 1.089)
Triple = tuple[float, ...]


def times(matrix: tuple[Triple, ...], vector: Triple) -> Triple:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def linear(colour: str) -> Triple:
    """sRGB as light (IEC 61966-2-1)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)


def lab(colour: str, eye: str) -> Triple:
    """CIELAB of what this eye sees."""
    seen = tuple(min(1.0, max(0.0, c)) for c in times(EYES[eye], linear(colour)))
    f = [
        (c / white) ** (1 / 3) if c / white > 216 / 24389 else (c / white) * 841 / 108 + 4 / 29
        for c, white in zip(times(TO_XYZ, seen), WHITE, strict=True)
    ]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's ratio."""
    low, high = sorted(times(TO_XYZ, linear(colour))[1] for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("eye", EYES)
def test_no_two_lines_have_colours_that_an_eye_takes_for_one(palette: Palette, eye: str) -> None:
    pairs = [*combinations([*palette.models, palette.crowd, palette.ink], 2)]
    # The crowd is told from what is muted by its width: it is bold, and they are thin or dotted.
    pairs += [(colour, palette.muted) for colour in (*palette.models, palette.ink)]
    for one, other in pairs:
        distance = sum((a - b) ** 2 for a, b in zip(lab(one, eye), lab(other, eye), strict=True)) ** 0.5
        assert distance > 15, (one, other)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_lines_and_letters_stand_out_from_the_paper(palette: Palette) -> None:
    for colour in (*palette.models, palette.crowd):
        assert contrast(colour, palette.paper) >= 3
    for colour in (palette.ink, palette.muted, palette.warning, palette.good, palette.bad):
        assert contrast(colour, palette.paper) >= 4.5
        assert contrast(colour, palette.panel) >= 4.5


def test_forty_models_have_forty_different_lines_and_keep_them_whatever_their_order() -> None:
    palette = PALETTES[Theme.LIGHT]
    members = [(f"model-{number}", "llm") for number in range(40)]
    look = strokes(members, palette)
    assert len({(stroke.colour, stroke.dash) for stroke in look.values()}) == 40
    assert strokes(reversed(members), palette) == look


def test_committee_and_crowd_cover_models_and_models_cover_rules() -> None:
    palette = PALETTES[Theme.DARK]
    look = strokes([("a", "baseline"), ("b", "llm"), ("c", "committee"), ("d", "crowd")], palette)
    assert look["a"].width < look["b"].width < look["c"].width
    assert look["a"].rank < look["b"].rank < benchmark_stroke(palette).rank < look["d"].rank < look["c"].rank
    assert [look[name].emphasised for name in "abcd"] == [False, False, True, True]


@given(
    st.lists(st.floats(-1e6, 1e6), max_size=40),
    st.floats(0.1, 100),
    st.floats(-1e3, 1e3),
    st.floats(1, 1e4),
)
def test_labels_stay_in_their_room_and_order_and_never_overlap(
    wanted: list[float], gap: float, low: float, room: float
) -> None:
    high = low + room
    placed = spread(wanted, gap, low, high)
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    between = min(gap, room / (len(wanted) - 1)) if len(wanted) > 1 else gap
    assert all(low - 1e-6 <= place <= high + 1e-6 for place in placed)
    for one, other in pairwise(order):
        assert placed[other] - placed[one] >= between - 1e-6


def test_labels_that_have_room_do_not_move() -> None:
    assert spread([50.0, 10.0, 90.0], 20, 0, 100) == pytest.approx([50, 10, 90])
    assert spread([50.0, 52.0], 20, 0, 100) == pytest.approx([41, 61])


@given(st.lists(st.floats(-1e12, 1e12), max_size=6), st.floats(-1e6, 1e6))
def test_scales_are_round_and_hold_all_values(values: list[float], level: float) -> None:
    low, high = limits(values, also=level)
    assert low < high
    assert all(low <= value <= high for value in (*values, level))
    ticks = round_ticks(low, high)
    assert 1 <= len(ticks) <= 8
    assert all(low <= tick <= high for tick in ticks)


def test_ticks_are_written_shortly() -> None:
    assert [money_tick(v) for v in (9500.0, 10_500.0, 1_250_000.0, -42.5, 7.25, 3e9)] == [
        "$9,500", "$10,500", "$1.25M", "−$42.50", "$7.25", "$3B",
    ]  # fmt: skip
    assert [percent_tick(v) for v in (0.0, -0.025, 0.1)] == ["0 %", "−2.5 %", "10 %"]


def test_the_year_stands_where_it_is_new() -> None:
    told = [text for _, text in date_ticks(date(2011, 11, 20), date(2012, 4, 10))]
    assert told == ["Dec 2011", "Jan 2012", "Feb", "Mar", "Apr"]
    assert date_ticks(date(2012, 1, 3), date(2012, 1, 3)) == [(date(2012, 1, 3), "3 Jan 2012")]
    assert [text for _, text in date_ticks(date(2000, 3, 1), date(2013, 3, 1))] == [
        "2001", "2004", "2007", "2010", "2013",
    ]  # fmt: skip


@given(st.dates(date(1980, 1, 1), date(2100, 1, 1)), st.integers(0, 20_000))
def test_any_period_has_a_few_days_of_its_own_as_ticks(first: date, days: int) -> None:
    last = min(first + timedelta(days=days), date(2150, 1, 1))
    ticks = date_ticks(first, last)
    assert 1 <= len(ticks) <= 8
    assert all(first <= day <= last for day, _ in ticks)
    assert [day for day, _ in ticks] == sorted({day for day, _ in ticks})


@given(st.text(max_size=400), st.floats(20, 600))
def test_text_is_cut_to_its_room(text: str, room: float) -> None:
    line = fitted(text, 25, room)
    assert width_of(line, 25) <= room or line == "…"
    assert "\n" not in line
    for part in wrapped(text, 25, room, 2):
        assert width_of(part, 25) <= room or part == "…"


def test_what_would_disturb_a_picture_is_left_out() -> None:
    assert plain("a\u202eb\x00c\nd\t e") == "abc d e"
    assert plain("z" + "\u0301" * 20) == "ź\u0301\u0301"
    assert plain("日本語 ok") == "□ ok"
    assert plain("$a_1$") == "$a_1$"
