"""Pictures open, have their size, hold anything that a name or a curve may be, and leave nothing behind."""

import asyncio
import gc
import threading
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from bot.pictures import canvas
from bot.pictures.board import leaderboard_picture
from bot.pictures.calibration import reliability_diagram
from bot.pictures.curves import drawdowns, equity_curves
from bot.pictures.look import TALL, WIDE, Size, Theme
from bot.pictures.off_loop import PictureFailed, drawn
from bot.pictures.prices import price_chart
from core.domain.bars import Bar
from core.domain.scores import DailyValue, Metric, Scorecard
from core.domain.scores import Figure as Score
from core.domain.season_report import Curve, SeasonReport
from tests import report_facts
from tests.picture_facts import history
from tests.report_facts import fill, report
from tests.report_figures import SEASON, bars, calibration

KINDS = ("llm", "baseline", "committee", "crowd")
HOSTILE = (
    "x" * 500,
    r"$\frac{1}{0}$ costs $5 and $6",
    r"\usepackage{evil} $$$ \\ _^{",
    "<b>bold</b><script>alert(1)</script>",
    "نموذج \u202e reversed \u202d עברית",
    "🤖🚀👩‍👩‍👧‍👦 日本語のモデル",
    "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308" * 5,
    "line\nbreak\ttab\x00\x1b[31m",
    "\ud800 alone",
    "",
    " ",
)


def opened(png: bytes) -> Image.Image:
    picture = Image.open(BytesIO(png))
    picture.load()
    assert picture.format == "PNG"
    return picture


def named(
    names: list[str],
    values: list[list[Decimal | None]],
    kinds: Sequence[str] = (),
    **changes: object,
) -> SeasonReport:
    """A season of members with these names and values, of all kinds in turn where none are given."""
    kinds = kinds or [KINDS[place % 4] for place in range(len(names))]
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(max(map(len, values), default=0))]
    zero = Decimal(0)
    curves = [
        Curve(name, kinds[place], tuple(DailyValue(*each, zero, zero, zero, zero, zero) for each in line))
        for place, (name, line) in enumerate(
            (name, list(zip(days, column, strict=False))) for name, column in zip(names, values, strict=True)
        )
    ]
    cards = [
        Scorecard(
            season=SEASON,
            member=curve.member,
            kind=curve.kind,
            first=days[0] if days else None,
            last=days[-1] if days else None,
            figures={Metric.RETURN: Score(value=0.01, sample=len(days))},
        )
        for curve in curves
    ]
    facts: dict[str, object] = {
        "curves": tuple(curves),
        "scorecards": tuple(cards),
        "benchmark_curve": (),
        "calibrations": (),
        "first": days[0] if days else None,
        "last": days[-1] if days else None,
    }
    return report_facts.report(runs=0, **(facts | changes))


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("size", [TALL, WIDE])
def test_every_picture_opens_and_has_its_size(size: Size, theme: Theme) -> None:
    season, member = report(runs=0), "claude-sonnet-4.5"
    for png in (
        equity_curves(season, size=size, theme=theme),
        drawdowns(season, size=size, theme=theme),
        leaderboard_picture(season, size=size, theme=theme),
        reliability_diagram(calibration(member), SEASON, size=size, theme=theme),
        price_chart(history(bars("AAPL"), [fill(4, "gpt-5")]), size=size, theme=theme),
    ):
        picture = opened(png)
        assert picture.size == size
        colours = picture.convert("RGB").resize((60, 60)).getcolors(3600)
        assert colours is not None
        assert len(colours) > 20, "something is drawn"
        assert len(png) < 1_000_000


def test_the_same_facts_give_the_same_picture() -> None:
    season = report(runs=0)
    assert equity_curves(season) == equity_curves(season)


def test_a_picture_of_a_season_without_anything_says_so_without_failing() -> None:
    empty = named([], [])
    for size in (TALL, WIDE):
        for draw in (equity_curves, drawdowns, leaderboard_picture):
            assert opened(draw(empty, size=size)).size == size
        assert opened(price_chart(history(()), size=size)).size == size
        nothing = calibration("gpt-5").model_copy(
            update={"bins": (), "settled": 0, "brier": Score(value=None, sample=0)}
        )
        assert opened(reliability_diagram(nothing, SEASON, size=size)).size == size


@pytest.mark.parametrize("size", [TALL, WIDE])
def test_hostile_names_are_drawn_and_never_interpreted(size: Size) -> None:
    line: list[Decimal | None] = [Decimal(10_000), Decimal(10_100), Decimal(9_900)]
    season = named(list(HOSTILE), [line] * len(HOSTILE), caveat=" ".join(HOSTILE), benchmark="$x$")
    for draw in (equity_curves, drawdowns, leaderboard_picture):
        assert opened(draw(season, size=size)).size == size
    for name in HOSTILE:
        assert opened(reliability_diagram(calibration(name), SEASON, size=size)).size == size
        chart = price_chart(history(bars("IBM"), ticker=name, member=name, caveat=name), size=size)
        assert opened(chart).size == size


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every line that a picture holds, none of which may be interpreted."""
    lines: list[str] = []
    text = Figure.text

    def noted(self: Figure, *args: object, **options: object) -> object:
        label = text(self, *args, **options)  # type: ignore[arg-type]
        assert label.get_parse_math() is False
        lines.append(label.get_text())
        return label

    monkeypatch.setattr(Figure, "text", noted)
    return lines


@pytest.mark.parametrize("size", [TALL, WIDE])
def test_forty_members_fit_with_committee_and_crowd_among_them(size: Size, written: list[str]) -> None:
    names = [f"model-{number}" for number in range(38)] + ["committee", "crowd"]
    kinds = ["llm"] * 38 + ["committee", "crowd"]
    values: list[list[Decimal | None]] = [
        [Decimal(10_400 + (20 - each) * day) for day in range(30)] for each in range(40)
    ]
    season = named(names, values, kinds)
    for draw in (equity_curves, drawdowns, leaderboard_picture):
        assert opened(draw(season, size=size)).size == size
        assert {"committee", "crowd", "model-0"} <= set(written)
        assert "model-37" not in written
        assert any(line.startswith(("and 2", "and 3")) for line in written)
        written.clear()


def test_dollars_in_a_name_are_dollars(written: list[str]) -> None:
    equity_curves(named(["$a$ b $c$"], [[Decimal(1), Decimal(2)]]))
    assert "$a$ b $c$" in written


def test_a_caveat_and_the_paper_line_stand_on_every_picture(written: list[str]) -> None:
    season = report(runs=0)
    for draw in (equity_curves, drawdowns, leaderboard_picture):
        for size in (TALL, WIDE):
            draw(season, size=size)
            told = " ".join(written)
            assert "Sample prices: real daily bars that end in March 2013, not today's market." in told
            assert "Paper trading, not advice. Marks of 2012-05-21." in told
            assert "2011-12-19 to 2012-05-21" in told
            written.clear()


money = st.one_of(
    st.none(),
    st.decimals(min_value=-(10**15), max_value=10**15, allow_nan=False, allow_infinity=False, places=2),
)


@settings(max_examples=40)
@given(st.data())
def test_any_names_and_any_curves_make_a_picture(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.text(max_size=60), min_size=1, max_size=4, unique=True))
    length = data.draw(st.integers(0, 12))
    values = [data.draw(st.lists(money, min_size=length, max_size=length)) for _ in names]
    season = named(names, values, initial_cash_usd=data.draw(st.sampled_from([Decimal(0), Decimal(10_000)])))
    size = data.draw(st.sampled_from([TALL, WIDE]))
    draw = data.draw(st.sampled_from([equity_curves, drawdowns, leaderboard_picture]))
    assert opened(draw(season, size=size)).size == size


@settings(max_examples=15)
@given(st.lists(st.decimals(min_value="0.000001", max_value=10**9, places=6), max_size=8))
def test_any_prices_make_a_picture(closes: list[Decimal]) -> None:
    held = [
        Bar(date=date(2024, 1, 1) + timedelta(days=day), open=c, high=c, low=c, close=c, volume=0)
        for day, c in enumerate(closes)
    ]
    assert opened(price_chart(history(held))).size == TALL


def test_no_figure_stays_in_memory() -> None:
    season = report(runs=0)
    for _ in range(3):
        equity_curves(season)
        leaderboard_picture(season, size=WIDE)
    gc.collect()
    assert [each for each in gc.get_objects() if isinstance(each, Figure)] == []


def test_a_failed_picture_lets_the_next_one_be_drawn() -> None:
    season = report(runs=0)
    with pytest.raises(ZeroDivisionError), canvas.sheet(WIDE, Theme.LIGHT):
        _ = 1 / 0
    assert opened(equity_curves(season)).size == TALL


def test_the_persons_own_settings_of_matplotlib_change_nothing_and_are_kept() -> None:
    import matplotlib as mpl

    season = report(runs=0)
    plain = leaderboard_picture(season)
    with mpl.rc_context({"font.size": 40, "text.usetex": True, "axes.facecolor": "red", "savefig.dpi": 30}):
        assert leaderboard_picture(season) == plain
        assert mpl.rcParams["font.size"] == 40


async def test_pictures_are_drawn_off_the_loop_and_one_at_a_time() -> None:
    here, drawing, together = threading.get_ident(), threading.Lock(), []

    def work() -> bytes:
        together.append(drawing.acquire(blocking=False))
        assert threading.get_ident() != here
        try:
            return leaderboard_picture(report(runs=0), size=WIDE)
        finally:
            drawing.release()

    pictures = await asyncio.gather(*(drawn(work) for _ in range(3)))
    assert together == [True] * 3
    assert len(set(pictures)) == 1


async def test_a_picture_that_takes_too_long_is_given_up_and_those_behind_it_are_never_drawn() -> None:
    go_on, begun = threading.Event(), []

    def stuck() -> bytes:
        go_on.wait(20)
        return b""

    try:
        first = asyncio.ensure_future(drawn(stuck, 0.05))
        second = asyncio.ensure_future(drawn(lambda: begun.append(1) or b"", 0.05))
        for each in (first, second):
            with pytest.raises(PictureFailed, match=r"not ready within 0\.05 seconds"):
                await each
    finally:
        go_on.set()
    assert await drawn(lambda: b"next") == b"next"
    assert begun == []
