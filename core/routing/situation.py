"""The facts for the rules, from what the caller tells and from the evidence; the caller's word goes first."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from core.domain.asking import (
    LARGEST_TOLD,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_TOLD,
    AskRequest,
    ContextValue,
)
from core.domain.errors import Refused
from core.domain.evidence import Evidence
from core.domain.routing import Situation

_LARGEST = Decimal(LARGEST_TOLD)
_SESSIONS = 20
_YES, _NO = {"true", "yes", "1"}, {"false", "no", "0"}


def check_context(context: Mapping[str, ContextValue]) -> None:
    """Check that what a caller tells has a size that a prompt can take.

    Raises:
        Refused: it is too much, or a value is no usable number or text.
    """
    if len(context) > MOST_TOLD:
        raise Refused(f"The context has {len(context)} values; it takes up to {MOST_TOLD}.")
    for name, value in context.items():
        if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
            raise Refused(f"A name in the context is one line of 1 to {LONGEST_NAME} signs.")
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise Refused(f"The text of {name} in the context is longer than {LONGEST_TEXT} signs.")
        if isinstance(value, Decimal) and not (value.is_finite() and abs(value) <= _LARGEST):
            raise Refused(f"The number {name} in the context is not one that can be used.")


def situation_of(
    request: AskRequest, evidence: Evidence, *, offline: bool = False, budget_left_usd: Decimal | None = None
) -> Situation:
    """Return the facts. A value of the context that makes no sense as a fact counts as not told."""
    told = request.context
    return Situation(
        ticker=evidence.ticker,
        task=request.task,
        private=request.private,
        offline=offline or _truth(told.get("offline")) is True,
        urgent=request.urgent or _truth(told.get("urgent")) is True,
        stake_usd=request.stake_usd,
        has_position=_position(told),
        volume_ratio=_volume_ratio(told, evidence),
        volatility=_first(_number(told, "volatility", at_least=0), evidence.indicators.volatility_20),
        sentiment=_first(_number(told, "sentiment", at_least=-1, at_most=1), mean_score(evidence)),
        budget_left_usd=budget_left_usd,
    )


def mean_score(evidence: Evidence) -> Decimal | None:
    """Return the mean of the scores of sentiment, each weighed by its voices; None without any score."""
    scored = [
        (mood.score, Decimal(mood.voices or 1)) for mood in evidence.sentiment if mood.score is not None
    ]
    weight = sum((voices for _, voices in scored), Decimal(0))
    if not weight:
        return None
    return sum((score * voices for score, voices in scored), Decimal(0)) / weight


def _position(told: Mapping[str, ContextValue]) -> bool | None:
    held = _truth(told.get("has_position"))
    if held is not None:
        return held
    for name in ("position", "shares"):
        number = _number(told, name)
        if number is not None:
            return number != 0
    return None


def _volume_ratio(told: Mapping[str, ContextValue], evidence: Evidence) -> Decimal | None:
    ratio = _number(told, "volume_ratio", at_least=0)
    if ratio is not None:
        return ratio
    volume = _number(told, "volume", at_least=0)
    last = evidence.bars[-_SESSIONS:]
    if volume is not None and len(last) == _SESSIONS:
        mean = Decimal(sum(bar.volume for bar in last)) / _SESSIONS
        if mean:
            return volume / mean
    return evidence.indicators.volume_ratio_20


def _number(
    told: Mapping[str, ContextValue], name: str, *, at_least: int | None = None, at_most: int | None = None
) -> Decimal | None:
    value = told.get(name)
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    fits = number.is_finite() and abs(number) <= _LARGEST
    fits = fits and (at_least is None or number >= at_least) and (at_most is None or number <= at_most)
    return number if fits else None


def _truth(value: ContextValue | None) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    word = f"{value:f}" if isinstance(value, Decimal) else value.strip().lower()
    return True if word in _YES else False if word in _NO else None


def _first(told: Decimal | None, found: Decimal | None) -> Decimal | None:
    return found if told is None else told
