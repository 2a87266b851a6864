"""Members without a model."""

from decimal import Decimal

import pytest

from core.domain.ballot import Rating
from core.domain.errors import NoBasis
from core.domain.stage import Preset
from core.pipeline.answers import ANSWER_OF, Decision
from core.pipeline.baselines import RULES
from core.pipeline.baselines.author import BaselineAuthor
from core.pipeline.baselines.rule import normal_cdf
from core.pipeline.presets import steps
from tests import packs

FULL = {
    "sma_20": "112",
    "sma_50": "110",
    "sma_200": "100",
    "rsi_14": "50",
    "bollinger_upper": "125",
    "bollinger_middle": "119",
    "bollinger_lower": "113",
    "return_5": "0.01",
    "return_20": "0.04",
    "return_60": "0.12",
    "volatility_20": "0.3",
}


def test_buy_and_hold_buys_once() -> None:
    assert RULES["buy_and_hold"](packs.evidence(), False).rating is Rating.BUY
    assert RULES["buy_and_hold"](packs.evidence(), True).rating is Rating.HOLD


@pytest.mark.parametrize(("moved", "rating"), [("0.12", "Buy"), ("-0.12", "Sell"), ("0.03", "Hold")])
def test_momentum_follows_a_move_that_is_large_for_its_volatility(moved: str, rating: str) -> None:
    outcome = RULES["momentum"](packs.evidence(**{**FULL, "return_60": moved}), False)
    assert outcome.rating == rating
    assert outcome.confidence >= Decimal("0.5")


def test_momentum_of_a_flat_line_holds() -> None:
    flat = packs.evidence(**{**FULL, "return_60": "0", "volatility_20": "0"})
    assert RULES["momentum"](flat, False).rating is Rating.HOLD


@pytest.mark.parametrize(("rsi", "rating"), [("25", "Buy"), ("75", "Sell"), ("50", "Hold")])
def test_mean_reversion_goes_against_extremes(rsi: str, rating: str) -> None:
    assert RULES["mean_reversion"](packs.evidence(**{**FULL, "rsi_14": rsi}), False).rating == rating


def test_mean_reversion_holds_when_its_two_signs_contradict() -> None:
    torn = packs.evidence(**{**FULL, "rsi_14": "25", "bollinger_upper": "119"})
    assert RULES["mean_reversion"](torn, False).rating is Rating.HOLD


@pytest.mark.parametrize(
    ("fast", "holds", "rating"),
    [("110", False, "Buy"), ("110", True, "Hold"), ("90", True, "Sell"), ("90", False, "Hold")],
)
def test_the_cross_trades_when_its_averages_have_crossed(fast: str, holds: bool, rating: str) -> None:
    pack = packs.evidence(**{**FULL, "sma_20": fast, "sma_50": "100"})
    assert RULES["sma_cross"](pack, holds).rating == rating


@pytest.mark.parametrize(("fast", "rating"), [("110", "Buy"), ("90", "Sell"), ("100", "Hold")])
def test_trend_compares_its_two_averages(fast: str, rating: str) -> None:
    assert RULES["trend"](packs.evidence(**{**FULL, "sma_50": fast}), False).rating == rating


@pytest.mark.parametrize("name", ["momentum", "mean_reversion", "trend", "sma_cross"])
def test_a_rule_without_its_figures_has_no_basis_and_says_which(name: str) -> None:
    with pytest.raises(NoBasis, match="needs more than the 40 sessions"):
        RULES[name](packs.evidence(), False)


def test_the_coin_falls_the_same_way_for_the_same_ticker_and_session() -> None:
    first, again = (RULES["coin_flip"](packs.evidence(), holds) for holds in (False, True))
    assert first == again
    assert first.confidence == Decimal("0.5")
    faces = {
        RULES["coin_flip"](packs.evidence(count).model_copy(update={"ticker": f"T{count}"}), False).rating
        for count in range(30, 60)
    }
    assert faces == {Rating.BUY, Rating.SELL}


@pytest.mark.parametrize("name", list(RULES))
@pytest.mark.parametrize("preset", [Preset.STANDARD, Preset.QUICK])
async def test_every_stage_of_every_rule_is_filled_with_what_it_computed(name: str, preset: Preset) -> None:
    author = BaselineAuthor(name, RULES[name])
    for step in steps(preset):
        draft = await author.write(step, packs.view(packs.evidence(**FULL), shares="3"))
        assert ANSWER_OF[step.stage].model_validate(draft.answer)
        assert draft.output
        assert draft.served_by is None
        assert draft.spend.calls == 0
        assert draft.prompt.startswith("No model was asked.")


async def test_the_decision_of_a_rule_says_which_figures_decided() -> None:
    author = BaselineAuthor("trend", RULES["trend"])
    decisions = list(steps(Preset.QUICK))
    draft = await author.write(decisions[0], packs.view(packs.evidence(**FULL)))
    decision = Decision.model_validate(draft.answer)
    assert decision.target_weight == Decimal("0.25")
    assert "SMA 50 110.00 against SMA 200 100.00: +10.00%" in decision.reasoning


def test_the_normal_distribution_is_right_at_known_points() -> None:
    assert [normal_cdf(z) for z in (0.0, 1.0, 1.96)] == [Decimal("0.5"), Decimal("0.8413"), Decimal("0.975")]
