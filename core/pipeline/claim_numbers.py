"""Numbers in prose: where they stand, what they are worth, and how finely they are written.

Dates, times, quarters, names with numbers in them such as S&P 500 and the parameters of indicators are no
figures and are left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

MOST_NUMBERS = 200
"""So many numbers of a text are looked at; what stands after them is not checked."""
MOST_SIGNS = 40_000
"""So long a text is looked at."""
_MOST_IN_EVIDENCE = 100_000

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_NO_FIGURES = re.compile(
    r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?(?!\d)"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?\ {_MONTH}\b(?:,?\ \d{{4}}\b)?"
    rf"|\b{_MONTH}\.?\ \d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\ \d{{4}}\b)?"
    rf"|\b{_MONTH}\ \d{{4}}\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?\b"
    r"|\b\d{1,2}/\d{1,2}/\d{1,4}\b"
    r"|\b[QH][1-4]\b|\b[1-4][QH]\d{2}\b|\bFY\s?\d{2,4}\b"
    r"|(?<![$.,\d])(?:19|20)\d{2}(?![.,]?\d|\s?%)"
    r"|\bS&P\s?\d{3}\b|\b(?:Nasdaq|Russell|Dow|FTSE|CAC|DAX|Nikkei)[ -]?\d{2,4}\b"
    r"|\b\d+-[KQF]\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.,])(?P<before>(?:[-+\u2212]?\s?(?:US)?\$\s?|USD\s)?[-+\u2212]?)"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d{1,12})?|\d{1,18}(?:\.\d{1,12})?|\.\d{1,12})"
    r"(?P<after>\s?(?:%|per\ ?cent\b|percent\b|bps\b|basis\ points\b|[x\u00d7](?![A-Za-z0-9])|times\b|USD\b"
    r"|(?:thousand|million|billion|trillion|bn|mn|[KMBTkmb])(?![A-Za-z])))?"
    r"(?![A-Za-z0-9_]|[.,]\d)"
)
_SCALES = {
    "thousand": 3,
    "k": 3,
    "million": 6,
    "mn": 6,
    "m": 6,
    "billion": 9,
    "bn": 9,
    "b": 9,
    "trillion": 12,
    "t": 12,
}
_PERCENT = {"%", "percent", "per cent"}
_TIMES = {"x", "\u00d7", "times"}
_POINTS = {"bps", "basis points"}
_LEAST_DIGITS = 2
"""An integer that ends on zeros is taken to be rounded, but never to fewer digits than these."""


@dataclass(frozen=True)
class Cited:
    """A number as it stands in a text from `start` to `end`. `value` has no sign, and is scaled.

    `value` of a percentage is in percent, of "57 billion" 57,000,000,000. `step` is the worth of its last
    digit, and `places` how many decimals are written. `unit` is `%`, `$`, `x`, `bps` or empty.
    """

    text: str
    start: int
    end: int
    value: Decimal
    step: Decimal
    places: int
    unit: str
    scale: Decimal
    suffix: str
    compound: bool

    @property
    def looks_like_a_figure(self) -> bool:
        """Say whether its writing alone, with a unit or decimals, makes it look like a price or a ratio."""
        return bool(self.unit) or self.places > 0 or self.scale > 1


def without_dates(text: str) -> str:
    """Return a text of the same length in which all that is no figure is blank."""
    return _NO_FIGURES.sub(lambda found: " " * len(found[0]), text)


def numbers(text: str, most: int = MOST_NUMBERS) -> Iterator[Cited]:
    """Tell the first numbers of a text in their order; dates should be blank already."""
    for found in islice(_NUMBER.finditer(text), most):
        yield _cited(found, text)


def _cited(found: re.Match[str], text: str) -> Cited:
    digits, after = found["digits"].replace(",", ""), (found["after"] or "").strip()
    word = after.lower()
    exponent = _SCALES.get(word, 0)
    scale = Decimal(10) ** exponent
    places = len(digits.partition(".")[2])
    zeros = len(digits) - len(digits.rstrip("0")) if not places else 0
    kept = max(len(digits) - _LEAST_DIGITS, 0)
    step = Decimal(10) ** (-places if places else min(zeros, kept)) * scale
    percent = word in _PERCENT
    dollars = "$" in found["before"] or "USD" in found["before"] or word == "usd"
    unit = "%" if percent else "x" if word in _TIMES else "bps" if word in _POINTS else "$" if dollars else ""
    start = found.start() + len(found["before"]) - len(found["before"].lstrip())
    return Cited(
        text=text[found.start("digits") : found.end("digits")],
        start=start,
        end=found.end(),
        value=Decimal(digits) * scale,
        step=step,
        places=places,
        unit=unit,
        scale=scale,
        suffix=(found["after"] or "") if percent or exponent else "",
        compound=bool(re.match(r"-[A-Za-z]", text[found.end() : found.end() + 2])),
    )


def values_of(texts: Iterable[str]) -> Iterator[Decimal]:
    """Tell what the numbers of texts are worth, a percentage both as it stands and as a fraction."""
    for text in texts:
        for cited in numbers(without_dates(text), _MOST_IN_EVIDENCE):
            yield cited.value
            if cited.unit == "%":
                yield cited.value / 100
