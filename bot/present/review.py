"""What a week has told about the members, as a card."""

from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.digest_cards import CallLine, JudgeLine, ReviewCard
from bot.present import numbers, words
from bot.present.digest import call_marks, lines_of, span
from bot.present.prose import Voice, counted, in_words, listed, paragraph, verb
from core.domain.calibration import Calibration
from core.domain.digest import Judged, Manner, RankChange, Review, SettledCall
from core.domain.member import MemberKind
from core.domain.scores import Figure
from core.domain.season import Season

MOST_FOLLOWERS = 4
MOST_RANKS = 12
_TITLES = {Season.LIVE: "Weekly review", Season.SAMPLE: "Weekly review on sample prices"}
_MANNERS = {
    Manner.FITTING: "confidence fits",
    Manner.OVER: "over-confident",
    Manner.UNDER: "under-confident",
    Manner.MIXED: "confidence off both ways",
}
_HORIZON = 5


def review_card(review: Review, zone: ZoneInfo, note: str | None = None) -> ReviewCard:
    """Return the card of a review; `note` is a line on top, such as that it comes late."""
    groups = (
        ("Best calls", review.best),
        ("Worst calls", review.worst),
        ("Committee and crowd", _ends(review.followers)),
    )
    return ReviewCard(
        title=_TITLES.get(review.season, f"Weekly review of {review.season}"),
        subtitle=span(review, zone),
        story=story(review, zone),
        judges=tuple(_judge(one, review.minimum) for one in review.judged),
        legend=_legend(review.judged),
        calls=tuple((title, tuple(_call(one) for one in found)) for title, found in groups if found),
        sections=tuple(
            filter(
                None, [lines_of("Ranking by value", [_rank(one) for one in review.ranks], most=MOST_RANKS)]
            )
        ),
        footer=f"Rates of the season need {numbers.counted(review.minimum, 'ballot')} · {words.PAPER}",
        caveat=review.caveat,
        note=note,
    )


def _ends(found: Sequence[SettledCall]) -> tuple[SettledCall, ...]:
    """Return the best and the worst of calls that are best first, where they are many."""
    if len(found) <= MOST_FOLLOWERS:
        return tuple(found)
    half = MOST_FOLLOWERS // 2
    return (*found[:half], *found[-half:])


def _judge(one: Judged, minimum: int) -> JudgeLine:
    season, lately = one.season, one.lately
    if one.manner is None:
        verdict = f"too few ballots yet, {numbers.whole(season.settled)} of {numbers.whole(minimum)}"
    else:
        verdict = _MANNERS[one.manner]
    figures = [f"season {_rates(season)}"]
    if season.brier.value is not None and season.ece.value is not None:
        figures.append(f"Brier {numbers.rounded(season.brier.value, 3)} · ECE {_percent(season.ece.value)}")
    if lately is not None and _samples(lately):
        few = " (few)" if _samples(lately) < minimum else ""
        figures.append(f"week {_rates(lately)}{few}")
    else:
        figures.append("week: nothing settled")
    return JudgeLine(member=one.member, verdict=verdict, figures=tuple(figures))


def _rates(found: Calibration) -> str:
    """Write how often ballots were right, at each horizon: `53 % of 45 · 60 % of 42 · –`."""
    return " · ".join(_rate(rate) if rate.sample else "–" for _, rate in sorted(found.hit_rates.items()))


def _legend(judged: Sequence[Judged]) -> str:
    if not judged:
        return ""
    horizons = [str(horizon) for horizon in sorted(judged[0].season.hit_rates)]
    return f"How many ballots were right after {listed(horizons)} sessions. ECE is 0 % at best, Brier 0."


def _rate(rate: Figure) -> str:
    if rate.value is None:
        return f"n/a of {numbers.whole(rate.sample)}"
    return f"{numbers.percent(Decimal(repr(float(rate.value))))} of {numbers.whole(rate.sample)}"


def _percent(value: float | Decimal) -> str:
    return numbers.percent(Decimal(repr(float(value))))


def _samples(found: Calibration) -> int:
    return max((rate.sample for rate in found.hit_rates.values()), default=0)


def _call(one: SettledCall) -> CallLine:
    earned, good = call_marks(one.earned)
    said = f"{numbers.percent(one.confidence)} sure · after {numbers.counted(one.horizon, 'session')}"
    return CallLine(
        subject=f"{one.member} on {one.ticker}", action=one.action, detail=said, earned=earned, good=good
    )


def _rank(one: RankChange) -> str:
    place = f"{one.rank}." if one.rank else "–"
    moved = ""
    if one.rank and one.rank_before:
        up = one.rank_before - one.rank
        moved = f" ▲{up}" if up > 0 else f" ▼{-up}" if up < 0 else ""
    value = "cannot be valued" if one.value_usd is None else numbers.usd(one.value_usd)
    change = "" if one.change_ratio is None else f" · {numbers.percent_change(one.change_ratio)}"
    return f"{place}{moved} {one.member} {value}{change}"


def story(review: Review, zone: ZoneInfo) -> str:
    """Return one to six sentences: what was settled, whom to trust, who climbed, the best and worst call."""
    voice = Voice(review.until.astimezone(zone).date().isoformat())
    return paragraph(
        [
            _settled(review, voice),
            _trusted(review),
            _manners(review.judged),
            _climbers(review.ranks, voice),
            _extremes(review),
        ]
    )


def _settled(review: Review, voice: Voice) -> str:
    if not review.settled:
        return voice.pick(
            "settled",
            "No ballot with a direction was settled in this time",
            "This time settled no ballot for BUY or SELL",
        )
    said = (
        f"{counted(review.settled, 'ballot')} with a direction {verb(review.settled, 'was', 'were')} settled"
    )
    return f"{said}, few enough for chance to decide" if review.settled < review.minimum else said


def _trusted(review: Review) -> str:
    """Say which model has been right most often in the season, as far as the samples allow it."""
    models = [one for one in review.judged if one.kind is MemberKind.LLM]
    known = [
        (float(rate.value), rate.sample, one.member)
        for one in models
        if (rate := one.season.hit_rates.get(_HORIZON)) and rate.value is not None
    ]
    if not known:
        return (
            f"no model has the {in_words(review.minimum)} settled ballots yet that a rate of the season takes"
        )
    top = max(value for value, _, _ in known)
    best = [(sample, member) for value, sample, member in known if value == top]
    sample, member = max(best)
    if len(best) > 1:
        share = _percent(top)
        return (
            f"after five sessions {listed([name for _, name in best])} share the best record, {share} right"
        )
    right = f"{_percent(top)} of {numbers.whole(sample)} ballots right"
    return f"after five sessions {member} has the best record: {right}"


def _manners(found: Sequence[Judged]) -> str:
    """Say whose confidence is too high, too low, or fits."""
    parts = []
    for manner, word in (
        (Manner.OVER, "over-confident"),
        (Manner.UNDER, "under-confident"),
        (Manner.FITTING, "about as right as claimed"),
    ):
        names = [each.member for each in found if each.manner is manner]
        if names:
            parts.append(f"{word} {verb(len(names), 'is', 'are')} {listed(names)}")
    return "; ".join(parts)


def _climbers(ranks: Sequence[RankChange], voice: Voice) -> str:
    """Say who has moved most in the ranking, each way."""
    known = [(one.rank_before - one.rank, one) for one in ranks if one.rank and one.rank_before]
    if not known:
        return ""
    up, riser = max(known, key=lambda each: each[0])
    down, faller = min(known, key=lambda each: each[0])
    parts = []
    if up > 0:
        climbed = voice.pick("climbed", "climbed", "rose")
        parts.append(
            f"in the ranking {riser.member} {climbed} from place {riser.rank_before} to {riser.rank}"
        )
    if down < 0:
        place = "" if parts else "in the ranking "
        parts.append(f"{place}{faller.member} fell from place {faller.rank_before} to {faller.rank}")
    if not parts:
        return voice.pick("places", "nobody changed places", "the ranking stayed as it was")
    return ", while ".join(parts)


def _extremes(review: Review) -> str:
    parts = [f"the best call was {_told(review.best[0])}"] if review.best else []
    if review.worst:
        parts.append(f"the worst {'' if parts else 'call was '}{_told(review.worst[0])}")
    return ", ".join(parts)


def _told(one: SettledCall) -> str:
    sessions = counted(one.horizon, "session")
    return (
        f"{one.member}'s {one.action} on {one.ticker} with {numbers.percent(one.confidence)} confidence "
        f"({numbers.percent_change(one.earned)} in {sessions})"
    )
