"""The one line in which a chat says what it wants and when."""

import difflib
import re
from collections import deque
from collections.abc import Sequence

from core.domain.errors import Refused
from core.domain.instrument import parse_ticker
from core.domain.subscription import Topic, Wanted
from core.schedule import vocabulary
from core.schedule.clock_words import shown
from core.schedule.phrase import Phrase
from core.schedule.vocabulary import CRON, EXAMPLES, FILLERS, MOST_TICKERS, TOPICS, WATCHLIST, WEEKLY

_COMMA = re.compile(r"\s*,\s*")
_CRON_FIELD = re.compile(r"[\d*/,-]+", re.ASCII)


def read_wanted(words: Sequence[str]) -> Wanted:
    """Return what a line such as `verdicts NVDA,AAPL weekdays 16:30` asks for, whatever its case.

    It begins with the topic; verdicts go on with up to five tickers or `watchlist`. Then comes the time: days
    (`daily`, `weekdays`, `weekends`, `mon,thu`, `mon-wed`) and a time of day (`16:30`, `10am`), perhaps with
    a zone, or `30 minutes before the close`, `after open`, `at close`, or `cron` with five fields; for
    verdicts also a preset. A ticker that is a word of times is written with its sign, as in `$ON`.

    A bare `after open` or `after close` means 15 minutes after, for vendors need some to have the prices; a
    bare `before` means 30 minutes before. Without days each day is meant, but a leaderboard comes on Fridays
    and a review on Saturdays. Without a time a digest and a leaderboard come after the close, a review at
    10:00.

    Raises:
        Refused: anything else, with one sentence that says what was wrong and gives an example.
    """
    pieces = deque(_COMMA.sub(",", " ".join(words)).replace("\0", " ").split())
    topic = _topic(pieces)
    if topic is Topic.ALERTS:
        _only_on(pieces)
        return Wanted(topic=topic)
    tickers = _tickers(pieces) if topic is Topic.VERDICTS else ()
    phrase = Phrase(topic)
    phrase.read(pieces)
    return Wanted(topic=topic, when=phrase.when(), tickers=tickers, preset=phrase.preset)


def _topic(pieces: deque[str]) -> Topic:
    """Take the topic from the beginning; `daily` before it goes to the end, where times are."""
    if len(pieces) > 1 and pieces[0].lower() in {WEEKLY, "daily"} and pieces[1].lower() in TOPICS:
        pieces.append(pieces.popleft())
    if not pieces:
        raise Refused(f"What should I send? Write for instance {EXAMPLES[Topic.DIGEST]}.")
    word = pieces.popleft()
    if word.lower() in TOPICS:
        return TOPICS[word.lower()]
    near = difflib.get_close_matches(word.lower(), list(Topic), n=1, cutoff=0.7)
    known = ", ".join(Topic)
    hint = f"Did you mean {near[0]}?" if near else f"Choose one of {known}, as in {EXAMPLES[Topic.DIGEST]}."
    raise Refused(f"I can't subscribe you to “{shown(word)}”. {hint}")


def _only_on(pieces: deque[str]) -> None:
    rest = [piece.lower() for piece in pieces]
    if rest == ["off"]:
        raise Refused("To end alerts, find their number with /subscriptions and write /unsubscribe NUMBER.")
    if rest not in ([], ["on"]):
        raise Refused(f"Alerts come when something happens, at no set time: {EXAMPLES[Topic.ALERTS]}.")


def _tickers(pieces: deque[str]) -> tuple[str, ...]:
    """Take the tickers from the beginning, up to the first word of a time; empty means the watchlist."""
    tickers: dict[str, None] = {}
    watchlist = False
    first = pieces[0] if pieces else ""
    while pieces and not _cron_follows(pieces):
        group = pieces.popleft().strip(",").split(",")
        if len(group) == 1 and group[0].lower() in FILLERS:
            continue
        if WATCHLIST in {word.lower() for word in group}:
            watchlist = True
            group = [word for word in group if word.lower() != WATCHLIST]
        if not group:
            continue
        place = _first_of_time(group)
        tickers.update(dict.fromkeys(_ticker(word) for word in group[:place] if word))
        if place < len(group):
            pieces.extendleft(reversed(group[place:]))
            break
    if watchlist and tickers:
        raise Refused(f"Name either the watchlist or tickers, as in {EXAMPLES[Topic.VERDICTS]}.")
    if not watchlist and not tickers:
        raise Refused(f"Which tickers? {_instead(first)}")
    if len(tickers) > MOST_TICKERS:
        raise Refused(
            f"That is {len(tickers)} tickers; a subscription takes up to {MOST_TICKERS}, "
            f"as in {EXAMPLES[Topic.VERDICTS]}."
        )
    return tuple(tickers)


def _instead(first: str) -> str:
    """Say how to name tickers to someone who wrote `first` and perhaps meant it as one, such as ON."""
    if vocabulary.is_mistakable(first):
        sign = f"${first.upper()}"
        return f"If {first} is one, write {sign}, as in /subscribe verdicts {sign} weekdays 16:30."
    return f"Write for instance {EXAMPLES[Topic.VERDICTS]}, or watchlist in their place."


def _first_of_time(group: Sequence[str]) -> int:
    """Return where in words joined by commas a time begins: beside NVDA, ON is a ticker, but on is not."""
    if all(vocabulary.is_of_time(word) for word in group):
        return 0
    for place, word in enumerate(group):
        if vocabulary.is_of_time(word) and not (vocabulary.is_mistakable(word) and word.isupper()):
            return place
    return len(group)


def _cron_follows(pieces: deque[str]) -> bool:
    """Say whether `cron` and what could be its first fields come next: CRON is a ticker too."""
    if pieces[0].lower() != CRON:
        return False
    fields = list(pieces)[1:3]
    return all(_CRON_FIELD.fullmatch(field) for field in fields)


def _ticker(word: str) -> str:
    if word.islower() and not vocabulary.is_of_time(word):
        near = difflib.get_close_matches(word, vocabulary.UNMISTAKABLE, n=1, cutoff=0.8)
        if near:
            raise Refused(f"I don't understand “{shown(word)}”. Did you mean {near[0]}?")
    return parse_ticker(word)
