"""A log of trades goes through the sessions of a season, as everybody's books do: opens, actions, closes."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from core.config.settings import Trading
from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Mark
from core.domain.books import MovementKind, Side
from core.domain.trade_log import LoggedFill, refusal
from core.ledger.carrying import interest
from core.market.calendar import Session
from core.pipeline.history import History
from core.pipeline.walking import daily_value
from core.store.imported_account import ImportedAccount
from core.store.locked_imports import DatedAction
from core.store.locked_sessions import CASH

_PAUSE = 1000


def actions_of(
    history: History, tickers: set[str], until: datetime, recorded: Sequence[DatedAction]
) -> list[DatedAction]:
    """Return the splits and dividends of tickers with the opens from which they are in force, up to `until`.

    What the season has applied already counts as `recorded`, also when it is later. An action of a day
    without a bar is in force from the next open.
    """
    known = {(action.ticker, action.kind, action.ex_date) for action, _ in recorded}
    found = list(recorded)
    for ticker in tickers:
        for action in history.actions.get(ticker, ()):
            move = history.first_after(ticker, action.ex_date - timedelta(days=1))
            new = (action.ticker, action.kind, action.ex_date) not in known
            if new and move and move.opens <= until:
                found.append((action, move.opens))
    return sorted(found, key=lambda dated: (dated[1], dated[0].kind is ActionKind.DIVIDEND, dated[0].ticker))


class LogWalk:
    """Carries a new account through its log. `fills` and `actions` are in the order of time.

    `sessions` are those that its season goes through, from the log's first day on.
    """

    def __init__(
        self,
        account: ImportedAccount,
        file_name: str,
        fills: Sequence[LoggedFill],
        actions: Sequence[DatedAction],
        sessions: Sequence[Session],
        history: History,
        terms: Trading,
    ) -> None:
        self._account = account
        self._file_name = file_name
        self._fills = fills
        self._actions = actions
        self._sessions = sessions
        self._history = history
        self._terms = terms
        self._filled = self._acted = 0

    def steps(self) -> Iterator[None]:
        """Book everything; pauses now and then, so that rows can be written.

        Raises:
            Refused: a row sells more than is held, or costs more than there is; names its line.
        """
        before: Session | None = None
        for session in self._sessions:
            traded = Decimal(0)
            while self._filled < len(self._fills) and self._fills[self._filled].at <= session.closes:
                fill = self._fills[self._filled]
                self._act_until(fill.at)
                self._trade(fill)
                traded += abs(fill.amount_usd)
                self._filled += 1
                if self._filled % _PAUSE == 0:
                    yield
            self._act_until(session.closes)
            self._close(session, before, traded)
            before = session
            yield
        for action, at in self._actions[self._acted :]:
            self._act(action, at)

    def _act_until(self, moment: datetime) -> None:
        while self._acted < len(self._actions) and self._actions[self._acted][1] <= moment:
            self._act(*self._actions[self._acted])
            self._acted += 1

    def _act(self, action: CorporateAction, at: datetime) -> None:
        move = self._history.first_after(action.ticker, action.ex_date - timedelta(days=1))
        price = move.bar.open if move and action.kind is ActionKind.SPLIT else None
        self._account.act(action, at, fractional=self._terms.fractional, price=price)

    def _trade(self, fill: LoggedFill) -> None:
        account = self._account
        held = account.shares(fill.ticker)
        if fill.side is Side.SELL and fill.shares > held:
            why = f"it sells {fill.shares:f} {fill.ticker}, and {held:f} are held then"
            raise refusal(self._file_name, fill.line, why)
        cost = fill.fee_usd - fill.amount_usd
        if fill.side is Side.BUY and cost > account.cash_usd:
            why = f"it costs ${cost:,.2f}, and the cash is ${account.cash_usd:,.2f} then"
            raise refusal(self._file_name, fill.line, why)
        account.trade(fill)

    def _close(self, session: Session, before: Session | None, traded: Decimal) -> None:
        account, terms = self._account, self._terms
        if before and terms.cash_interest:
            earned = interest(account.cash_usd, (session.day - before.day).days, terms)
            account.receive(MovementKind.INTEREST, earned, session.closes, CASH, session.day)
        portfolio = account.portfolio()
        marks = {}
        for held in portfolio.positions:
            if move := self._history.closed_at(held.ticker, session.closes):
                source = self._history.sources[held.ticker]
                marks[held.ticker] = Mark(
                    ticker=held.ticker, price=move.bar.close, at=move.closes, source=source
                )
        account.close(daily_value(portfolio, marks, session)._replace(traded_usd=traded), marks)
