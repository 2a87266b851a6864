"""Recomputes every figure of the leaderboard from an export, with nothing but the standard library.

It knows only what docs/export.md and docs/scores.md say, and imports nothing of Conclave, so that a mistake
of Conclave is none here. Money is exact: fractions for average costs, decimals for all else.

    python tests/recompute.py EXPORT_DIR [--period 30d] [--by sharpe]
"""

import argparse
import math
import random
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

if __package__:
    from tests.recompute_books import WEEK, Part, Season, differences, moment, total
else:  # run as a script, beside that file
    from recompute_books import WEEK, Part, Season, differences, moment, total

YEAR = 252
HORIZONS = (1, 5, 20)
SMALLEST_FIRST = {"volatility", "max_drawdown", "token_cost", "usd_per_right"}


class Found(NamedTuple):
    """A figure, None where it is n/a, and how many observations it is made of."""

    value: Decimal | float | None
    sample: int


class Fall(NamedTuple):
    """The deepest fall: a fraction of the peak, and the dates of peak, trough and recovery."""

    depth: float
    peak: date
    trough: date
    recovered: date | None


# The figures. Each takes what it needs and returns None where it has no meaning.


def _mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def _deviation(numbers: Sequence[float]) -> float:
    if len(numbers) < 2 or min(numbers) == max(numbers):
        return 0.0
    middle = _mean(numbers)
    return math.sqrt(math.fsum((number - middle) ** 2 for number in numbers) / (len(numbers) - 1))


def _over_deviation(numbers: Sequence[float]) -> float | None:
    deviation = _deviation(numbers)
    return _mean(numbers) / deviation * math.sqrt(YEAR) if deviation else None


def _returns(values: Sequence[Decimal]) -> list[float]:
    pairs = pairwise(values)
    return [float((later - former) / former) for former, later in pairs if former > 0]


def _sortino(over: Sequence[float]) -> float | None:
    down = math.sqrt(_mean([min(number, 0.0) ** 2 for number in over])) if over else 0.0
    return _mean(over) / down * math.sqrt(YEAR) if down else None


def fall(part: Part) -> Fall | None:
    """The deepest fall of a member in a part of its season, with its dates; None where it never fell."""
    known = [day for day in part.days if day.value is not None]
    if not known:
        return None
    peak, peak_day = part.base, part.since or known[0].session
    deepest, height = Fall(0.0, peak_day, peak_day, peak_day), part.base
    depth = Fraction(0)
    for day in known:
        value = day.value or Decimal(0)
        if value > peak:
            peak, peak_day = value, day.session
        if Fraction(peak - value) / Fraction(peak) > depth:
            depth, height = Fraction(peak - value) / Fraction(peak), peak
            deepest = Fall(float(depth), peak_day, day.session, None)
    back = (
        d.session for d in known if d.session > deepest.trough and d.value is not None and d.value >= height
    )
    return deepest._replace(recovered=next(back, None)) if depth else None


def _common(part: Part, levels: Mapping[date, float]) -> tuple[list[float], list[float]]:
    """The member's and the benchmark's returns between the sessions for which both are known."""
    before = [day for day in levels if part.days and timedelta(0) < part.days[0].session - day <= WEEK]
    start = part.since or (before[-1] if before else None)
    points = [(levels[start], part.base)] if start and start in levels else []
    points += [(levels[d.session], d.value) for d in part.days if d.value is not None and d.session in levels]
    theirs = [later / former - 1 for (former, _), (later, _) in pairwise(points)]
    return _returns([value for _, value in points]), theirs


def _beside(own: Sequence[float], theirs: Sequence[float], free: float) -> dict[str, float | None]:
    if len(own) < 2:
        return dict.fromkeys(("beta", "alpha", "information_ratio"))
    middle, other = _mean(own), _mean(theirs)
    spread = math.fsum((b - other) ** 2 for b in theirs)
    together = math.fsum((r - middle) * (b - other) for r, b in zip(own, theirs, strict=True))
    beta = together / spread if spread else None
    alpha = None
    if beta is not None:
        left = _mean([(r - free) - beta * (b - free) for r, b in zip(own, theirs, strict=True)])
        alpha = (1 + left) ** YEAR - 1
    ratio = _over_deviation([r - b for r, b in zip(own, theirs, strict=True)])
    return {"beta": beta, "alpha": alpha, "information_ratio": ratio}


def chance(
    season: Season, member: str, days: int | None = None, seed: int = 1
) -> tuple[float, float, float] | None:
    """A year's difference to the benchmark, and the interval in which it may lie by chance.

    The draws are others than Conclave's, so low and high are only nearly the same.
    """
    rules, (own, theirs) = season.about["scores"], _common(season.part(member, days, None), season.levels)
    count = len(own)
    if count < int(rules["min_days"]):
        return None
    apart = [r - b for r, b in zip(own, theirs, strict=True)]
    sums = list(accumulate([*apart, *apart], initial=0.0))
    length, draw, means = round(count ** (1 / 3)), random.Random(seed), []
    sizes = [length] * (count // length) + ([count % length] if count % length else [])
    for _ in range(int(rules["bootstrap_samples"])):
        starts = [draw.randrange(count) for _ in sizes]
        drawn = (sums[start + size] - sums[start] for start, size in zip(starts, sizes, strict=True))
        means.append(math.fsum(drawn) / count * YEAR)
    means.sort()
    outside = (1 - float(rules["confidence_level"])) / 2
    low, high = (means[round(share * (len(means) - 1))] for share in (outside, 1 - outside))
    return _mean(apart) * YEAR, low, high


def _of_ballots(part: Part, horizon: int) -> tuple[int, int]:
    """How many ballots of the part for BUY or SELL were settled by its end, and how many were right."""
    settled = right = 0
    for row in part.books.ballots:
        earned, at = row[f"return_ratio_{horizon}"], row[f"settled_at_{horizon}"]
        if row["action"] == "HOLD" or earned is None or moment(at) > part.until:
            continue
        if part.first is not None and date.fromisoformat(row["entry_session"]) < part.first:
            continue
        settled += 1
        right += Decimal(earned) > 0 if row["action"] == "BUY" else Decimal(earned) < 0
    return settled, right


def _of_values(part: Part, rules: Mapping[str, Any], free: float) -> dict[str, Found]:
    known = [day for day in part.days if day.value is not None]
    values = [day.value for day in known if day.value is not None]
    returns = _returns([part.base, *values])
    over = [r - free for r in returns]
    now = part.days[-1].value if part.days else None
    tokens = part.days[-1].token_cost - part.base_tokens if part.days else None
    ratio = None if now is None else float((now - part.base) / part.base)
    annual = None if ratio is None else (1 + ratio) ** (YEAR / part.passed) - 1
    deepest = fall(part)
    depth = (deepest.depth if deepest else 0.0) if returns else None
    moved = [r for r in returns if r]
    held = [(day.long + day.short) / value for day, value in zip(known, values, strict=True)]
    traded = total(day.traded for day in part.days)
    least, count, days = int(rules["min_days"]), len(known), len(returns)

    def estimated(value: float | None, sample: int) -> Found:
        return Found(value if sample >= least else None, sample)

    return {
        "value": Found(now, count),
        "pnl": Found(None if now is None else now - part.base, count),
        "return": Found(ratio, count),
        "annual_return": estimated(annual, days),
        "token_cost": Found(tokens, len(part.days)),
        "return_after_tokens": Found(
            None if now is None or tokens is None else float((now - tokens - part.base) / part.base), count
        ),
        "volatility": estimated(_deviation(returns) * math.sqrt(YEAR), days),
        "sharpe": estimated(_over_deviation(over), days),
        "sortino": estimated(_sortino(over), days),
        "max_drawdown": Found(depth, days),
        "calmar": estimated(annual / depth if annual is not None and depth else None, days),
        "exposure": Found(float(sum(held) / count) if count else None, count),
        "turnover": Found(float(traded / (total(values) / count)) if count else None, count),
        "day_win_rate": estimated(sum(r > 0 for r in moved) / len(moved) if moved else None, len(moved)),
    }


def _of_trades(part: Part, least: int) -> dict[str, Found]:
    profits, count = part.profits, len(part.profits)
    gains = sum((usd for usd in profits if usd > 0), Fraction(0))
    losses = -sum((usd for usd in profits if usd < 0), Fraction(0))
    enough = count >= least
    return {
        "trades": Found(float(part.fills), part.fills),
        "win_rate": Found(sum(usd > 0 for usd in profits) / count if enough else None, count),
        "profit_factor": Found(float(gains / losses) if enough and losses else None, count),
        "best_trade": Found(_decimal(max(profits)) if profits else None, count),
        "worst_trade": Found(_decimal(min(profits)) if profits else None, count),
    }


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


def scored(
    season: Season, member: str, days: int | None = None, last: date | None = None
) -> dict[str, Found]:
    """Every figure of one member over so many calendar days, or over the season, up to the session `last`."""
    rules, part = season.about["scores"], season.part(member, days, last)
    free = (1 + float(rules["risk_free"])) ** (1 / YEAR) - 1
    made = _of_values(part, rules, free) | _of_trades(part, int(rules["min_trades"]))
    own, theirs = _common(part, season.levels)
    for name, value in _beside(own, theirs, free).items():
        made[name] = Found(value if len(own) >= int(rules["min_days"]) else None, len(own))
    least, cost = int(rules["min_settled"]), made["token_cost"].value
    for horizon in HORIZONS:
        settled, right = _of_ballots(part, horizon)
        enough = settled >= least and settled > 0
        made[f"hit_rate_{horizon}"] = Found(right / settled if enough else None, settled)
        if horizon == 5:
            each = Decimal(cost) / right if enough and right and cost is not None else None
            made["usd_per_right"] = Found(each, settled)
    return made


def figures(
    folder: Path | str | Season, days: int | None = None, last: date | None = None
) -> dict[str, dict[str, Found]]:
    """Every figure of every member over so many calendar days, or over all of the season."""
    season = folder if isinstance(folder, Season) else Season(folder)
    return {member: scored(season, member, days, last) for member in season.books}


def ranks(found: Mapping[str, Mapping[str, Found]], metric: str) -> dict[str, int]:
    """Each member's rank by a metric: equal figures share one, and 0 is for who has no figure."""
    values = {member: made[metric].value for member, made in found.items()}
    sign = 1 if metric in SMALLEST_FIRST else -1
    order = sorted(sign * value for value in values.values() if value is not None)
    return {m: 0 if value is None else order.index(sign * value) + 1 for m, value in values.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--period", default="all", help="all, or days back from the newest session: 30d")
    parser.add_argument("--by", default="value")
    asked = parser.parse_args()
    days = None if asked.period == "all" else int(asked.period.removesuffix("d"))
    season = Season(asked.folder)
    found = figures(season, days)
    places = ranks(found, asked.by)
    order = sorted(found, key=lambda member: (not places[member], places[member], member))
    lines = [f"{'':>20}" + "".join(f"{member:>16}" for member in order)]
    lines += [f"{'rank by ' + asked.by:>20}" + "".join(f"{places[member] or '-':>16}" for member in order)]
    for metric in found[order[0]]:
        cells = (found[member][metric] for member in order)
        shown = (f"n/a ({c.sample})" if c.value is None else f"{float(c.value):.6f}" for c in cells)
        lines.append(f"{metric:>20}" + "".join(f"{cell:>16}" for cell in shown))
    wrong = list(differences(season))
    lines += wrong or ["Daily values and closed trades agree with the movements."]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
