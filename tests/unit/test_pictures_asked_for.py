"""Pictures that people ask for fit whatever there is to show: votes, rankings, entries among prices."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from bot.cards import VerdictCard
from bot.pictures.look import Theme
from bot.pictures.prices import price_chart
from bot.pictures.standings import standings_picture
from bot.pictures.votes import votes_picture
from core.domain.ballot import Action
from core.domain.bars import Bar
from core.domain.scores import Figure as Score
from core.domain.scores import Metric
from core.domain.season import Season
from tests.card_samples import VERDICT
from tests.picture_facts import history, position, seats
from tests.report_facts import fill
from tests.report_figures import bars
from tests.standings_facts import LEADERBOARD, standing

MOST_SIDES, MOST_BYTES = 10_000, 10 * 1024 * 1024
CONFIDENT = {
    "claude": 0.72,
    "gpt-4.1": 0.81,
    "gemini": 0.61,
    "deepseek": 0.55,
    "committee": 0.71,
    "crowd": 0.7,
}


def sized(png: bytes) -> tuple[int, int]:
    """The size of a picture that Telegram takes as a photo, and that a phone shows upright."""
    picture = Image.open(BytesIO(png))
    picture.load()
    assert picture.format == "PNG"
    width, height = picture.size
    assert width + height <= MOST_SIDES
    assert max(width, height) <= 20 * min(width, height)
    assert len(png) < MOST_BYTES
    assert height > width
    return width, height


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


def many(count: int) -> VerdictCard:
    return VERDICT.model_copy(update={"members": seats([f"model-{place}" for place in range(count)])})


@pytest.mark.parametrize("theme", Theme)
def test_the_votes_of_a_run_show_each_action_with_its_share_and_each_member(
    theme: Theme, written: list[str]
) -> None:
    sized(votes_picture(VERDICT, CONFIDENT, theme=theme))
    assert {"NVDA: BUY", "▲ BUY", "3 votes · 78 %", "1 vote · 22 %", "0 votes · 0 %"} <= set(written)
    assert {"claude", "72 %", "HOLD ◆", "abstained: no answer within 60 s", "crowd"} <= set(written)
    assert "Paper trading, not advice. Run k3v9x2ma." in written


def test_light_and_dark_are_two_pictures() -> None:
    for draw in (
        lambda theme: votes_picture(VERDICT, CONFIDENT, theme=theme),
        lambda theme: standings_picture(LEADERBOARD, theme=theme),
        lambda theme: price_chart(history(bars("AAPL")), theme=theme),
    ):
        light, dark = draw(Theme.LIGHT), draw(Theme.DARK)
        assert Image.open(BytesIO(light)).convert("RGB").getpixel((2, 2)) == (255, 255, 255)
        assert Image.open(BytesIO(dark)).convert("RGB").getpixel((2, 2)) == (15, 20, 27)


@pytest.mark.parametrize("count", [0, 1, 20])
def test_twenty_members_have_a_row_each_and_nobody_is_left_out(count: int, written: list[str]) -> None:
    sized(votes_picture(many(count), {}))
    assert sum(line.startswith("model-") for line in written) == count
    assert not any(line.startswith("and ") for line in written)


def test_of_sixty_members_those_without_a_row_are_counted_and_the_followers_stay(written: list[str]) -> None:
    sized(votes_picture(many(60), {}))
    shown = sum(line.startswith("model-") for line in written)
    assert f"and {60 - shown} others" in written
    assert {"committee", "crowd"} <= set(written)


@pytest.mark.parametrize("count", [1, 12, 20])
def test_a_ranking_of_up_to_twenty_leaves_nobody_out(count: int, written: list[str]) -> None:
    members = tuple(standing(place + 1, f"m{place}", str(10_000 + place)) for place in range(count))
    sized(standings_picture(LEADERBOARD.model_copy(update={"standings": members})))
    assert sum(line.startswith("m") and line[1:].isdecimal() for line in written) == count


def test_a_ranking_by_another_metric_shows_its_figures_and_says_so(written: list[str]) -> None:
    members = tuple(
        standing(place + 1, f"m{place}", "10100", score=Score(value=1.5 - place, sample=40))
        for place in range(3)
    )
    board = {"standings": members, "by": Metric.SHARPE, "period": "30d", "net_of_tokens": False}
    sized(standings_picture(LEADERBOARD.model_copy(update=board)))
    assert {"1.50", "0.50", "−0.50"} <= set(written)
    assert any("last 30 days · by Sharpe ratio" in line for line in written)


def test_a_ranking_names_who_cannot_be_priced(written: list[str]) -> None:
    sized(standings_picture(LEADERBOARD))
    assert written[written.index("grok-4") + 1 :][:2] == ["n/a", "n/a · 4 trades"]


def test_a_chart_tells_entries_average_cost_and_levels(written: list[str]) -> None:
    held = history(bars("AAPL"), [fill(4, "gpt-5")], position=position("460.5", stop="380", profit="9000"))
    sized(price_chart(held.model_copy(update={"earlier": 2})))
    assert {"▲", "1 buy"} <= set(written) or {"▼", "1 sell"} <= set(written)
    assert "average cost $460.50" in written
    assert "take profit $9,000.00 ↑" in written, "too far off to be drawn, and still told"
    assert any("2 trades before that" in line for line in written)


@pytest.mark.parametrize("days", [1, 2, 40])
def test_a_flat_price_and_a_single_day_have_a_scale_without_twins(days: int) -> None:
    flat = [
        Bar(date=date(2024, 1, 1) + timedelta(days=day), open=p, high=p, low=p, close=p, volume=0)
        for day in range(days)
        for p in [Decimal(180)]
    ]
    ticks: list[str] = []

    def noted(self: object, places: object, labels: list[str]) -> None:
        ticks.extend(labels)

    sized(price_chart(history(flat)))
    from matplotlib.axes import Axes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Axes, "set_yticks", noted)
        price_chart(history(flat))
    assert len(ticks) == len(set(ticks)) > 2


def test_a_sample_chart_says_that_its_prices_are_no_market(written: list[str]) -> None:
    caveat = "Sample prices: real daily bars that end in March 2013, not today's market."
    sized(price_chart(history(bars("AAPL"), caveat=caveat, season=Season.SAMPLE)))
    assert caveat in " ".join(written)


names = st.text(min_size=1, max_size=80)


@settings(max_examples=25)
@given(st.lists(names, max_size=24, unique=True), st.text(max_size=300), st.floats(0, 1))
def test_any_names_make_a_picture_of_votes(members: list[str], rule: str, share: float) -> None:
    card = VERDICT.model_copy(
        update={"members": seats(members), "rule": rule or None, "headline": rule, "subtitle": rule}
        | {"votes": ((Action.BUY, len(members), share, rule),), "caveat": rule or None}
    )
    sized(votes_picture(card, dict.fromkeys(members, share)))


@settings(max_examples=25)
@given(
    st.lists(names, min_size=1, max_size=24, unique=True),
    st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=2),
    st.sampled_from(list(Metric)),
)
def test_any_names_and_values_make_a_picture_of_a_ranking(
    members: list[str], value: Decimal, by: Metric
) -> None:
    money = {"value_usd": value, "pnl_usd": value - 10_000, "return_ratio": (value - 10_000) / 10_000}
    one = {"score": Score(value=float(value), sample=3), **money}
    found = tuple(standing(place + 1, name, None, **one) for place, name in enumerate(members))
    sized(standings_picture(LEADERBOARD.model_copy(update={"standings": found, "by": by})))
