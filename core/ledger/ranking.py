"""The leaderboard by any metric and period, and how the committee and the crowd stand beside the models.

Value, profit and return are those at the latest marks, all other metrics those at the last close.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from core.domain.books import Leaderboard, Standing
from core.domain.member import MemberKind
from core.domain.scores import Figure, Luck, Metric, Scorecard, TradeTotals
from core.domain.values import to_ratio
from core.ledger.places import Score, in_order, ranks

MONEY = (Metric.VALUE, Metric.PNL, Metric.RETURN)
"""The metrics that are known between two closes, and that the cost of tokens can be taken from."""


class Scored(NamedTuple):
    """What is known of one member in the period of a board.

    `base_usd` is the value that the period is measured from, and `base_tokens_usd` what its tokens had cost
    before. `trades` are those of the period; `ever_traded` looks at the whole season.
    """

    card: Scorecard
    base_usd: Decimal
    base_tokens_usd: Decimal
    trades: TradeTotals
    ever_traded: bool
    luck: Luck | None


def ranked(
    board: Leaderboard,
    scored: Mapping[str, Scored],
    by: Metric,
    *,
    net_of_tokens: bool = False,
    before: Mapping[str, Score] | None = None,
    min_trades: int = 1,
) -> Leaderboard:
    """Rank a board by a metric over the period of `scored`, which has every member of the board.

    `before` are the scores one session earlier. Better comes first, and whoever has no figure last and
    unranked. With `net_of_tokens` value, profit and return are less the cost of tokens in the period. Below
    `min_trades` closed trades there is no win rate.
    """
    standings, after_costs = [], {}
    for standing in board.standings:
        one = _of_period(standing, scored[standing.member], max(1, min_trades))
        taken = one.token_cost_usd if net_of_tokens else Decimal(0)
        money = _money(one, scored[one.member].base_usd, taken)
        after_costs[one.member] = money[Metric.RETURN]
        figure = one.figures[by]
        if by in MONEY:
            figure = Figure(value=_shown(money[by], by), sample=max(1, figure.sample))
        standings.append(one.model_copy(update={"score": figure}))
    lower = by.lower_is_better
    earlier = ranks(before, lower_is_better=lower) if before else {}
    scores = {one.member: one.score.value if one.score else None for one in standings}
    traded = {member for member, found in scored.items() if found.ever_traded}
    placed = in_order(standings, scores, traded, lower_is_better=lower)
    placed = tuple(one.model_copy(update={"rank_before": earlier.get(one.member) or None}) for one in placed)
    changes = {"standings": placed, "by": by, "net_of_tokens": net_of_tokens}
    return board.model_copy(update=changes | _beside_models(placed, after_costs))


def score_at_close(figures: Mapping[Metric, Figure], by: Metric, *, net_of_tokens: bool = False) -> Score:
    """Return what a member was ranked by at a close whose figures these are."""
    score = figures[by].value
    if not net_of_tokens or by not in MONEY or score is None:
        return score
    if by is Metric.RETURN:
        return figures[Metric.RETURN_AFTER_TOKENS].value
    cost = figures[Metric.TOKEN_COST].value
    return None if cost is None else Decimal(score) - Decimal(cost)


def _of_period(standing: Standing, found: Scored, min_trades: int) -> Standing:
    """Return the standing with profit, return, trades and token cost of the period instead of the season."""
    value, trades = standing.value_usd, found.trades
    enough = trades.closed >= min_trades
    pnl = None if value is None else value - found.base_usd
    return standing.model_copy(
        update={
            "pnl_usd": pnl,
            "return_ratio": None if pnl is None or found.base_usd <= 0 else to_ratio(pnl / found.base_usd),
            "trades": trades.fills,
            "win_rate": to_ratio(Decimal(trades.wins) / trades.closed) if enough else None,
            "closed_trades": trades.closed,
            "token_cost_usd": standing.token_cost_usd - found.base_tokens_usd,
            "figures": found.card.figures,
            "luck": found.luck,
        }
    )


def _money(one: Standing, base_usd: Decimal, taken_usd: Decimal) -> dict[Metric, Decimal | None]:
    """Return value, profit and return at the latest marks, less what is taken off for tokens."""
    if one.value_usd is None or one.pnl_usd is None:
        return dict.fromkeys(MONEY)
    value, pnl = one.value_usd - taken_usd, one.pnl_usd - taken_usd
    return dict(zip(MONEY, (value, pnl, pnl / base_usd if base_usd > 0 else None), strict=True))


def _shown(amount: Decimal | None, by: Metric) -> Score:
    """Return money as it is, and a ratio as the float that all ratios are."""
    return float(amount) if by is Metric.RETURN and amount is not None else amount


def _beside_models(
    standings: Sequence[Standing], returns: Mapping[str, Decimal | None]
) -> dict[str, Decimal | int | None]:
    """Return how many models the committee and the crowd have left behind by return, and their median."""
    models = _of_kind(standings, returns, MemberKind.LLM)

    def beats(kind: MemberKind) -> int | None:
        own = _of_kind(standings, returns, kind)
        return sum(other < own[0] for other in models) if own and models else None

    return {
        "models": len(models),
        "median_return": to_ratio(median(models)) if models else None,
        "committee_beats": beats(MemberKind.COMMITTEE),
        "crowd_beats": beats(MemberKind.CROWD),
    }


def _of_kind(
    standings: Iterable[Standing], returns: Mapping[str, Decimal | None], kind: MemberKind
) -> list[Decimal]:
    found = (returns[one.member] for one in standings if one.kind == kind)
    return [ratio for ratio in found if ratio is not None]
