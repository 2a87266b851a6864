"""A log of trades goes through the sessions of a season, as everybody's books do: actions, trades, closes."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from core.config.settings import Trading
from core.domain.actions import ActionKind, CorporateAction, adjusted_for
from core.domain.bars import Mark
from core.domain.books import MovementKind, Side
from core.domain.trade_log import LoggedFill, refusal
from core.domain.values import plain, usd
from core.ledger.carrying import interest
from core.market.calendar import Session
from core.pipeline.log_prices import PricedLog
from core.pipeline.walking import daily_value
from core.store.imported_account import ImportedAccount
from core.store.locked_imports import DatedAction
from core.store.locked_movements import CASH

_PAUSE = 1000


def actions_of(
    priced: PricedLog, until: datetime, recorded: Sequence[DatedAction]
) -> tuple[list[DatedAction], list[DatedAction]]:
    """Return the splits and dividends of a log's tickers in the order of time, and those that are new.

    They are in force from the open of their ex-date, up to `until`. What the season has applied already is
    `recorded`, and counts as it was applied, also when that is later.
    """
    known = {action.key for action, _ in recorded}
    new = []
    for ticker in priced.tickers:
        sessions = priced.history.sessions(ticker)
        for action in priced.history.actions[ticker]:
            opens = sessions.opening(action.ex_date)
            if action.key not in known and opens <= until:
                new.append((action, opens))
    return sorted([*recorded, *new], key=_in_order), new


def _in_order(dated: DatedAction) -> tuple[datetime, bool, str]:
    action, at = dated
    return at, action.kind is ActionKind.DIVIDEND, action.ticker


class LogWalk:
    """Carries a new account through its log. `actions` are in the order of time.

    `sessions` are those that its season goes through, from the log's first day on.
    """

    def __init__(
        self,
        account: ImportedAccount,
        priced: PricedLog,
        actions: Sequence[DatedAction],
        sessions: Sequence[Session],
        terms: Trading,
    ) -> None:
        self._account = account
        self._priced = priced
        self._history = priced.history
        self._actions = actions
        self._sessions = sessions
        self._terms = terms
        self._adjusted: dict[str, Mark] = {}
        self._acted = 0

    def steps(self) -> Iterator[None]:
        """Book everything; pauses now and then, so that rows can be written.

        Raises:
            Refused: a row sells more than is held, or costs more than there is; names its line.
        """
        trades = self._priced.trades
        done = 0
        for session in self._sessions:
            traded = Decimal(0)
            while done < len(trades) and self._priced.moment(trades[done]) <= session.closes:
                fill = self._priced.fill(trades[done])
                self._act_until(fill.at)
                self._trade(fill)
                traded += abs(fill.amount_usd)
                done += 1
                if done % _PAUSE == 0:
                    yield
            self._act_until(session.closes)
            self._close(session, traded)
            yield
        for action, at in self._actions[self._acted :]:
            self._act(action, at)

    def _act_until(self, moment: datetime) -> None:
        while self._acted < len(self._actions) and self._actions[self._acted][1] <= moment:
            self._act(*self._actions[self._acted])
            self._acted += 1

    def _act(self, action: CorporateAction, at: datetime) -> None:
        if not self._account.shares(action.ticker):
            return
        before = self._mark(action.ticker, at)
        price = None
        if before and before.at < at:
            if action.kind is ActionKind.SPLIT:
                price = before.price / action.value
            after = {"price": adjusted_for(action, before.price), "at": at}
            self._adjusted[action.ticker] = before.model_copy(update=after)
        self._account.act(action, at, fractional=self._terms.fractional, price=price)

    def _trade(self, fill: LoggedFill) -> None:
        account, name = self._account, self._priced.log.file_name
        held = account.shares(fill.ticker)
        if fill.side is Side.SELL and fill.shares > held:
            why = f"it sells {plain(fill.shares)} {fill.ticker}, and {plain(held)} are held then"
            raise refusal(name, fill.line, why)
        cost = fill.fee_usd - fill.amount_usd
        if fill.side is Side.BUY and cost > account.cash_usd:
            why = f"it costs {usd(cost)}, and the cash is {usd(account.cash_usd)} then"
            raise refusal(name, fill.line, why)
        account.trade(fill)

    def _close(self, session: Session, traded: Decimal) -> None:
        account = self._account
        nights = (self._history.calendar.exchange.after(session.day).day - session.day).days
        earned = interest(account.cash_usd, Decimal(0), nights, self._terms)
        account.receive(MovementKind.INTEREST, earned, session.closes, CASH, session.day)
        portfolio = account.portfolio()
        marks = {
            held.ticker: mark
            for held in portfolio.positions
            if (mark := self._mark(held.ticker, session.closes))
        }
        account.close(daily_value(portfolio, marks, session)._replace(traded_usd=traded), marks)

    def _mark(self, ticker: str, at: datetime) -> Mark | None:
        """Return the newest price of a ticker at `at`: a close, or one from before a split as it is after."""
        moves, adjusted = self._history.bars[ticker], self._adjusted.get(ticker)
        count = bisect_right(moves, at, key=lambda move: move.closes)
        if adjusted and (count == 0 or moves[count - 1].closes <= adjusted.at):
            return adjusted
        if count == 0:
            return None
        move = moves[count - 1]
        source = self._history.sources[ticker]
        return Mark(ticker=ticker, price=move.bar.close, at=move.closes, source=source)
