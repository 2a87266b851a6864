"""The same two rules on the same prices by the library `bt`, for `benchmarks.replay`; runs in an environment
that has `bt` and nothing of ours, and prints one JSON document.

    python _replay_reference.py FOLDER TICKERS SHARE

Rules and rounding are those of the replay: what is decided at a close fills at the next open, shares are cut
to six places, and what a trade moves and a holding is worth are rounded to cents.
"""

import json
import sys
import time
import warnings
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path

warnings.simplefilter("ignore")

import bt  # noqa: E402 - its import warns
import pandas as pd  # noqa: E402 - as above

INITIAL = 10_000.0
CENT, STEP = Decimal("0.01"), Decimal("0.000001")


def cents(value: float) -> float:
    return float(Decimal(repr(value)).quantize(CENT, ROUND_HALF_UP))


class Follow(bt.Algo):
    """Hold a fixed share of equity of what the signal says, each position until the signal ends."""

    def __init__(self, signal: pd.DataFrame, opens: pd.DataFrame, closes: pd.DataFrame, share: float) -> None:
        super().__init__()
        self.signal = signal.to_numpy()
        self.opens = opens.to_numpy()
        self.closes = closes.to_numpy()
        self.names = list(closes.columns)
        self.rows = {day: number for number, day in enumerate(closes.index)}
        self.share = share
        self.held: dict[str, float] = {}

    def __call__(self, target: bt.core.StrategyBase) -> bool:
        row = self.rows.get(target.now)
        if row is None or row == 0:
            return True
        before = self.closes[row - 1]
        equity = target.capital + sum(
            cents(shares * float(before[self.names.index(name)])) for name, shares in self.held.items()
        )
        for column, name in enumerate(self.names):
            wanted = bool(self.signal[row - 1, column])
            price = float(self.opens[row, column])
            if wanted and name not in self.held:
                exact = (
                    Decimal(repr(self.share))
                    * Decimal(repr(round(equity, 2)))
                    / Decimal(repr(float(before[column])))
                )
                shares = float(exact.quantize(STEP, ROUND_DOWN))
                self._trade(target, name, shares, price)
                self.held[name] = shares
            elif not wanted and name in self.held:
                self._trade(target, name, -self.held.pop(name), price)
        target.root.update(target.now)
        return True

    @staticmethod
    def _trade(target: bt.core.StrategyBase, name: str, shares: float, price: float) -> None:
        target._create_child_if_needed(name)
        target.children[name].transact(shares, price=price)
        moved = shares * price
        target.adjust(moved - (cents(abs(moved)) if moved > 0 else -cents(abs(moved))), flow=False)


def main() -> None:
    folder, tickers, share = Path(sys.argv[1]), sys.argv[2].split(","), float(sys.argv[3])
    frames = {name: pd.read_csv(folder / f"{name}.csv", index_col=0, parse_dates=True) for name in tickers}
    opens = pd.DataFrame({name: frame["open"] for name, frame in frames.items()})
    closes = pd.DataFrame({name: frame["close"] for name, frame in frames.items()})
    began = time.perf_counter()
    signals = {
        "buy_and_hold": closes > 0,
        "sma_cross": closes.rolling(20).mean() > closes.rolling(50).mean(),
    }
    finals = {}
    for rule, signal in signals.items():
        follow = Follow(signal, opens, closes, share)
        test = bt.Backtest(
            bt.Strategy(rule, [follow]),
            closes,
            initial_capital=INITIAL,
            integer_positions=False,
            progress_bar=False,
            additional_data={"bidoffer": closes * 0},
        )
        bt.run(test, progress_bar=False)
        last = closes.iloc[-1]
        held = {name: child.position for name, child in test.strategy.children.items()}
        worth = sum(cents(shares * float(last[name])) for name, shares in held.items())
        finals[rule] = f"{test.strategy.capital + worth:.2f}"
    print(json.dumps({"seconds": time.perf_counter() - began, "sessions": len(closes), "finals": finals}))


main()
