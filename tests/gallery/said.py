"""What the simulated models of the pictures say: four characters, each with one rule and its own words.

Every figure in their words stands in the evidence that they were given, so a picture shows no made-up number.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.loopback.model_replies import Behaviour, ModelRequest, filled

MODELS = ("claude", "gpt", "gemini", "deepseek")
NOTHING_GIVEN = ("news", "fundamentals", "sentiment")
_FIGURE = re.compile(r"^(\w+): (-?\d+\.?\d*)$", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """What a model reads: the ticker, its last price, and the indicators by name."""

    ticker: str
    price: float
    of: dict[str, float]

    @property
    def above_50(self) -> float:
        return self.price / self.of["sma_50"] - 1


@dataclass(frozen=True)
class Opinion:
    rating: str
    confidence: float
    weight: float | None
    reason: str
    points: tuple[str, ...]

    @property
    def action(self) -> str:
        return {"Buy": "BUY", "Overweight": "BUY", "Hold": "HOLD"}.get(self.rating, "SELL")


def read(prompt: str) -> Seen:
    """Take the figures out of the evidence in a prompt."""
    ticker = re.search(r"^instrument: (\S+)", prompt, re.MULTILINE)
    price = re.search(r"^last price: ([\d.]+)", prompt, re.MULTILINE)
    assert ticker
    assert price
    return Seen(ticker[1], float(price[1]), {name: float(value) for name, value in _FIGURE.findall(prompt)})


def _claude(seen: Seen) -> Opinion:
    rsi = seen.of["rsi_14"]
    points = _points(
        seen, f"The price is {seen.above_50:+.1%} from its 50-day average, with RSI at {rsi:.0f}"
    )
    if seen.price > seen.of["sma_50"] and rsi < 72:
        reason = (
            f"The trend is whole: {seen.price:.2f} is {seen.above_50:.1%} above the 50-day average of "
            f"{seen.of['sma_50']:.2f}. RSI {rsi:.0f} leaves room; a close below the 20-day average of "
            f"{seen.of['sma_20']:.2f} would end the case."
        )
        return Opinion("Buy", 0.72, 0.25, reason, points)
    if seen.price < seen.of["sma_200"]:
        return Opinion("Sell", 0.66, None, "Below the 200-day average nothing holds the price.", points)
    return Opinion("Hold", 0.55, None, "The averages disagree, so the better trade is none.", points)


def _gpt(seen: Seen) -> Opinion:
    month = seen.of["return_20"]
    points = _points(seen, f"{month:+.1%} in 20 sessions, {seen.of['return_60']:+.1%} in 60")
    if month > 0.03:
        reason = (
            f"{month:+.1%} in 20 sessions and {seen.of['return_60']:+.1%} in 60: strength has kept its pace, "
            f"at a volatility of only {seen.of['volatility_20']:.0%}. I buy less than a full weight, because "
            f"volume is {seen.of['volume_ratio_20']:.2f} of its mean and confirms little."
        )
        return Opinion("Overweight", 0.64, 0.2, reason, points)
    if month < -0.03:
        return Opinion("Underweight", 0.6, None, f"{month:+.1%} in 20 sessions: weakness goes on.", points)
    return Opinion("Hold", 0.5, None, f"{month:+.1%} in 20 sessions says nothing either way.", points)


def _gemini(seen: Seen) -> Opinion:
    rsi = seen.of["rsi_14"]
    points = _points(seen, f"RSI {rsi:.0f}, with the upper band at {seen.of['bollinger_upper']:.2f} close by")
    if rsi < 45:
        return Opinion(
            "Buy", 0.61, 0.2, f"RSI {rsi:.0f}: the price has fallen further than its news.", points
        )
    if rsi > 70:
        return Opinion("Sell", 0.63, None, f"RSI {rsi:.0f} is stretched, and stretched prices rest.", points)
    reason = (
        f"RSI {rsi:.0f} is neither cheap nor stretched, and the upper band at "
        f"{seen.of['bollinger_upper']:.2f} is near. I would rather buy at {seen.of['sma_20']:.2f}."
    )
    return Opinion("Hold", 0.58, None, reason, points)


def _deepseek(seen: Seen) -> Opinion:
    histogram = seen.of["macd_histogram"]
    points = _points(seen, f"MACD is {histogram:+.2f} from its signal: the advance loses force")
    if histogram > 0:
        points = _points(seen, f"MACD is {histogram:+.2f} from its signal: the advance gains force")
    if histogram > 0:
        return Opinion("Overweight", 0.6, 0.25, f"MACD is {histogram:.2f} above its signal.", points)
    reason = (
        f"MACD has crossed below its signal ({histogram:+.2f}) while the price stands "
        f"{seen.price / seen.of['sma_200'] - 1:.0%} above its 200-day average: the move is tired, and the "
        "fall back to the average pays more than the last stretch up."
    )
    return Opinion("Sell", 0.57, None, reason, points)


RULES: dict[str, Callable[[Seen], Opinion]] = dict(
    zip(MODELS, (_claude, _gpt, _gemini, _deepseek), strict=True)
)


def _points(seen: Seen, first: str) -> tuple[str, ...]:
    stop = 3 * seen.of["atr_14"]
    return (
        first,
        f"A normal day moves {seen.of['atr_14']:.2f}, so a stop belongs {stop:.2f} away",
        "Neither news nor fundamentals were given",
    )


def _debate(prompt: str, seen: Seen) -> str:
    """The words of a debater or of a voice on risk."""
    of = seen.of
    if "You argue for owning" in prompt:
        below = [days for days in (20, 50, 200) if of[f"sma_{days}"] < seen.price]
        known = ", ".join(f"the {days}-day one ({of[f'sma_{days}']:.2f})" for days in below) or "none"
        return (
            f"The averages point one way. {seen.ticker} closed at {seen.price:.2f}; below it are {known}. "
            f"That is what a healthy trend looks like.\n\n"
            f"1. Momentum: {of['return_20']:+.1%} in 20 sessions, {of['return_60']:+.1%} in 60.\n"
            f"2. Calm: a normal day is {of['atr_14']:.2f}, {of['atr_14'] / seen.price:.1%} of the price. "
            f"A stop three such days away costs {3 * of['atr_14'] / seen.price:.1%}.\n"
            f"3. Room: RSI is {of['rsi_14']:.0f}; advances tend to rest at 70.\n\n"
            f"The bear will name MACD, which is {of['macd_histogram']:+.2f} from its signal. It says that "
            f"the advance has slowed, not that it is over.\n\n"
            f"The case depends on one thing: that closes stay above {of['sma_20']:.2f}."
        )
    if "You argue against owning" in prompt:
        return (
            f"The price has run ahead: {seen.price / of['sma_200'] - 1:.0%} above the 200-day average, with "
            f"MACD {of['macd_histogram']:+.2f} from its signal. Volume, {of['volume_ratio_20']:.2f} of its "
            f"mean, does not confirm the last stretch.\n\n"
            f"The case depends on a close below {of['sma_20']:.2f}."
        )
    return (
        f"Three normal days are {3 * of['atr_14']:.2f} a share. With a stop that far away, a fifth of equity "
        f"risks {0.6 * of['atr_14'] / seen.price:.2%} of it, which every rule here allows."
    )


def _report(prompt: str, seen: Seen) -> str:
    kind = next((kind for kind in NOTHING_GIVEN if f"{kind} analyst" in prompt), None)
    if kind:
        return f"No {kind} was given, so I draw nothing from it and stay neutral."
    of = seen.of
    return (
        f"{seen.ticker} closed at {seen.price:.2f}, {seen.above_50:+.1%} from its 50-day average; its "
        f"Bollinger bands are {of['bollinger_lower']:.2f} and {of['bollinger_upper']:.2f}. "
        f"RSI is {of['rsi_14']:.0f}, MACD {of['macd_histogram']:+.2f} from its signal. "
        f"A normal day moves {of['atr_14']:.2f}.\n\n"
        f"Levels that matter: {of['sma_20']:.2f} and {of['bollinger_upper']:.2f}."
    )


def _weight(opinion: Opinion, prompt: str) -> float | None:
    """After one question each model buys half of what it buys after the whole debate."""
    return opinion.weight if opinion.weight is None or "[[risk_neutral" in prompt else opinion.weight / 2


def speaks(name: str) -> Behaviour:
    """A model of this character: it answers each stage by its rule and in its words."""

    def fields(request: ModelRequest) -> dict[str, Any]:
        prompt = request.messages[-1]["content"]
        seen = read(prompt)
        opinion = RULES[name](seen)
        stop = round(seen.price - 3 * seen.of["atr_14"], 2)
        aim = round(seen.price + 5 * seen.of["atr_14"], 2)
        buys = opinion.action == "BUY"
        return {
            "key_points": list(opinion.points),
            "sentiment": {"BUY": "bullish", "SELL": "bearish"}.get(opinion.action, "neutral"),
            "report": _report(prompt, seen),
            "argument": _debate(prompt, seen),
            "recommendation": opinion.rating,
            "rationale": opinion.reason,
            "strongest_point_of_losing_side": f"MACD is {seen.of['macd_histogram']:+.2f} from its signal.",
            "action": opinion.action,
            "rating": opinion.rating,
            "confidence": opinion.confidence,
            "target_weight": _weight(opinion, prompt),
            "stop_loss": stop if buys else None,
            "take_profit": aim if buys else None,
            "risk_level": "medium",
            "horizon": "20 sessions",
            "reasoning": opinion.reason,
        }

    return filled(fields)
