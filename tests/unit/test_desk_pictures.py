"""Pictures through the desk: who gets one, what the buttons under it do, and how many are drawn at once."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal

import pytest

from bot.cards import Card, LeaderboardCard, Notice, PictureCard, PortfolioCard, VerdictCard
from bot.desk import Desk
from bot.lookback_buttons import TurnBooks
from bot.lookback_buttons import encode as encode_page
from bot.picture_buttons import Form, ShowChart, ShowRanking, ShowVotes, decode, encode
from bot.pictures import off_loop
from bot.request import Address
from bot.studio import BUSY_EVERYWHERE, BUSY_HERE, MOST_AT_ONCE, MOST_KEPT, Studio
from core.domain.bars import Bar
from core.domain.errors import NotFound, Refused
from core.domain.price_history import PriceHistory
from core.domain.run import RunState
from core.domain.scores import Metric
from core.domain.season import Season
from core.domain.season_report import SeasonReport
from core.domain.subscription import ChatTerms
from tests import arena_facts
from tests.arena_double import ArenaDouble
from tests.desk_scene import BOB, MALLORY, arena
from tests.door_double import CHAT, DoorDouble, press, request
from tests.picture_facts import history
from tests.report_facts import report

TABLE = ShowRanking(Form.TABLE)
BARS = [
    Bar(date=date(2025, 10, 1) + timedelta(days=day), open=p, high=p, low=p, close=p, volume=1)
    for day in range(20)
    for p in [Decimal(200 + day)]
]


class PictureArena(ArenaDouble):
    """An arena that also knows a season's report and a ticker's prices."""

    charted: list[tuple[str, str]]

    async def season_report(self, season: Season | None = None, *, with_chats: bool = False) -> SeasonReport:
        return report(runs=0)

    async def price_history(self, member: str, ticker: str, season: Season | None = None) -> PriceHistory:
        self.charted.append((member, ticker))
        return history(BARS, ticker=ticker, member=member)


@pytest.fixture
def app() -> PictureArena:
    made = PictureArena(arena().settings)
    made.charted = []
    return made


@pytest.fixture
def door() -> DoorDouble:
    made = DoorDouble()
    made.shows_pictures = True
    return made


@pytest.fixture
def desk(app: PictureArena) -> Desk:
    return Desk(app)


async def wants(app: ArenaDouble, **terms: object) -> None:
    await app.subscriptions.set_terms(CHAT.platform, CHAT.chat, ChatTerms.model_validate(terms))


async def asked(desk: Desk, door: DoorDouble, text: str, delivery: str = "1") -> Card:
    await desk.handle(request(text, delivery=delivery), door)
    return door.last.now


async def pressed(desk: Desk, door: DoorDouble, wish: ShowRanking | ShowVotes | ShowChart) -> Card | None:
    return await desk.press(press(encode(wish), delivery=encode(wish)), door)


def labels(card: Card) -> dict[str, str]:
    assert isinstance(card, PictureCard | LeaderboardCard | PortfolioCard)
    return {button.label: button.data for button in card.buttons}


async def test_the_ranking_comes_as_a_picture_with_the_same_facts_in_words(
    desk: Desk, door: DoorDouble
) -> None:
    card = await asked(desk, door, "leaderboard")
    assert isinstance(card, PictureCard)
    assert card.png.startswith(b"\x89PNG")
    assert "🥇 gpt-5 +2.31 % · $10,231.40 · 4 trades" in card.caption
    assert any("no usable price for XYZ" in line for line in card.caption)
    assert card.stamp == "Updated 17:00:07 (New York)"
    assert "gpt-5" in card.alt
    assert list(labels(card)) == ["Curves", "Refresh", "Text"]


async def test_a_chat_without_pictures_gets_words_with_a_button_for_the_picture(
    app: PictureArena, desk: Desk, door: DoorDouble
) -> None:
    await wants(app, pictures=False)
    card = await asked(desk, door, "leaderboard 7d sharpe")
    assert isinstance(card, LeaderboardCard)
    assert card.stamp.startswith("Updated ")
    assert list(labels(card)) == ["Refresh", "Picture"]
    assert decode(labels(card)["Picture"]) == ShowRanking(Form.TABLE, "7d", Metric.SHARPE, new=True)
    assert decode(labels(card)["Refresh"]) == ShowRanking(Form.TEXT, "7d", Metric.SHARPE)


async def test_a_door_that_shows_no_pictures_gets_words(desk: Desk, door: DoorDouble) -> None:
    door.shows_pictures = False
    card = await asked(desk, door, "leaderboard")
    assert isinstance(card, LeaderboardCard)
    assert list(labels(card)) == ["Refresh"]


async def test_a_season_in_which_nobody_has_books_is_told_in_words(
    app: PictureArena, desk: Desk, door: DoorDouble
) -> None:
    app.board = app.board.model_copy(update={"standings": ()})
    assert isinstance(await asked(desk, door, "leaderboard"), LeaderboardCard)


async def test_refresh_draws_the_same_ranking_anew_and_stamps_the_time(
    app: PictureArena, desk: Desk, door: DoorDouble
) -> None:
    first = await asked(desk, door, "leaderboard 30d return")
    app.clock.advance(6.0)  # type: ignore[attr-defined]
    again = await desk.press(press(labels(first)["Refresh"]), door)
    assert isinstance(first, PictureCard)
    assert isinstance(again, PictureCard)
    assert (first.stamp, again.stamp) == ("Updated 17:00:07 (New York)", "Updated 17:00:13 (New York)")
    assert again.png == first.png
    assert app.ranked == [(None, "30d", Metric.RETURN, False)] * 2


async def test_the_stamp_is_in_the_time_zone_of_the_chat(
    app: PictureArena, desk: Desk, door: DoorDouble
) -> None:
    await wants(app, zone="Asia/Ho_Chi_Minh")
    card = await asked(desk, door, "leaderboard")
    assert isinstance(card, PictureCard)
    assert card.stamp == "Updated 04:00:07 (Ho Chi Minh)"


async def test_a_picture_turns_to_curves_and_back_and_to_words(desk: Desk, door: DoorDouble) -> None:
    table = await asked(desk, door, "leaderboard 7d")
    curves = await desk.press(press(labels(table)["Curves"], delivery="2"), door)
    assert isinstance(curves, PictureCard)
    assert curves.title == "Equity curves"
    assert any(line.startswith("SPY in the same time: ") for line in curves.caption)
    assert list(labels(curves)) == ["Table", "Refresh", "Text"]
    assert decode(labels(curves)["Table"]) == ShowRanking(Form.TABLE, "7d")
    text = await desk.press(press(labels(curves)["Text"], delivery="3"), door)
    assert isinstance(text, LeaderboardCard)


async def test_dark_chats_get_dark_pictures(app: PictureArena, desk: Desk, door: DoorDouble) -> None:
    light = await pressed(desk, door, ShowRanking(Form.CURVES))
    await wants(app, dark=True)
    dark = await pressed(desk, door, ShowRanking(Form.CURVES, new=True))
    assert isinstance(light, PictureCard)
    assert isinstance(dark, PictureCard)
    assert light.png != dark.png
    assert light.caption == dark.caption


async def test_a_verdict_keeps_the_buttons_of_its_members_and_gets_one_for_its_picture(
    desk: Desk, door: DoorDouble
) -> None:
    verdict = await asked(desk, door, "run NVDA")
    assert isinstance(verdict, VerdictCard)
    assert [button.label for button in verdict.buttons][:2] == ["claude-sonnet-4.5", "gpt-5"]
    assert [one.label for one in verdict.more_buttons] == ["Picture", "Evidence"]
    button = verdict.more_buttons[0]
    card = await desk.press(press(button.data), door)
    assert isinstance(card, PictureCard)
    assert card.title == f"NVDA: {verdict.headline}"
    assert card.png.startswith(b"\x89PNG")
    assert any(line.startswith("BUY: ") for line in card.caption)
    assert any("claude-sonnet-4.5 BUY 72 %" in line for line in card.caption)
    assert decode(labels(card)["Refresh"]) == ShowVotes(arena_facts.RUN_ID)


async def test_a_picture_of_votes_is_the_same_for_all_and_its_words_are_as_the_chat_reads(
    app: PictureArena, desk: Desk, door: DoorDouble
) -> None:
    await wants(app, language="de", zone="Asia/Ho_Chi_Minh")
    german = await pressed(desk, door, ShowVotes(arena_facts.RUN_ID))
    await wants(app)
    other = Desk(app)
    english = await other.press(press(encode(ShowVotes(arena_facts.RUN_ID)), delivery="p2"), door)
    assert isinstance(german, PictureCard)
    assert isinstance(english, PictureCard)
    assert german.png == english.png
    assert german.caption != english.caption
    assert "(Ho Chi Minh)" in german.stamp


async def test_a_run_without_ballots_has_no_button_and_an_old_one_says_why(
    app: PictureArena, desk: Desk, door: DoorDouble
) -> None:
    record = arena_facts.record()
    bare = record.model_copy(update={"verdict": None, "state": RunState.CANCELLED})
    app.records[arena_facts.RUN_ID] = bare
    verdict = await asked(desk, door, f"why {arena_facts.RUN_ID}")
    assert isinstance(verdict, VerdictCard)
    assert [one.label for one in verdict.more_buttons] == ["Evidence"]
    card = await pressed(desk, door, ShowVotes(arena_facts.RUN_ID))
    assert isinstance(card, Notice)
    assert "Nobody has cast a ballot" in card.text


async def test_the_overview_and_the_holdings_of_a_portfolio_keep_the_buttons_for_charts(
    desk: Desk, door: DoorDouble
) -> None:
    for number, (wish, charts) in enumerate(
        [
            (TurnBooks(1), ["Chart NVDA", "Chart XYZ"]),
            (TurnBooks(1, "holdings"), ["Overview", "Chart NVDA", "Chart XYZ"]),
            (TurnBooks(1, "history"), ["Overview"]),
        ]
    ):
        card = await desk.press(press(encode_page(wish), delivery=f"o{number}"), door)
        assert isinstance(card, PortfolioCard)
        assert [one.label for one in card.buttons] == charts


async def test_each_holding_has_a_button_for_its_chart(
    app: PictureArena, desk: Desk, door: DoorDouble
) -> None:
    card = await asked(desk, door, "portfolio claude")
    assert list(labels(card)) == ["Chart NVDA", "Chart XYZ"]
    chart = await desk.press(press(labels(card)["Chart NVDA"]), door)
    assert isinstance(chart, PictureCard)
    assert app.charted == [("claude-sonnet-4.5", "NVDA")]
    assert chart.title == "NVDA and claude-sonnet-4.5"
    assert "Last price $219.00 on 2025-10-20." in chart.caption
    assert decode(labels(chart)["Refresh"]) == ShowChart(1, "NVDA")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("f.e.v.longgone", "too old to open"),
        ("f.n.p.77.NVDA", "no such model"),
        ("f.e.t", "This button is too old. Send /leaderboard"),
    ],
)
async def test_a_stale_button_says_what_to_send(desk: Desk, door: DoorDouble, data: str, told: str) -> None:
    card = await desk.press(press(data), door)
    assert isinstance(card, Notice)
    assert told in card.text


async def test_viewers_may_look_and_strangers_may_not(desk: Desk, door: DoorDouble) -> None:
    data = encode(TABLE)
    assert isinstance(await desk.press(press(data, person=BOB, delivery="1"), door), PictureCard)
    stranger = await desk.press(press(data, person=MALLORY, delivery="2"), door)
    assert isinstance(stranger, Notice)
    assert "private" in stranger.text
    assert await desk.press(press(data, person=MALLORY, delivery="3"), door) is None


async def test_one_picture_at_a_time_is_drawn_for_a_chat_and_others_do_not_wait(
    desk: Desk, door: DoorDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()

    async def slow(draw: object, limit_s: float = 1.0) -> bytes:
        await go_on.wait()
        return b"png"

    monkeypatch.setattr(off_loop, "drawn", slow)
    first = asyncio.create_task(desk.press(press(encode(TABLE), delivery="1"), door))
    await asyncio.sleep(0.01)
    second = await desk.press(press(encode(TABLE), delivery="2"), door)
    assert second == Notice(text=BUSY_HERE, tone="warning")
    # A command is answered in words meanwhile.
    assert isinstance(await asked(desk, door, "leaderboard", "3"), LeaderboardCard)
    elsewhere = Address("telegram", "-100999")
    other = asyncio.create_task(
        desk.press(press(encode(TABLE), address=elsewhere, person=BOB, delivery="4"), door)
    )
    await asyncio.sleep(0.01)
    go_on.set()
    for shown in (await first, await other):
        assert isinstance(shown, PictureCard)


async def test_a_picture_that_is_not_ready_in_time_is_replaced_by_words_or_a_sentence(
    desk: Desk, door: DoorDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def late(draw: object, limit_s: float = 30.0) -> bytes:
        raise off_loop.PictureFailed("The picture was not ready within 30 seconds.")

    monkeypatch.setattr(off_loop, "drawn", late)
    assert isinstance(await asked(desk, door, "leaderboard"), LeaderboardCard)
    for _ in range(2):
        card = await pressed(desk, door, ShowRanking(Form.CURVES, period=f"{_ + 1}d"))
        assert isinstance(card, Notice)
        assert "not ready within 30 seconds" in card.text


def test_the_queue_of_pictures_is_bounded() -> None:
    studio = Studio()
    turns = [studio.turn(str(number)) for number in range(MOST_AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    with pytest.raises(Refused, match=BUSY_EVERYWHERE), studio.turn("one more"):
        pass
    turns[0].__exit__(None, None, None)
    with studio.turn("one more"):
        pass


async def test_the_same_picture_is_drawn_once_and_old_ones_are_forgotten() -> None:
    studio, drawn = Studio(), []

    def draw() -> bytes:
        drawn.append(1)
        return b"png"

    for made_from in (*range(MOST_KEPT + 1), MOST_KEPT, 0, None, None):
        assert await studio.drawn(draw, made_from) == b"png"
    assert len(drawn) == MOST_KEPT + 1 + 0 + 1 + 2


async def test_a_chat_gets_its_turn_back_whatever_goes_wrong() -> None:
    studio = Studio()
    for _ in range(2):
        with pytest.raises(NotFound), studio.turn("chat"):
            raise NotFound("gone")
