"""The words around a number that decide whether it claims what the evidence says, here and now."""

import re
from collections.abc import Set

SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n|;")

_HEDGES = r"around|about|near|nearly|roughly|approximately|almost|just|some|circa|over|under|above|below"
LINK = re.compile(
    r"(?:[\s:=(\u2248~\"'*_`]|\b(?:is|at|of|was|stands?|sits?|currently|now|the|a|an|last|latest|reads?|reading|"
    r"value|level|equals?|only|still|already|comes|in at|USD|US|today|"
    r"around|about|near|nearly|roughly|approximately|almost|just|some|circa)\b){0,12}[-+\u2212]?",
    re.IGNORECASE,
)
"""What may stand between a name and its number. "Above" may not: "RSI above 70" is a comparison."""
HEDGE = re.compile(rf"\b(?:{_HEDGES})\b|[~\u2248]", re.IGNORECASE)
MAY_FOLLOW = re.compile(
    r"[\s\"'*_`]*(?:$|[.,;:()\]!?\n]|\u2014|\u2013|\b(?:and|but|while|which|is|are|with|shows?|signals?|suggests?|"
    r"as|so|on|now|today|means|remains?|not|yet|though|although|because|since|leaves?|says?|confirms?|indicates?|"
    r"points|looks?|already|still|here|makes?|puts?|gives?|well|far|close|near|just|above|below)\b)",
    re.IGNORECASE,
)

_ELSEWHERE = re.compile(
    r"\b(?:if|should|would|could|might|may|can|unless|until|when|once|whenever|target\w*|stops?|"
    r"stopped|entry|entries|exit|trim|add|adding|falls?|drops?|dips?|rises?|reach(?:es|ed)?|retests?|"
    r"retreats?|towards?|support|resistance|previous(?:ly)?|prior|earlier|former(?:ly)?|yesterday|"
    r"ago|then|back|from|since|averaged|on average|mean|median|histor\w+|typical(?:ly)?|"
    r"normal(?:ly)?|usual(?:ly)?|consensus|expect\w*|estimat\w*|guid(?:ance|ed|es)|forecast\w*|"
    r"project\w*|implie[sd]|imply|fair (?:value|price)|peers?|sector|industry|competitors?|rivals?|"
    r"index|analysts?|scenarios?|assum\w+|hypothe\w+|upside|downside|potential\w*|next|future|"
    r"tomorrow|will|week(?:ly)?|month(?:ly)?|hourly|intraday|minute|january|february|march|april|"
    r"june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|"
    r"dec|monday|tuesday|wednesday|thursday|friday|spring|summer|autumn|fall|winter|not|never|no|"
    r"instead|rather|minimum|maximum|highest|lowest|peak\w*|trough|record|all-time|52-week|low|high|"
    r"session's|segment|position\w*|buys|buying|sells|selling|pay|equity|quarter\w*|bought|buy at|"
    r"purchase|paid|cost|limit|order|threshold|line|zone|range|between|band|per|every|each|max|min|"
    r"another|other|others|unlike|versus|vs|compared|than|rumou?rs?|alleged\w*|claims?|claimed|wrong|"
    r"error|typo|mismatch|split\w*|adjust\w*|pre-?market|after-?hours)\b|n't\b|\d{4}-\d{2}-\d{2}|"
    r"\b(?:19|20)\d\d\b|\bQ[1-4]\b|\bFY",
    re.IGNORECASE,
)
"""Words of another time, another thing or a case that may come: what they stand by is not checked."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_BEFORE = _set(
    "the a an its it's their his last latest current currently today today's total reported stock "
    "share shares market and but with while as at on of because given since plus now daily trailing "
    "overall company's stock's is has shows show an where whose also that here evidence says see "
    "elevated rich stretched strong weak spot quoted closing by to for only despite same simple "
    "momentum technically are have this our key moreover first second third third, trend valuation "
    "ratio price figures both high demanding expensive cheap modest healthy overbought oversold "
    "neutral positive negative however still already"
)
"""What may stand right before a name; any other word may change what it means, as in "segment revenue"."""
_SUBJECTS = _set(
    "it stock shares share price which and currently now that still last the security name just "
    "already today also instrument"
)
_VERBS = re.compile(r"(?:trad|changes|quoted|clos(?:e[ds]|ing at)|settled)", re.IGNORECASE)
_CAPITALS = _set(
    "rsi sma ema macd atr pe eps usd us ttm gaap buy sell hold etf ai gpu gpus ceo cfo fcf ebitda yoy "
    "qoq dma ma cpi gdp roe roa dcf nyse nasdaq fomc fed pce p e i bollinger relative strength moving "
    "average price close signal revenue trailing forward overweight underweight bullish bearish "
    "histogram upper lower middle simple net gross operating market cap volume session wall street"
)
_OTHER_SUBJECT = re.compile(
    r"\s*([A-Z][\w&.-]*)(?:'s|\u2019s)?\s+"
    r"(?:trades|trading|has|carries|commands|sports|shows|reported|posted|closed|sits|stands|fetches|is|was)\b"
)
_WORD = re.compile(r"[A-Za-z][\w'\u2019&-]*")


def speaks_plainly(text: str, sentence: tuple[int, int], name: tuple[int, int], instrument: Set[str]) -> bool:
    """Say whether what stands before a name leaves it the figure of this instrument, of now."""
    start = name[0]
    before = text[sentence[0] : start]
    if not before.strip(" \t\"'*_`-\u2013\u2014\u2022(") or before.rstrip()[-1] in ",:(\u2014\u2013\u2022":
        return True
    word = _last_word(before)
    allowed = _SUBJECTS if _VERBS.match(text[start : name[1]]) else _BEFORE
    if word in {"a", "an"} and text[start : name[1]].lower().endswith("price"):
        return False  # "at a price of 195" is any price
    return word in allowed or (bool(word) and _stem(word) in instrument)


def speaks_of_another(sentence: str, instrument: Set[str]) -> bool:
    """Say whether a sentence may speak of another time, another thing, or of a case that may come."""
    if _ELSEWHERE.search(sentence):
        return True
    known = _CAPITALS | instrument
    subject = _OTHER_SUBJECT.match(sentence)
    if subject and subject[1].lower() not in known | _BEFORE | _SUBJECTS:
        return True
    words = list(_WORD.finditer(sentence))
    return any(word[0][0].isupper() and _stem(word[0].lower()) not in known for word in words[1:]) or any(
        word[0].isupper() and len(word[0]) > 1 and _stem(word[0].lower()) not in known for word in words[:1]
    )


def _last_word(text: str) -> str:
    words = _WORD.findall(text)
    return words[-1].lower().replace("\u2019", "'") if words and text.rstrip().endswith(words[-1]) else ""


def _stem(word: str) -> str:
    return word.lower().removesuffix("'s").removesuffix("\u2019s")
