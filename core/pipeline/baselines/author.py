"""A rule as the author of stages: each shows what the rule computed, and says so where it computed nothing.

No stage is made up: the analysts list what the rule read, bull and bear the readings that lean their way, the
risk voices what volatility does to the position, and the decision is the rule's own.
"""

from collections.abc import Sequence
from decimal import Decimal

from core.domain.ballot import Action, Rating, RiskLevel
from core.domain.stage import Stage, Step
from core.domain.values import to_ratio
from core.pipeline.answers import Argument, Decision, Plan, Report, Research, StageAnswer
from core.pipeline.author import Draft, View
from core.pipeline.baselines.rule import Reading, Rule, Ruling

_UNREAD = {
    Stage.NEWS: "news",
    Stage.FUNDAMENTALS: "fundamentals",
    Stage.SENTIMENT: "sentiment",
}
_SIGMAS = {Stage.RISK_AGGRESSIVE: 1, Stage.RISK_NEUTRAL: 2, Stage.RISK_CONSERVATIVE: 3}


class BaselineAuthor:
    """Writes every stage from one application of `rule` to the evidence."""

    def __init__(self, name: str, rule: Rule) -> None:
        self._name = name
        self._rule = rule

    async def write(self, step: Step, view: View) -> Draft:
        """Compute one stage; see `core.pipeline.author.Author`."""
        ruling = self._rule(view.evidence, view.briefing.portfolio.position(view.evidence.ticker) is not None)
        answer = _answer(step.stage, ruling, view)
        return Draft(
            prompt=f"No model was asked. {self._name} is a rule: {ruling.law}",
            output=answer.prose(),
            answer=answer.model_dump(mode="json"),
            key_points=tuple(answer.key_points),
            sentiment=answer.sentiment,
        )


def _answer(stage: Stage, ruling: Ruling, view: View) -> StageAnswer:
    lean = {Action.BUY: 1, Action.SELL: -1, Action.HOLD: 0}[ruling.rating.action]
    if stage is Stage.MARKET:
        return Report(
            report=_list(ruling.readings), key_points=_texts(ruling.readings), sentiment=_mood(lean)
        )
    if stage in _UNREAD:
        return Report(report=f"The rule reads no {_UNREAD[stage]}.", key_points=[], sentiment="neutral")
    if stage is Stage.BULL:
        return _side(ruling, 1, "for")
    if stage is Stage.BEAR:
        return _side(ruling, -1, "against")
    if stage is Stage.RESEARCH:
        against = [reading for reading in ruling.readings if reading.leans == -lean and lean]
        return Research(
            recommendation=ruling.rating,
            rationale=ruling.law,
            strongest_point_of_losing_side=against[0].text if against else "No reading speaks against it.",
            key_points=_texts(ruling.readings),
            sentiment=_mood(lean),
        )
    if stage is Stage.TRADER:
        weight = _weight(ruling, view)
        return Plan(
            action=ruling.rating.action,
            reasoning=f"The rule sets {ruling.rating}; the position it means is {weight:.1%} of equity.",
            target_weight=None if ruling.rating is Rating.HOLD else weight,
            stop_loss=None,
            take_profit=None,
            key_points=[ruling.law],
            sentiment=_mood(lean),
        )
    if stage in _SIGMAS:
        return _risk(_SIGMAS[stage], ruling, view, lean)
    return Decision(
        rating=ruling.rating,
        action=ruling.rating.action,
        confidence=ruling.confidence,
        target_weight=None if ruling.rating is Rating.HOLD else _weight(ruling, view),
        stop_loss=None,
        take_profit=None,
        risk_level=_risk_level(view),
        horizon=ruling.horizon,
        reasoning=f"{ruling.law} {' '.join(_texts(ruling.readings))}",
        key_points=_texts(ruling.readings),
        sentiment=_mood(lean),
    )


def _side(ruling: Ruling, lean: int, word: str) -> Argument:
    mine = [reading for reading in ruling.readings if reading.leans == lean]
    text = _list(mine) if mine else f"No reading of the rule speaks {word} buying."
    return Argument(argument=text, key_points=_texts(mine), sentiment=_mood(lean))


def _risk(sigmas: int, ruling: Ruling, view: View, lean: int) -> Argument:
    volatility = view.evidence.indicators.volatility_20
    weight = _weight(ruling, view)
    if volatility is None:
        text = "The evidence has no 20-day volatility, so the rule computes no loss."
    else:
        month = volatility * (Decimal(20) / 252).sqrt()
        loss = weight * month * sigmas
        text = (
            f"Over 20 sessions a fall of {sigmas} standard deviation{'s' if sigmas > 1 else ''} is "
            f"{month * sigmas:.1%}; with {weight:.1%} of equity in the shares it costs {loss:.1%} of equity."
        )
    return Argument(argument=text, key_points=[text], sentiment=_mood(lean))


def _risk_level(view: View) -> RiskLevel:
    """Low below 20 % of yearly volatility, high from 40 %, otherwise (or when unknown) medium."""
    volatility = view.evidence.indicators.volatility_20
    if volatility is None or Decimal("0.2") <= volatility < Decimal("0.4"):
        return RiskLevel.MEDIUM
    return RiskLevel.LOW if volatility < Decimal("0.2") else RiskLevel.HIGH


def _weight(ruling: Ruling, view: View) -> Decimal:
    """Return the fraction of equity that the rule wants to hold."""
    if ruling.target_weight is not None:
        return ruling.target_weight
    if ruling.rating is Rating.HOLD:
        book = view.briefing
        held = book.portfolio.position(view.evidence.ticker)
        worth = held.shares * view.evidence.price if held else Decimal(0)
        return to_ratio(min(Decimal(1), worth / book.equity_usd)) if book.equity_usd else Decimal(0)
    return view.terms.max_position if ruling.rating.action is Action.BUY else Decimal(0)


def _mood(lean: int) -> str:
    return ("neutral", "bullish", "bearish")[lean]


def _texts(readings: Sequence[Reading]) -> list[str]:
    return [reading.text for reading in readings]


def _list(readings: Sequence[Reading]) -> str:
    return "\n".join(f"- {reading.text}" for reading in readings)
