"""The paragraph of a digest, written by rules from its facts; no model is asked."""

from collections import Counter
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.present import numbers, words
from bot.present.prose import Voice, counted, in_words, listed, paragraph, quoted, verb
from core.domain.ballot import AbstentionKind, Action
from core.domain.books import OrderCause, Side
from core.domain.digest import Digest, Disagreement, Earning, Move, Trade, VerdictSoFar
from core.domain.values import to_ratio

MOST = 6
"""Sentences that a paragraph has at most."""
_PAIR = 2
_DID = {Side.BUY: "bought", Side.SELL: "sold"}
_LEVELS = {
    OrderCause.STOP: "its stop",
    OrderCause.TAKE_PROFIT: "its take-profit",
    OrderCause.MARGIN_CALL: "a margin call",
}
MISSING = {
    AbstentionKind.BAD_ANSWER: "bad answer",
    AbstentionKind.TIMEOUT: "timeout",
    AbstentionKind.FAILED: "failed call",
    AbstentionKind.BUDGET: "spent budget",
    AbstentionKind.NO_DATA: "lack of data",
    AbstentionKind.OTHER_MODEL: "stand-in model",
    AbstentionKind.NO_VERDICT: "missing verdict",
    AbstentionKind.NO_VOTES: "lack of votes",
}
"""What kept members from voting, to be counted: `two timeouts`."""
_PLURALS = {"lack of data": "lacks of data", "lack of votes": "lacks of votes"}


def story(digest: Digest, zone: ZoneInfo) -> str:
    """Return one to six sentences: what was decided and what it earned, who disagreed, traded and paid."""
    voice = Voice(digest.until.astimezone(zone).date().isoformat())
    if _quiet(digest):
        return paragraph([_nothing(voice)])
    told = [
        *_verdicts(digest, voice),
        _money(digest, voice),
        _split(digest.disagreement, voice) if digest.disagreement else "",
        _trades(digest, voice),
        _cost(digest),
    ]
    told = [one for one in told if one]
    if len(told) < MOST:
        told.insert(-1 if digest.runs else len(told), _movers(digest, voice))
    return paragraph(told)


def _quiet(digest: Digest) -> bool:
    moved = any(one.change_usd for one in digest.earnings)
    return not (digest.runs or digest.trades or digest.waiting or digest.movers or moved)


def _nothing(voice: Voice) -> str:
    return voice.pick(
        "nothing",
        "Nothing to report: nobody asked the committee, nobody traded, and no portfolio moved",
        "The committee was not asked, no order was placed, and every portfolio is where it was",
        "No verdict, no trade, no change: every portfolio stands where it stood",
    )


def _verdicts(digest: Digest, voice: Voice) -> list[str]:
    verdicts = digest.verdicts
    if not verdicts:
        if digest.undecided:
            return [f"The committee was asked {_times(digest.undecided)} and reached no verdict"]
        if digest.broken:
            return [f"Of {counted(digest.broken, 'run')} none finished, so there is no verdict"]
        return [voice.pick("unasked", "Nobody asked the committee", "The committee was not asked")]
    if len(verdicts) == 1:
        return [_only(verdicts[0], voice)]
    counts = Counter(one.decision for one in verdicts)
    told = listed([f"{in_words(counts[action])} {action}" for action in words.SCALE if counts[action]])
    if len(counts) == 1:
        (action,) = counts
        told = f"{'both' if len(verdicts) == _PAIR else 'all of them'} {action}"
    many = counted(len(verdicts), "verdict")
    first = voice.pick(
        "verdicts", f"The committee reached {many}: {told}", f"{many} came from the committee: {told}"
    )
    return [first, _best_and_worst(verdicts)]


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{in_words(count)} times")


def _only(one: VerdictSoFar, voice: Voice) -> str:
    agreement = numbers.percent(one.agreement)
    said = voice.pick(
        "verdict",
        f"The committee's one verdict was {one.decision} on {one.ticker}, with {agreement} agreement",
        f"One verdict, with {agreement} agreement: {one.decision} on {one.ticker}",
    )
    if one.decision is Action.HOLD:
        return said
    if one.earned is None:
        return f"{said}; no newer price tells yet what it is worth"
    if _flat(one):
        return f"{said}; the price has not moved since"
    verdict = "has earned" if one.earned > 0 else "has lost"
    return f"{said}; it {verdict} {numbers.ratio_percent(abs(one.earned))} so far"


def _best_and_worst(verdicts: tuple[VerdictSoFar, ...]) -> str:
    """Say how the verdicts with a direction have done."""
    directed = [one for one in verdicts if one.decision is not Action.HOLD]
    known = sorted((one for one in directed if one.earned is not None), key=_earned)
    if not directed:
        return ""
    if not known:
        return "No newer price tells yet what they are worth"
    ahead = sum(_earned(one) > 0 and not _flat(one) for one in known)
    if len(known) == 1:
        return f"{_call(known[0])} is the only one with a direction and a newer price"
    share = f"{_of(ahead, len(known))} ahead so far"
    if _earned(known[0]) == _earned(known[-1]):
        return f"{share}, each at {numbers.percent_change(_earned(known[0]))}"
    return f"{share}: best is {_call(known[-1])}, worst {_call(known[0])}"


def _of(ahead: int, count: int) -> str:
    """Say how many of the verdicts with a direction it is that are something."""
    if ahead == count:
        return f"{'both' if count == _PAIR else f'all {in_words(count)}'} with a direction are"
    if not ahead:
        return f"not one of {in_words(count)} with a direction is"
    return f"{in_words(ahead)} of {in_words(count)} with a direction {verb(ahead, 'is', 'are')}"


def _earned(one: VerdictSoFar) -> Decimal:
    return Decimal(0) if one.earned is None else one.earned


def _flat(one: VerdictSoFar) -> bool:
    return to_ratio(_earned(one)) == 0


def _call(one: VerdictSoFar) -> str:
    return f"{one.decision} on {one.ticker} ({numbers.percent_change(_earned(one))})"


def _money(digest: Digest, voice: Voice) -> str:
    """Say what the committee earned, and which model did best and which worst."""
    if not digest.earnings:
        return ""
    parts = [_committee(digest.committee, voice)] if digest.committee else []
    models = digest.models
    if models and all(one.change_usd == 0 for one in models):
        parts.append(
            "no model's portfolio moved" if len(models) > 1 else f"{models[0].member}'s did not move"
        )
    elif len(models) == 1:
        parts.append(f"the model {models[0].member} {_gained(models[0])}")
    elif models:
        parts.append(_extremes(models))
    if not parts:
        others = [one for one in digest.earnings if one.change_usd is not None]
        parts = [f"best was {others[0].member}: it {_gained(others[0])}"] if others else []
    return "; ".join(parts)


def _committee(one: Earning, voice: Voice) -> str:
    if one.change_usd is None or one.value_usd is None:
        return "the committee's portfolio cannot be valued, for a holding has no price"
    whose = voice.pick("committee", "the committee's portfolio", "the portfolio of the committee")
    if one.change_usd == 0:
        return f"{whose} stayed at {numbers.usd(one.value_usd)}"
    return f"{whose} {_gained(one)} and stands at {numbers.usd(one.value_usd)}"


def _gained(one: Earning) -> str:
    change = one.change_usd or Decimal(0)
    if change == 0:
        return "neither gained nor lost"
    share = "" if one.change_ratio is None else f" ({numbers.percent_change(one.change_ratio)})"
    return f"{'gained' if change > 0 else 'lost'} {numbers.usd(abs(change))}{share}"


def _extremes(models: tuple[Earning, ...]) -> str:
    """Say who did best and who worst of several models, all of whom have a value."""
    top, bottom = models[0].change_usd, models[-1].change_usd
    count = in_words(len(models))
    if top == bottom:
        every = "both" if len(models) == _PAIR else f"all {count}"
        return f"{every} models did the same: each {_gained(models[0])}"
    best = [one.member for one in models if one.change_usd == top]
    worst = [one.member for one in models if one.change_usd == bottom]
    return (
        f"of the {count} models {listed(best)} did best ({_change(models[0])}) "
        f"and {listed(worst)} worst ({_change(models[-1])})"
    )


def _change(one: Earning) -> str:
    share = "" if one.change_ratio is None else f", {numbers.percent_change(one.change_ratio)}"
    return f"{numbers.usd_change(one.change_usd or Decimal(0))}{share}"


def _split(found: Disagreement, voice: Voice) -> str:
    """Say over which ticker the members disagreed most, and the strongest reason against the verdict."""
    against = listed([f"{member} ({action})" for member, action in found.against])
    opening = voice.pick("split", "opinions differed most on", "the sharpest split was over")
    if found.supporters:
        sides = f"{listed(found.supporters)} for {found.decision} against {against}"
    else:
        sides = f"the count gave {found.decision}, which none of {against} had said"
    said = f"{opening} {found.ticker}: {sides}"
    reason = quoted(found.strongest.reason) if found.strongest else ""
    if not found.strongest or not reason:
        return said
    return f"{said}; {found.strongest.member}'s reason: {reason}"


def _trades(digest: Digest, voice: Voice) -> str:
    """Say who traded, or that nobody did, and what waits."""
    waiting = len(digest.waiting)
    waits = f"{counted(waiting, 'order')} {verb(waiting, 'waits', 'wait')} for the next open"
    trades = digest.trades
    if not trades:
        nobody = voice.pick("nobody", "nobody traded", "no trade was made")
        return f"{nobody}, and {waits}" if waiting else nobody
    if len(trades) == 1:
        said = f"one trade: {_trade(trades[0])}"
    else:
        members = len({one.member for one in trades})
        by = f" by {counted(members, 'member')}" if members > 1 else f", all by {trades[0].member}"
        largest = max(trades, key=lambda one: one.amount_usd)
        said = f"there were {counted(len(trades), 'trade')}{by}, the largest when {_trade(largest)}"
    return f"{said}; {waits}" if waiting else said


def _trade(one: Trade) -> str:
    by = f" by {_LEVELS[one.cause]}" if one.cause in _LEVELS else ""
    return (
        f"{one.member} {_DID[one.side]} {numbers.shares(one.shares)} {one.ticker} "
        f"for {numbers.usd(one.amount_usd)}{by}"
    )


def _movers(digest: Digest, voice: Voice) -> str:
    """Say which price rose most and which fell most."""
    moved = [one for one in digest.movers if to_ratio(one.ratio)]
    if not moved:
        return ""
    first, last = moved[0], moved[-1]
    if first is last:
        return f"the price of {first.ticker} {_rose(first)}"
    link = voice.pick("movers", "while", "and")
    if first.ratio > 0 > last.ratio:
        return f"among the prices {first.ticker} {_rose(first)} {link} {last.ticker} {_rose(last)}"
    most, least = (first, last) if first.ratio > 0 else (last, first)
    every = "both prices" if len(moved) == _PAIR else "all prices that moved"
    way = "rose" if first.ratio > 0 else "fell"
    return (
        f"{every} {way}, {most.ticker} most with {numbers.percent_change(most.ratio)} "
        f"{link} {least.ticker} least with {numbers.percent_change(least.ratio)}"
    )


def _rose(one: Move) -> str:
    way = "rose" if one.ratio > 0 else "fell"
    return f"{way} {numbers.ratio_percent(abs(one.ratio))} to {numbers.price(one.price)}"


def _cost(digest: Digest) -> str:
    """Say what the runs cost and what went wrong in them."""
    if not digest.runs:
        return ""
    runs = counted(digest.runs, "run")
    flaws = []
    if digest.undecided and digest.verdicts:
        flaws.append(f"{in_words(digest.undecided)} without a verdict")
    if digest.broken and (digest.verdicts or digest.undecided):
        flaws.append(f"{in_words(digest.broken)} unfinished")
    runs += f" ({', '.join(flaws)})" if flaws else ""
    if digest.spend.tokens:
        price = words.cost_of(digest.spend)
        paid = "at a cost nobody knows" if price.startswith("cost") else f"for {price}"
        said = f"{runs} used {numbers.tokens(digest.spend.tokens)} {paid}"
    else:
        said = f"{runs} used no tokens"
    if not digest.abstentions:
        return said
    total = sum(count for _, count in digest.abstentions)
    kinds = listed([missing(kind, count) for kind, count in digest.abstentions], most=3)
    return f"{said}; {counted(total, 'ballot')} {verb(total, 'is', 'are')} missing: {kinds}"


def missing(kind: AbstentionKind, count: int) -> str:
    """Count what kept members from voting: `two timeouts`, `one lack of data`."""
    noun = MISSING[kind]
    return f"{in_words(count)} {noun if count == 1 else _PLURALS.get(noun, noun + 's')}"
