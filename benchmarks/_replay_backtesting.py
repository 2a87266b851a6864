"""The same two rules by the library `backtesting`, for `benchmarks.replay`; runs in an environment that has
`backtesting` and nothing of ours, and prints one JSON document.

    python _replay_backtesting.py FOLDER TICKERS SHARE

One back-test per ticker and rule, as that library is made for. Each has its own cash, which nobody shares, so
that there is a speed to compare and no final value.
"""

import json
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import pandas as pd  # noqa: E402 - the imports warn
from backtesting import Strategy  # noqa: E402 - as above
from backtesting.lib import FractionalBacktest  # noqa: E402 - as above

INITIAL = 10_000.0


def mean(closes: pd.Series, count: int) -> pd.Series:
    return pd.Series(closes).rolling(count).mean()


class BuyAndHold(Strategy):
    share: float

    def init(self) -> None:
        pass

    def next(self) -> None:
        if not self.position:
            self.buy(size=self.share)


class SmaCross(Strategy):
    share: float

    def init(self) -> None:
        self.fast = self.I(mean, self.data.Close, 20)
        self.slow = self.I(mean, self.data.Close, 50)

    def next(self) -> None:
        above = self.fast[-1] > self.slow[-1]
        if above and not self.position:
            self.buy(size=self.share)
        elif not above and self.position:
            self.position.close()


def main() -> None:
    folder, tickers, share = Path(sys.argv[1]), sys.argv[2].split(","), float(sys.argv[3])
    frames = []
    for name in tickers:
        frame = pd.read_csv(folder / f"{name}.csv", index_col=0, parse_dates=True)
        frames.append(frame.rename(columns=str.capitalize))
    began = time.perf_counter()
    for rule in (BuyAndHold, SmaCross):
        rule.share = share
        for frame in frames:
            FractionalBacktest(frame, rule, cash=INITIAL).run()
    print(json.dumps({"seconds": time.perf_counter() - began, "sessions": len(frames[0])}))


main()
