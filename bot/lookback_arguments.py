"""What may stand behind `/history`, `/compare` and `/export`."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.arguments import Asked, member_name, nearest, shown
from bot.missing import members_to_compare
from core.domain.errors import Refused
from core.domain.instrument import parse_ticker

_VERSUS = {"vs", "vs.", "versus", "and", "with", "to"}
_TWO = 2


@dataclass(frozen=True)
class HistoryArguments(Asked):
    """Of which ticker; None means of all."""

    ticker: str | None = None


@dataclass(frozen=True)
class CompareArguments(Asked):
    """Which two members, as the person wrote them, and in which run (a ticker means the last of it)."""

    one: str
    other: str
    reference: str | None = None


@dataclass(frozen=True)
class ExportArguments(Asked):
    """Which run (a ticker means its latest), and whose part of it, None for everybody's.

    Without a reference the command is to be explained.
    """

    reference: str | None = None
    member: str | None = None


def history(words: Sequence[str]) -> HistoryArguments:
    """Read of which ticker the runs are to be listed.

    Raises:
        Refused: more than one word, or one that is no ticker.
    """
    if len(words) > 1:
        raise Refused("One ticker at a time: write /history NVDA, or /history for all.")
    if not words or words[0].lower() == "all":
        return HistoryArguments()
    return HistoryArguments(parse_ticker(words[0]))


def compare(words: Sequence[str]) -> CompareArguments:
    """Read two members' names, then perhaps a ticker or a run's id.

    Raises:
        Missing: not two names.
        Refused: a word that is no name or ticker, or more words than that.
    """
    rest = [piece for word in words if word.lower() not in _VERSUS for piece in word.split(",") if piece]
    if len(rest) < _TWO:
        raise members_to_compare([member_name(word) for word in rest])
    one, other, *more = rest
    if len(more) > 1:
        raise Refused(
            f"“{shown(more[1])}” is one too many: /compare takes two models and a ticker, "
            "as in /compare claude gpt NVDA."
        )
    reference = more[0].removeprefix("$") if more else None
    if reference is not None:
        parse_ticker(reference)
    return CompareArguments(member_name(one), member_name(other), reference)


def export(words: Sequence[str]) -> ExportArguments:
    """Read `run`, then a ticker or a run's id, then perhaps a member's name.

    Raises:
        Refused: another word than `run`, no run, a word that is no ticker or name, or more words than that.
    """
    if not words:
        return ExportArguments()
    what, *rest = words
    if what.lower() not in {"run", "runs"}:
        if nearest(what.lower(), ["run"]) or len(words) > _TWO:
            raise Refused(f"“{shown(what)}” cannot be exported. Write for instance /export run NVDA.")
        parse_ticker(what)
        raise Refused(f"To get that run as files, write /export run {shown(' '.join(words))}.")
    if not rest:
        return ExportArguments()
    reference = rest[0].removeprefix("$")
    parse_ticker(reference)
    if len(rest) > _TWO:
        raise Refused("One run, and one model at most: write for instance /export run NVDA claude.")
    return ExportArguments(reference, member_name(rest[1]) if len(rest) == _TWO else None)
