"""Prices from a folder of CSV files, one a ticker."""

from datetime import date, datetime
from pathlib import Path

from core.config.market import CsvVendor as CsvSettings
from core.domain.actions import CorporateAction
from core.domain.bars import Bar
from core.domain.errors import VendorNotConfigured
from core.domain.instrument import parse_ticker
from core.market.actions_csv import read_actions
from core.market.blocking import off_loop
from core.market.daily_csv import read_bars, tickers_in
from core.market.dollars import InDollars

READ_LIMIT_S = 10.0


class CsvVendor(InDollars):
    """The files that `[market.csv]` names; `core.market.daily_csv` and `actions_csv` say their form."""

    name: str = "csv"
    caveat: str | None = None

    def __init__(self, settings: CsvSettings) -> None:
        self._dir = settings.dir
        self._pattern = settings.pattern
        self._actions = settings.actions

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        """Return the bars of the ticker's file from `start` to `end`; none if there is no such file.

        Raises:
            BadTicker: the text is no ticker, so it names no file.
            VendorNotConfigured: there is no folder.
            BadVendorData: a row is broken; names the file and the line.
            VendorTimeout: the disk did not answer in time.
        """
        # A ticker has no slash and no "..", and the pattern has no slash: the file cannot lie elsewhere.
        file = self._pattern.replace("{ticker}", parse_ticker(ticker))

        def read() -> tuple[Bar, ...]:
            return read_bars(self.name, self._folder() / file, start, end)

        return await off_loop(self.name, READ_LIMIT_S, read)

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        """Return the splits and dividends of the ticker's file of actions; none if there is no such file.

        Raises:
            BadTicker: the text is no ticker, so it names no file.
            VendorNotConfigured: there is no folder.
            BadVendorData: a row is broken; names the file and the line.
            VendorTimeout: the disk did not answer in time.
        """
        ticker = parse_ticker(ticker)
        file = self._actions.replace("{ticker}", ticker)

        def read() -> tuple[CorporateAction, ...]:
            return read_actions(self.name, self._folder() / file, ticker, start, end)

        return await off_loop(self.name, READ_LIMIT_S, read)

    async def present(self, ticker: str) -> datetime | None:
        """Return None: the files are taken for current until their last bar is too old."""
        return None

    async def tickers(self) -> tuple[str, ...] | None:
        """Return the tickers that have a file.

        Raises:
            VendorNotConfigured: there is no folder, or it cannot be read.
            VendorTimeout: the disk did not answer in time.
        """

        def read() -> tuple[str, ...]:
            folder = self._folder()
            try:
                return tickers_in(folder, self._pattern)
            except OSError as error:
                raise self._closed(error) from None

        return await off_loop(self.name, READ_LIMIT_S, read)

    async def close(self) -> None:
        """Do nothing: no file stays open."""

    def _closed(self, error: OSError) -> VendorNotConfigured:
        told = f"the folder {self._dir} of [market.csv] cannot be read ({error.strerror})"
        return VendorNotConfigured(self.name, told)

    def _folder(self) -> Path:
        if not self._dir:
            raise VendorNotConfigured(self.name, "no folder is set: give [market.csv] dir")
        folder = Path(self._dir).expanduser()
        try:
            there = folder.is_dir()
        except OSError as error:
            raise self._closed(error) from None
        if not there:
            raise VendorNotConfigured(self.name, f"the folder {self._dir} of [market.csv] does not exist")
        return folder
