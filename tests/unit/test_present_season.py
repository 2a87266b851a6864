"""Where a season stands and how it ended, in words and as a picture."""

from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from bot.pictures.final import final_picture
from bot.pictures.look import TALL, WIDE, Theme
from bot.present import season as present
from bot.season_documents import final_document, status_document
from core.app.app import App
from core.domain.live_season import FinalTable, SeasonLine, SeasonStarted, SeasonStatus
from core.domain.season import Season
from tests.season_facts import AUTUMN, FINAL, STATUS

ZONE = ZoneInfo("America/New_York")


def test_a_season_that_goes_on_says_its_day_and_who_leads() -> None:
    card = present.season_card(STATUS, ZONE)
    assert card.title == "Season autumn"
    assert dict(card.facts) == {
        "State": "open",
        "First day": "2025-09-01",
        "Last day": "2025-12-31",
        "Session": "41 of 85",
        "Left": "44 sessions",
        "Leader": "gpt, +4.20 %",
    }
    assert card.past == (("summer", "🥇 claude, +9.10 % · 2025-06-02 to 2025-08-29"),)


def test_a_season_that_has_ended_says_who_won_and_what_to_do() -> None:
    ended = AUTUMN.model_copy(update={"ended_at": FINAL.ended_at})
    card = present.season_card(STATUS.model_copy(update={"live": ended}), ZONE)
    facts = dict(card.facts)
    assert (facts["State"], facts["Ended"], facts["Winner"]) == ("frozen", "2025-08-29", "gpt, +4.20 %")
    assert "Session" not in facts
    assert card.footer.startswith("Nothing is traded until an admin starts another. /season autumn has")


def test_before_the_first_run_there_is_no_season() -> None:
    card = present.season_card(SeasonStatus(live=None), ZONE)
    assert card.facts == (("State", "begins with the first live run"),)
    assert card.footer == "/run NVDA begins it. Paper trading, not advice."


def test_the_end_of_a_season_has_podium_table_calls_and_cost() -> None:
    card = present.final_card(FINAL)
    assert card.title == "Final table of summer"
    assert card.subtitle == "2025-06-02 to 2025-08-29 · everyone started with $10,000.00"
    first, *_, last = card.standings
    assert (first.medal, first.member, first.value, first.pnl) == ("🥇", "claude", "$10,910.00", "+$910.00")
    assert (first.return_, first.trades) == ("+9.10 %", "1,204")
    assert (last.rank, last.value, last.warning) == ("—", "—", "a holding had no usable price")
    assert card.facts == (
        "SPY in the same time: +5.12 %.",
        "Maximum drawdown: claude 3.10 %, gpt 12.00 %, gemini 3.10 %.",
        "Best call: gpt, BUY NVDA on 2025-07-01, +18.30 % in five sessions.",
        "Worst call: qwen, SELL AAPL on 2025-07-02, −9.00 % in five sessions.",
        "1,310 runs, $5.00 for all models together.",
    )


def test_what_nobody_knows_of_a_season_is_left_out() -> None:
    nothing = {"benchmark_return": None, "best": None, "worst": None, "first": None, "last": None}
    card = present.final_card(FINAL.model_copy(update=nothing | {"lines": ()}))
    assert card.subtitle.startswith("no session yet")
    assert card.facts == ("1,310 runs, $5.00 for all models together.",)


def test_whoever_starts_a_season_reads_who_won_the_one_before() -> None:
    notice = present.started_notice(SeasonStarted(live=AUTUMN, before=FINAL))
    assert notice.text == (
        "The season autumn is open from 2025-09-01 to 2025-12-31: everyone begins with full cash and no "
        "holdings. The season summer is frozen, won by claude: /season summer"
    )


def test_seasons_are_listed_with_days_state_and_winner() -> None:
    won = {"winner": "claude", "winner_return": FINAL.lines[0].return_ratio}
    line = SeasonLine(season=Season("summer"), kind="live", ended=True, first="2025-06-02", **won)  # type: ignore[arg-type]
    card = present.seasons_card([line.model_copy(update={"last": FINAL.last})])
    assert card.lines == (("summer", "live · from 2025-06-02 to 2025-08-29 · ended · won by claude +9.10 %"),)
    assert present.seasons_card([]).lines == (("none yet", "a run begins one"),)


def test_documents_have_money_as_strings_and_what_is_unknown_as_null() -> None:
    found = final_document(FINAL)
    assert found["standings"][0]["value_usd"] == "10910.00"
    assert found["standings"][3]["rank"] is None
    assert found["best_call"]["earned"] == 0.183
    assert status_document(STATUS)["sessions_left"] == 44


class Remembering(App):
    """An arena that remembers one final table."""

    def __init__(self, table: FinalTable) -> None:
        self._table = table

    async def final_table(self, season: Season) -> FinalTable:
        assert season == self._table.season
        return self._table


@pytest.mark.parametrize("size", [TALL, WIDE])
@pytest.mark.parametrize("theme", Theme)
async def test_the_final_table_is_drawn(size: tuple[int, int], theme: Theme) -> None:
    png = await final_picture(Remembering(FINAL), FINAL.season, size=size, theme=theme)  # type: ignore[arg-type]
    picture = Image.open(BytesIO(png))
    picture.load()
    assert picture.format == "PNG"


async def test_a_season_without_members_is_drawn_too() -> None:
    empty = FINAL.model_copy(update={"lines": (), "first": None, "last": None})
    assert (await final_picture(Remembering(empty), FINAL.season))[:4] == b"\x89PNG"
