"""Members without a model: one rule a file, computed from the same evidence as everybody's."""

from core.pipeline.baselines.buy_and_hold import buy_and_hold
from core.pipeline.baselines.coin_flip import coin_flip
from core.pipeline.baselines.mean_reversion import mean_reversion
from core.pipeline.baselines.momentum import momentum
from core.pipeline.baselines.rule import Rule
from core.pipeline.baselines.sma_cross import sma_cross
from core.pipeline.baselines.trend import trend

RULES: dict[str, Rule] = {
    "buy_and_hold": buy_and_hold,
    "momentum": momentum,
    "mean_reversion": mean_reversion,
    "trend": trend,
    "coin_flip": coin_flip,
    "sma_cross": sma_cross,
}
"""Every rule by the name of its member."""
