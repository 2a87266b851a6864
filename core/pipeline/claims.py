"""Numbers in what a member writes, checked against the evidence that it read. Pure.

A number is *known* if, rounded to the digits that it is written with, it equals

* a figure of the evidence: quote, bars, indicators, ratios, filings, readings of the economy, scores of mood,
  and every number in the texts of news and posts, or anywhere in the evidence as the member read it;
* a number of the member's own briefing, of its own memory in the decision, which alone reads it, or a level,
  weight or confidence that it set itself;
* the difference, the change in percent or the ratio of two numbers that stand beside it, in its sentence or
  the one before, where a figure that is named there, and the last price, count as well.

The sign does not count, for "fell 3 %" has none. A percentage equals a fraction, and "57.0 billion" equals
57,000 in millions. An integer that ends on zeros is taken as rounded.

A number right behind the name of a figure is not known for standing anywhere, as "45" does in "45 days": it
must be an indicator, a score, a number in a text of strangers, or, for a price, one of a session that members
were shown, and for what vendors name one of their figures.

Any other number is *not in the evidence*. Most of these are counted and told to nobody, because a level, a
count or another company's figure may be meant. A mismatch is told only where the words right before the
number name a figure that the evidence has ("RSI at 45"), nothing in the sentence says that it speaks of
another time, another thing or a case that may come, and the number is not near what the evidence says for
that name.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from core.domain.bars import Bar
from core.domain.evidence import Evidence
from core.pipeline.claim_names import Kind, Named, named_figures, vendor_values
from core.pipeline.claim_numbers import MOST_SIGNS, Cited, numbers, values_of, without_dates
from core.pipeline.claim_words import (
    HEDGE,
    LINK,
    MAY_FOLLOW,
    SENTENCE_END,
    speaks_of_another,
    speaks_plainly,
)
from core.pipeline.sections import BARS_SHOWN

MOST_MARKS = 5
_BESIDE = 6
"""So many numbers beside one, before and after it, may have led to it."""
_MOST_BETWEEN = 60
_LONGEST_SENTENCE = 600
"""What is longer is no sentence, and nobody can say what its numbers belong to."""
_HEDGED = Decimal("0.05")
"""How far "about 200" may be from the figure, as a fraction of it."""
_HUNDRED = Decimal(100)
_FRACTIONS_TO = 10
"""Below this a figure may be a fraction, which people write in percent."""
_POWERS = tuple(Decimal(10) ** exponent for exponent in (-12, -9, -6, -3, 0, 3, 6, 9, 12))


@dataclass(frozen=True)
class Checked:
    """What the check of a text has found: `marks` for people, and how many numbers nobody can account for."""

    marks: tuple[str, ...] = ()
    unknown: int = 0


class Claims:
    """Checks texts against one pack of evidence. `read` is the evidence as the members read it."""

    def __init__(self, evidence: Evidence, read: Iterable[str]) -> None:
        self._price = evidence.price
        self._names = named_figures(evidence)
        title = evidence.identity.name if evidence.identity else ""
        self._instrument = frozenset(re.findall(r"[a-z0-9]+", f"{evidence.ticker} {title}".lower()))
        told = [*values_of(_texts(evidence)), *_single_figures(evidence)]
        every = [*told, *vendor_values(evidence), *_prices(evidence.bars), *_volumes(evidence)]
        self._known = _sorted([*every, *values_of(read)])
        figures = _sorted(told)
        self._by_kind: Mapping[Kind, Sequence[Decimal]] = {
            "price": _sorted([*told, *_prices(evidence.bars[-BARS_SHOWN:])]),
            "points": figures,
            "fraction": figures,
            "amount": _sorted([*told, *vendor_values(evidence)]),
        }

    def check(self, texts: Sequence[str], own: Iterable[Decimal] = ()) -> Checked:
        """Check one stage.

        `own` are its levels, weights and confidences, and the numbers of its books and of its memory.
        """
        text = "\n".join(texts)[:MOST_SIGNS]
        page = _Page(text, self._names)
        mine = sorted({abs(value) for value in own})
        marks: list[str] = []
        unknown = 0
        for at, cited in enumerate(page.cited):
            named = page.name_before(cited)
            if not (cited.looks_like_a_figure or named) or page.is_counted(cited):
                continue
            if _holds(self._beside(named), cited) or _holds(mine, cited) or self._follows(page, at):
                continue
            unknown += 1
            if named and (mark := self._mark(page, cited, named)) and mark not in marks:
                marks.append(mark)
        return Checked(tuple(marks[:MOST_MARKS]), unknown)

    def _beside(self, named: tuple[int, int, Named] | None) -> Sequence[Decimal]:
        """Return what a number may be.

        With a name it is no count of days, no volume, no price of a session that nobody was shown, and no
        figure of another kind: in a year of prices and a page of text nearly every number stands somewhere.
        """
        return self._by_kind[named[2].kind] if named else self._known

    def _follows(self, page: "_Page", at: int) -> bool:
        """Say whether a number comes of two beside it."""
        cited = page.cited[at]
        first, last = page.beside(cited)
        near = page.cited[max(at - _BESIDE, 0) : at] + page.cited[at + 1 : at + 1 + _BESIDE]
        values = [one.value for one in near if first <= one.start < last]
        values += [abs(named.values[0]) for _, _, named in page.named_in(first, last)[:_BESIDE]]
        values.append(self._price)
        slack = cited.step if cited.places or cited.unit else cited.step / 2
        return any(
            abs(derived - cited.value) <= slack
            for one, other in permutations(dict.fromkeys(values), 2)
            for derived in _derived(one, other, cited)
        )

    def _mark(self, page: "_Page", cited: Cited, found: tuple[int, int, Named]) -> str | None:
        """Return what to tell of a number that has a name, or None where it may be right."""
        start, end, named = found
        sentence = page.sentence(cited)
        if sentence[1] - sentence[0] > _LONGEST_SENTENCE:
            return None
        if not _fits(cited, named) or page.is_range(cited) or not page.may_follow(cited):
            return None
        if not speaks_plainly(page.text, sentence, (start, end), self._instrument):
            return None
        rest = page.without_names(*sentence)
        if speaks_of_another(rest, self._instrument):
            return None
        hedged = bool(HEDGE.search(page.text[end : cited.start]))
        if any(_near(cited, value, hedged=hedged) for value in _variants(named)):
            return None
        return f"cites {cited.text}{cited.suffix}; evidence says {_told(cited, named)}"


class _Page:
    """A text with its sentences, its numbers and the names of figures in it."""

    def __init__(self, text: str, names: Sequence[Named]) -> None:
        self.text = text
        found = [
            (match.start(), match.end(), named) for named in names for match in named.pattern.finditer(text)
        ]
        self.names: list[tuple[int, int, Named]] = []
        taken = bytearray(len(text))
        for start, end, named in sorted(found, key=lambda one: one[0] - one[1]):
            # What stands inside a longer name is no name: "MACD" in "MACD signal".
            if not any(taken[start:end]):
                taken[start:end] = b"x" * (end - start)
                self.names.append((start, end, named))
        self.names.sort(key=lambda one: one[0])
        self._starts = [start for start, _, _ in self.names]
        self.cited = [one for one in numbers(without_dates(text)) if not taken[one.start]]
        ends = [match.end() for match in SENTENCE_END.finditer(text)]
        self._bounds = [0, *ends, len(text) + 1]

    def sentence(self, cited: Cited) -> tuple[int, int]:
        """Return where the sentence of a number begins and ends."""
        at = bisect_right(self._bounds, cited.start)
        return self._bounds[at - 1], self._bounds[at]

    def beside(self, cited: Cited) -> tuple[int, int]:
        """Return where the sentence before begins, and where that of the number ends."""
        at = bisect_right(self._bounds, cited.start)
        return self._bounds[max(at - 2, 0)], self._bounds[at]

    def named_in(self, first: int, last: int) -> list[tuple[int, int, Named]]:
        """Return the names between two places."""
        return self.names[bisect_left(self._starts, first) : bisect_left(self._starts, last)]

    def name_before(self, cited: Cited) -> tuple[int, int, Named] | None:
        """Return the name right before a number, with nothing between that changes what it says."""
        at = bisect_right(self._starts, cited.start)
        if at and LINK.fullmatch(self.text[self.names[at - 1][1] : cited.start][:_MOST_BETWEEN]):
            return self.names[at - 1]
        return None

    def without_names(self, first: int, last: int) -> str:
        """Return a sentence in which the names of figures are blank."""
        text = list(self.text[first:last])
        for start, end, _ in self.named_in(first, last):
            text[start - first : end - first] = " " * (end - start)
        return "".join(text)

    def is_counted(self, cited: Cited) -> bool:
        """Say whether a number counts things or is part of a word, such as "50-day" and "12 sessions"."""
        return cited.compound or bool(_COUNTED.match(self.text[cited.end : cited.end + 24]))

    def is_range(self, cited: Cited) -> bool:
        """Say whether a number begins a range or a way: "181 to 199", "181–199", "181 → 199"."""
        return bool(_TO_ANOTHER.match(self.text[cited.end : cited.end + 24]))

    def may_follow(self, cited: Cited) -> bool:
        """Say whether what follows a bare integer leaves it a figure, and not a count of what follows."""
        return cited.looks_like_a_figure or bool(MAY_FOLLOW.match(self.text[cited.end : cited.end + 24]))


_COUNTED = re.compile(
    r"[\s-]*(?:trading |calendar |straight |consecutive )*"
    r"(?:sessions?|days?|weeks?|months?|years?|quarters?|hours?|minutes?|bars?|closes|headlines?|items?|posts?|"
    r"ATRs?|average true ranges?|standard deviations?|sigmas?|"
    r"voices|shares|contracts|analysts?|members?|models?|reasons?|points?|of \d|out of|"
    r"to \d+ (?:weeks?|days?|sessions?|months?)|in \d)\b",
    re.IGNORECASE,
)
_TO_ANOTHER = re.compile(r"\s*(?:to|-|\u2013|\u2014|\u2192|->|/|or|through|and then)\s*[-+\u2212]?\$?\d")


def _single_figures(evidence: Evidence) -> Iterable[Decimal]:
    yield evidence.quote.price
    yield from (value for value in dict(evidence.indicators).values() if value is not None)
    for mood in evidence.sentiment:
        if mood.score is not None:
            yield mood.score
        if mood.voices is not None:
            yield Decimal(mood.voices)


def _prices(bars: Iterable[Bar]) -> Iterable[Decimal]:
    for bar in bars:
        yield from (bar.open, bar.high, bar.low, bar.close)


def _volumes(evidence: Evidence) -> Iterable[Decimal]:
    return (Decimal(bar.volume) for bar in evidence.bars)


def _sorted(values: Iterable[Decimal]) -> Sequence[Decimal]:
    return sorted({abs(value) for value in values})


def _texts(evidence: Evidence) -> Iterable[str]:
    for item in evidence.news:
        yield from (item.title, item.summary)
    yield from (mood.text for mood in evidence.sentiment)
    if evidence.caveat:
        yield evidence.caveat
    for figure in evidence.snapshot.figures if evidence.snapshot else ():
        yield from (figure.name, figure.unit)


def _holds(known: Sequence[Decimal], cited: Cited) -> bool:
    """Say whether sorted values have one that is written as this number."""
    half = cited.step / 2
    for divisor in _divisors(cited):
        low, high = (cited.value - half) / divisor, (cited.value + half) / divisor
        at = bisect_left(known, low)
        if at < len(known) and known[at] <= high:
            return True
    return False


def _divisors(cited: Cited) -> tuple[Decimal, ...]:
    if cited.unit == "%":
        return Decimal(1), _HUNDRED
    if cited.unit == "bps":
        return Decimal(1), _HUNDRED, _HUNDRED**2
    return (Decimal(1),)


def _derived(one: Decimal, other: Decimal, cited: Cited) -> Iterable[Decimal]:
    """Return what two numbers give in the unit of a third."""
    yield one - other
    if other:
        ratio = one / other
        if cited.unit in {"%", "bps"}:
            unit = _HUNDRED if cited.unit == "%" else _HUNDRED**2
            yield from (ratio * unit, abs(ratio - 1) * unit)
        else:
            yield from (ratio, abs(ratio - 1))


def _fits(cited: Cited, named: Named) -> bool:
    """Say whether a number is written in a unit that the figure may have."""
    match named.kind:
        case "price":
            return cited.unit in {"", "$"} and cited.scale == 1
        case "points":
            return cited.unit in {"", "$", "x"} and cited.scale == 1
        case "fraction":
            return cited.unit in {"", "%"} and cited.scale == 1
        case "amount":
            small = abs(named.values[0]) < _HUNDRED * _FRACTIONS_TO
            return small if cited.unit == "%" else cited.unit != "bps"


def _variants(named: Named) -> Iterable[Decimal]:
    """Return in which sizes people may write a figure, all above zero."""
    for value in map(abs, named.values):
        yield value
        if named.kind in {"fraction", "amount"} and value < _FRACTIONS_TO:
            yield value * _HUNDRED
        if named.kind == "amount":
            yield from (value * power for power in _POWERS)


def _near(cited: Cited, value: Decimal, *, hedged: bool) -> bool:
    """Say whether a number is a figure rounded up or down, or about it where the text says so."""
    slack = max(cited.step, value * _HEDGED) if hedged else cited.step
    return abs(value - cited.value) < slack


def _told(cited: Cited, named: Named) -> str:
    """Return what the evidence says, written as the number is."""
    value = named.values[0]
    if cited.unit == "%" and abs(value) < _FRACTIONS_TO and named.kind != "points":
        hundredfold = value * _HUNDRED
        near, far = abs(abs(value) - cited.value), abs(abs(hundredfold) - cited.value)
        value = value if named.kind == "amount" and near < far else hundredfold
    if cited.scale > 1:
        value /= cited.scale
    places = max(cited.places, 1 if cited.unit == "%" else 2)
    return f"{value:,.{places}f}{cited.suffix}"
