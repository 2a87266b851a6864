from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.market import CsvVendor as CsvSettings
from core.domain.actions import ActionKind
from core.domain.errors import BadTicker, BadVendorData, VendorFailure, VendorNotConfigured
from core.market.calendar import MarketCalendar
from core.market.checks import check_actions, check_shape
from core.market.csv_vendor import CsvVendor
from core.market.sample_vendor import SAMPLE_TICKERS, SampleVendor
from tests.rights import as_somebody, open_folder

HEADER = "date,open,high,low,close,volume\n"
ROWS = "2025-10-28,268.985,269.89,268.15,269.00,41534759\n2025-10-29,269.275,271.41,267.11,269.70,51086742\n"
ALL = (date(2000, 1, 1), date(2099, 1, 1))


def vendor(folder: Path | str, pattern: str = "{ticker}.csv") -> CsvVendor:
    return CsvVendor(CsvSettings(dir=str(folder), pattern=pattern))


async def fault(folder: Path, text: str) -> str:
    (folder / "AAPL.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BadVendorData) as caught:
        await vendor(folder).daily_bars("AAPL", *ALL)
    return str(caught.value)


async def test_bars_are_read_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(HEADER + ROWS, encoding="utf-8")

    bars = await vendor(tmp_path).daily_bars("AAPL", *ALL)

    assert [bar.date.isoformat() for bar in bars] == ["2025-10-28", "2025-10-29"]
    assert bars[0].open == Decimal("268.985")
    assert bars[1].volume == 51086742


async def test_both_ends_of_the_range_are_included(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(HEADER + ROWS, encoding="utf-8")
    day = date(2025, 10, 28)

    assert [bar.date for bar in await vendor(tmp_path).daily_bars("AAPL", day, day)] == [day]


async def test_other_columns_another_order_a_byte_order_mark_and_windows_lines_are_fine(
    tmp_path: Path,
) -> None:
    text = "Close,Date,Open,High,Low,Volume,adj_close\r\n269.00,2025-10-28,268.985,269.89,268.15,5,1\r\n\r\n"
    (tmp_path / "AAPL.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())

    (bar,) = await vendor(tmp_path).daily_bars("AAPL", *ALL)

    assert (bar.close, bar.open, bar.volume) == (Decimal(269), Decimal("268.985"), 5)


async def test_a_ticker_without_a_file_has_no_bars(tmp_path: Path) -> None:
    (tmp_path / "IBM.csv").mkdir()

    assert await vendor(tmp_path).daily_bars("NVDA", *ALL) == ()
    assert await vendor(tmp_path).daily_bars("IBM", *ALL) == ()


async def test_a_missing_folder_is_a_matter_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(VendorNotConfigured, match="does not exist"):
        await vendor(tmp_path / "none").daily_bars("AAPL", *ALL)
    with pytest.raises(VendorNotConfigured, match="no folder is set"):
        await vendor("").daily_bars("AAPL", *ALL)
    with pytest.raises(VendorNotConfigured):
        await vendor(tmp_path / "none").tickers()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the header lacks date, open"),
        ("2025-10-28,1,1,1,1,1\n", "line 1: the header lacks date, open"),
        (HEADER + ROWS + "2025-10-30,271.99,274.14,268.48\n", "line 4: the row has 4 cells, not 6"),
        (HEADER + "2025-10-30,x,274.14,268.48,271.4,1\n", "line 2: open “x” is not a price"),
        (HEADER + "2025-10-30,271,274.14,268.48,NaN,1\n", "line 2: close “NaN” is not a price"),
        (HEADER + "2025-10-30,271,Infinity,268.48,270,1\n", "line 2: high “Infinity” is not a price"),
        (HEADER + "2025-10-30,271,1e400,268.48,270,1\n", "line 2: high “1e400” is not a price"),
        (HEADER + '2025-10-30,271,"1,274.1",268.48,270,1\n', "line 2: high “1,274.1” is not a price"),
        (HEADER + "2025-10-30,271,274,-268.48,270,1\n", "line 2: low “-268.48” is not a price"),
        (HEADER + "2025-10-30,271,274,0.0000001,270,1\n", "line 2: low “0.0000001” is not more than zero"),
        (HEADER + "2025-10-30,271,274,268,270,1.5\n", "line 2: volume “1.5” is not a whole number"),
        (HEADER + "2025-10-30,271,274,268,270,\n", "line 2: volume “” is not a whole number"),
        (HEADER + "30.10.2025,271,274,268,270,1\n", "line 2: date “30.10.2025” is not of the form"),
        (HEADER + "2025-02-30,271,274,268,270,1\n", "line 2: date “2025-02-30” does not exist"),
        (HEADER + '2025-10-30,"271,274,268,270,1\n', "line 2: "),
        (HEADER + "2025-10-30,271\x00,274,268,270,1\n", "line 2: "),
    ],
)
async def test_a_malformed_row_is_refused_by_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    assert await fault(tmp_path, text) != ""
    assert f"csv: AAPL.csv {said}" in await fault(tmp_path, text)


async def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(BadVendorData, match=r"AAPL\.csv is not UTF-8 text"):
        await vendor(tmp_path).daily_bars("AAPL", *ALL)


@pytest.mark.parametrize("text", ["../secret", "..", "/etc/passwd", "A/../B", "A\\B", "", "A\x00", "{x}"])
async def test_no_ticker_leads_out_of_the_folder(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "prices"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text(HEADER + ROWS, encoding="utf-8")

    with pytest.raises(BadTicker):
        await vendor(folder).daily_bars(text, *ALL)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(text=st.text(max_size=300))
async def test_whatever_a_file_holds_gives_bars_or_a_refusal_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "AAPL.csv").write_bytes((HEADER + text).encode("utf-8", "surrogatepass"))

    try:
        bars = await vendor(tmp_path).daily_bars("AAPL", *ALL)
    except VendorFailure as failure:
        assert "AAPL.csv" in str(failure)
    else:
        assert all(bar.close > 0 for bar in bars)


async def test_the_tickers_are_those_of_the_files(tmp_path: Path) -> None:
    for name in ("d_NVDA.csv", "d_BRK-B.csv", "d_lower.csv", "NVDA.csv", "d_.csv", "d_A B.csv", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "d_DIR.csv").mkdir()

    assert await vendor(tmp_path, "d_{ticker}.csv").tickers() == ("BRK-B", "NVDA")


async def test_a_file_that_may_not_be_read_is_refused_by_name() -> None:
    with open_folder() as folder:
        (folder / "AAPL.csv").touch(mode=0)
        with (
            as_somebody(),
            pytest.raises(BadVendorData, match=r"AAPL\.csv cannot be read \(Permission denied\)"),
        ):
            await vendor(folder).daily_bars("AAPL", *ALL)


@pytest.mark.parametrize("name", ["closed", "closed/prices"])
async def test_a_folder_that_may_not_be_read_is_refused_by_name(name: str) -> None:
    with open_folder() as folder, as_somebody():
        with pytest.raises(VendorFailure, match=rf"{name}.*\(Permission denied\)"):
            await vendor(folder / name).tickers()
        with pytest.raises(VendorFailure, match=r"\(Permission denied\)"):
            await vendor(folder / name).daily_bars("AAPL", *ALL)


class TestActionFiles:
    header = "date,kind,value\n"

    async def test_splits_and_dividends_of_the_range_are_read_as_they_stand(self, tmp_path: Path) -> None:
        text = "2025-06-10,split,15\n2025-05-30,dividend,0.86\n2024-01-02,split,0.1\n"
        (tmp_path / "ORLY.actions.csv").write_text(self.header + text, encoding="utf-8")

        found = await vendor(tmp_path).actions("orly", date(2025, 5, 30), date(2025, 6, 10))

        assert [(action.kind, action.ex_date.isoformat(), action.value) for action in found] == [
            (ActionKind.SPLIT, "2025-06-10", Decimal(15)),
            (ActionKind.DIVIDEND, "2025-05-30", Decimal("0.86")),
        ]
        assert {(action.ticker, action.source) for action in found} == {("ORLY", "csv")}

    async def test_a_missing_file_means_no_actions_and_a_missing_folder_is_told(self, tmp_path: Path) -> None:
        assert await vendor(tmp_path).actions("ORLY", *ALL) == ()
        with pytest.raises(VendorNotConfigured):
            await vendor(tmp_path / "none").actions("ORLY", *ALL)

    async def test_the_name_is_configurable_and_is_no_ticker(self, tmp_path: Path) -> None:
        settings = CsvSettings(dir=str(tmp_path), actions="events {ticker}.txt")
        (tmp_path / "events ORLY.txt").write_text(self.header + "2025-06-10,split,15\n", encoding="utf-8")
        for name in ("ORLY.csv", "ORLY.actions.csv"):
            (tmp_path / name).touch()

        assert len(await CsvVendor(settings).actions("ORLY", *ALL)) == 1
        assert await vendor(tmp_path).tickers() == ("ORLY",)

    def test_bars_and_actions_cannot_be_one_file(self) -> None:
        with pytest.raises(ValueError, match="actions and pattern name the same file"):
            CsvSettings(pattern="{ticker}.csv", actions="{ticker}.csv")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "line 1: the header lacks date, kind, value"),
            ("date,kind\n", "line 1: the header lacks value"),
            (header + "2025-06-10,split\n", "line 2: the row has 2 cells, not 3"),
            (header + "2025-06-10,Split,15\n", "line 2: kind “Split” is neither split nor dividend"),
            (header + "2025-06-10,bonus,15\n", "line 2: kind “bonus” is neither split nor dividend"),
            (header + "2025-06-10,split,15:1\n", "line 2: value “15:1” is not a number"),
            (header + "2025-06-10,split,-2\n", "line 2: value “-2” is not a number"),
            (header + "2025-06-10,split,NaN\n", "line 2: value “NaN” is not a number"),
            (header + "2025-06-10,dividend,0\n", "line 2: value “0” is not more than zero"),
            (header + "\n2025-06-31,split,2\n", "line 3: date “2025-06-31” does not exist"),
            (header + "10.6.2025,split,2\n", "line 2: date “10.6.2025” is not of the form"),
            (header + "2025-06-10,split,2\n2025-06-10,split,\x00\n", "line 3: "),
        ],
    )
    async def test_a_broken_row_is_refused_by_file_and_line(
        self, tmp_path: Path, text: str, said: str
    ) -> None:
        (tmp_path / "ORLY.actions.csv").write_text(text, encoding="utf-8")

        with pytest.raises(BadVendorData) as caught:
            await vendor(tmp_path).actions("ORLY", *ALL)

        assert f"csv: ORLY.actions.csv {said}" in str(caught.value)

    @pytest.mark.parametrize("text", ["../secret", "..", "A\\B", "", "{x}"])
    async def test_no_ticker_leads_out_of_the_folder(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(BadTicker):
            await vendor(tmp_path).actions(text, *ALL)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    @given(text=st.text(max_size=300))
    async def test_whatever_a_file_holds_gives_actions_or_a_refusal_by_name(
        self, tmp_path: Path, text: str
    ) -> None:
        (tmp_path / "AAPL.actions.csv").write_bytes((self.header + text).encode("utf-8", "surrogatepass"))

        try:
            found = await vendor(tmp_path).actions("AAPL", *ALL)
        except VendorFailure as failure:
            assert "AAPL.actions.csv" in str(failure)
        else:
            assert all(action.value > 0 for action in found)


class TestTheBundledSample:
    vendor = SampleVendor(MarketCalendar())

    async def test_every_ticker_has_some_hundred_good_bars_that_end_in_march_2013(self) -> None:
        assert await self.vendor.tickers() == SAMPLE_TICKERS
        for ticker in SAMPLE_TICKERS:
            bars = await self.vendor.daily_bars(ticker, *ALL)
            check_shape("sample", ticker, bars)
            assert len(bars) == 420
            assert bars[-1].date == date(2013, 3, 1)

    async def test_it_holds_every_session_of_its_time(self) -> None:
        sessions = MarketCalendar().exchange.between(date(2011, 6, 29), date(2013, 3, 1))
        for ticker in SAMPLE_TICKERS:
            bars = await self.vendor.daily_bars(ticker, *ALL)
            assert [bar.date for bar in bars] == [session.day for session in sessions]

    async def test_its_dividends_fall_on_its_sessions_and_it_has_no_split(self) -> None:
        paid = {ticker: await self.vendor.actions(ticker, *ALL) for ticker in SAMPLE_TICKERS}

        assert {ticker: sum(action.value for action in found) for ticker, found in paid.items()} == {
            "AAPL": Decimal("7.95"),
            "GOOG": Decimal(0),
            "IBM": Decimal("5.65"),
            "MSFT": Decimal("1.42"),
        }
        for ticker, found in paid.items():
            check_actions("sample", ticker, found)
            days = {bar.date for bar in await self.vendor.daily_bars(ticker, *ALL)}
            assert all(action.ex_date in days and action.kind is ActionKind.DIVIDEND for action in found)
        first = paid["AAPL"][0].ex_date
        assert await self.vendor.actions("AAPL", date.min, first) == paid["AAPL"][:1]
        assert await self.vendor.actions("NVDA", *ALL) == ()

    async def test_its_present_leaves_the_next_open_known(self) -> None:
        assert await self.vendor.present("AAPL") == datetime(2013, 2, 28, 21, tzinfo=UTC)
        assert await self.vendor.present("NVDA") is None

    async def test_it_says_that_it_is_not_todays_market_and_lacks_other_tickers(self) -> None:
        assert self.vendor.caveat is not None
        assert "not today's market" in self.vendor.caveat
        assert await self.vendor.daily_bars("NVDA", *ALL) == ()

    async def test_hostile_texts_are_no_tickers(self) -> None:
        with pytest.raises(BadTicker):
            await self.vendor.daily_bars("../sample/AAPL", *ALL)

    def test_it_is_small_and_says_where_it_comes_from(self) -> None:
        import core.market.sample_vendor as module

        folder = Path(module.__file__).parent / "sample"
        assert sum(file.stat().st_size for file in folder.iterdir()) < 120_000
        assert "Public Domain" in (folder / "PROVENANCE.md").read_text(encoding="utf-8")
        files = {file.name for file in folder.glob("*.csv")}
        assert files == {f"{ticker}.csv" for ticker in SAMPLE_TICKERS} | {
            f"{ticker}.actions.csv" for ticker in ("AAPL", "IBM", "MSFT")
        }
