"""What may stand after each command's name: words of a person go in, values or a refusal come out."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from bot import missing
from bot.claim_arguments import ClaimArguments
from bot.named_member import MemberArguments
from bot.start_arguments import StartArguments
from core.domain.ballot import Action
from core.domain.errors import Refused
from core.domain.instrument import parse_ticker
from core.domain.period import ALL
from core.domain.scores import Metric
from core.domain.season import Season
from core.domain.stage import Preset, Stage
from core.domain.subscription import Wanted

MOST_TICKERS = 5
MOST_SIGNS_SHOWN = 30
_MEMBER = re.compile(r"[A-Za-z0-9._-]{1,40}|#[1-9][0-9]{0,8}", re.ASCII)
# The keyboards of phones turn two hyphens into a dash.
_OPTION = re.compile(r"(?:-{1,2}|[—–―]-?)([^\W\d_][\w-]*)(?:=(.*))?", re.DOTALL)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)
_TIME = re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:[zZ]|[+-].*)?", re.ASCII)
_PRESETS = [preset.value for preset in Preset]
_OPTIONS = {
    "as-of": "--as-of 2025-10-29",
    "members": "--members claude,gpt-5",
    "preset": "--preset quick",
    "yes": "--yes",
}
_STAGE_WORDS = {stage.value: stage for stage in Stage} | {
    "judge": Stage.RESEARCH,
    "aggressive": Stage.RISK_AGGRESSIVE,
    "neutral": Stage.RISK_NEUTRAL,
    "conservative": Stage.RISK_CONSERVATIVE,
}


class Asked:
    """What may stand after a command whose reader has a module of its own."""


@dataclass(frozen=True)
class NoArguments:
    """The command takes nothing."""


@dataclass(frozen=True)
class RunArguments:
    """What to run; `preset` None means the configured one.

    `as_of`, in UTC, is the moment of the evidence; None means now. `members` are parts of names as the
    person wrote them; none means all that are enabled. `confirmed`: do not ask about the cost.
    """

    tickers: tuple[str, ...]
    preset: Preset | None = None
    as_of: datetime | None = None
    members: tuple[str, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True)
class WhyArguments:
    """Which run (a ticker means its latest): a member's reasoning from a stage on, or the evidence."""

    reference: str
    member: str | None = None
    stage: Stage | None = None
    evidence: bool = False


@dataclass(frozen=True)
class LeaderboardArguments:
    """How to rank: over which period, by which metric, and whether less the cost of tokens."""

    period: str = ALL
    by: Metric = Metric.VALUE
    net: bool = False


@dataclass(frozen=True)
class PortfolioArguments:
    """Whose books; None means everybody's in short."""

    member: str | None = None


@dataclass(frozen=True)
class ModelsArguments:
    """Whose record as a judge; None means the list of all members."""

    member: str | None = None


@dataclass(frozen=True)
class VoteArguments:
    """A vote in a run (a ticker means the one that goes on); `confidence` from 0 to 1, if it was stated."""

    reference: str
    action: Action
    confidence: Decimal | None = None


@dataclass(frozen=True)
class SubscribeArguments:
    """What to receive and when, in place of what `number` receives; without a wish, it is asked for.

    `place` names the chat that is meant where it is another one, as do those below.
    """

    wanted: Wanted | None = None
    number: int | None = None
    place: str | None = None


@dataclass(frozen=True)
class SubscriptionsArguments:
    """Whose subscriptions to list: this chat's, or those of all chats."""

    everywhere: bool = False
    place: str | None = None


@dataclass(frozen=True)
class UnsubscribeArguments:
    """Which subscription to end: one, all of the chat, or with neither the one chosen from the list."""

    number: int | None = None
    everything: bool = False
    place: str | None = None


@dataclass(frozen=True)
class SettingsArguments:
    """What to change in a chat's terms, as fields of `ChatTerms` with their values; None means to show them.

    An empty change sets the defaults.
    """

    changes: Mapping[str, object] | None = None


@dataclass(frozen=True)
class SeasonArguments:
    """Whether to show, start or end a season, which one, and its days.

    Without a name it is the current one. `confirmed` says that the person knows what cannot be undone.
    """

    what: Literal["show", "start", "end"] = "show"
    name: Season | None = None
    first: date | None = None
    last: date | None = None
    confirmed: bool = False


@dataclass(frozen=True)
class HelpArguments:
    """Which command to explain; None means all."""

    command: str | None = None


@dataclass(frozen=True)
class StopArguments:
    """Which run to stop: its id or a ticker; None means the one of this chat."""

    reference: str | None = None


Arguments = (
    NoArguments
    | RunArguments
    | WhyArguments
    | LeaderboardArguments
    | PortfolioArguments
    | ModelsArguments
    | VoteArguments
    | ClaimArguments
    | SubscribeArguments
    | SubscriptionsArguments
    | UnsubscribeArguments
    | SettingsArguments
    | SeasonArguments
    | HelpArguments
    | Asked
    | MemberArguments
    | StartArguments
    | StopArguments
)


def shown(text: str) -> str:
    """Return what a person typed, fit to be repeated in one sentence: printable and short."""
    line = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return line if len(line) <= MOST_SIGNS_SHOWN else line[: MOST_SIGNS_SHOWN - 1] + "…"


def nothing(words: Sequence[str]) -> NoArguments:
    """Read the arguments of a command that has none; words after it are politely overlooked."""
    del words
    return NoArguments()


def run(words: Sequence[str]) -> RunArguments:
    """Read up to five tickers, folded where they repeat, and at most one preset, moment and list of members.

    A preset and a moment (a date or an ISO time) stand by themselves or behind the option of the terminal's
    command: `quick` or `--preset quick`, `2025-10-29` or `--as-of 2025-10-29`.

    Raises:
        Refused: no ticker, too many, one that is none, two presets or moments, or an option without a value
            that it takes.
    """
    tickers: list[str] = []
    presets: list[Preset] = []
    moments: list[datetime] = []
    members: list[str] = []
    for kind, value in (given := list(_sorted(words))):
        match kind:
            case "yes":
                continue
            case "preset":
                presets.append(_preset(value))
            case "as-of":
                moments.append(_moment(value))
            case "members":
                members += [member_name(name) for name in _pieces([value])]
            case _:
                tickers.append(_ticker(value, first=not tickers))
    unique = tuple(dict.fromkeys(tickers))
    if not unique:
        raise missing.ticker_to_run(words)
    if len(unique) > MOST_TICKERS:
        raise Refused(f"That is {len(unique)} tickers; /run takes up to {MOST_TICKERS} at once.")
    if len(set(presets)) > 1:
        raise Refused(f"Choose one preset, {' or '.join(dict.fromkeys(presets))}, not several.")
    if len(set(moments)) > 1:
        raise Refused("Choose one moment for the evidence, not several.")
    preset, as_of = next(iter(presets), None), next(iter(moments), None)
    return RunArguments(unique, preset, as_of, tuple(dict.fromkeys(members)), ("yes", "") in given)


def _sorted(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Tell of each option its name and value, and of each other piece what it looks like."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if match := _OPTION.fullmatch(word):
            name = _option(match[1].lower())
            yield name, "" if name == "yes" else _value(name, match[2], rest)
            continue
        for piece in _pieces([word]):
            if piece.lower() in _PRESETS:
                yield "preset", piece
            else:
                yield "as-of" if _DATE.match(piece) else "ticker", piece


def _option(name: str) -> str:
    if name in _OPTIONS:
        return name
    near = nearest(name, _OPTIONS)
    hint = f"Did you mean --{near}?" if near else f"/run takes --{', --'.join(_OPTIONS)}."
    raise Refused(f"I don't know the option “--{shown(name)}”. {hint}")


def _value(option: str, given: str | None, rest: list[str]) -> str:
    """Return the value of an option, taking from `rest` the words that belong to it."""
    value = given or ""
    if given is None and rest and not _OPTION.fullmatch(rest[0]):
        value = rest.pop(0)
    # A list with spaces behind its commas is still one list.
    while option == "members" and rest and value.endswith(","):
        value += rest.pop(0)
    if not value.strip(","):
        raise Refused(f"--{option} needs a value: write for instance {_OPTIONS[option]}.")
    return value


def _ticker(word: str, *, first: bool) -> str:
    if _TIME.fullmatch(word):
        raise Refused(f"Write “{shown(word)}” in one word with its date: 2025-10-29T15:30:00-04:00.")
    if not first and word.islower() and (near := nearest(word, _PRESETS)):
        raise Refused(f"“{shown(word)}” is not a preset. Did you mean {near}?")
    return parse_ticker(word)


def _preset(word: str) -> Preset:
    if word.lower() in _PRESETS:
        return Preset(word.lower())
    near = nearest(word.lower(), _PRESETS)
    hint = f"Did you mean {near}?" if near else f"Presets are {', '.join(_PRESETS)}."
    raise Refused(f"“{shown(word)}” is not a preset. {hint}")


def _moment(word: str) -> datetime:
    from core.app.moments import as_of_from

    return as_of_from(word)


def why(words: Sequence[str]) -> WhyArguments:
    """Read a ticker or run id, then a part of a model's name, then a stage; or the word evidence.

    Raises:
        Refused: nothing to explain, a word that is no name, or more words than that.
    """
    if not words:
        raise missing.run_to_explain()
    reference = words[0].removeprefix("$")
    parse_ticker(reference)
    rest = list(words[1:])
    if [word.lower() for word in rest] == ["evidence"]:
        return WhyArguments(reference, evidence=True)
    stage = None
    if rest and (stage := _stage(rest[-1])):
        rest.pop()
        if rest and rest[-1].lower() == "risk":
            rest.pop()
    if stage and not rest:
        raise missing.member_to_explain(reference, words[-1].lower(), stage)
    if len(rest) > 1:
        near = nearest(rest[-1].lower(), _STAGE_WORDS)
        hint = f" Did you mean {near}?" if near else f" Stages are {', '.join(Stage)}."
        raise Refused(f"“{shown(rest[-1])}” is not a stage.{hint}")
    return WhyArguments(reference, member_name(rest[0]) if rest else None, stage)


def portfolio(words: Sequence[str]) -> PortfolioArguments:
    """Read whose books to show.

    Raises:
        Refused: more than one word, or one that is no name.
    """
    if len(words) > 1:
        raise Refused("One model at a time: write for instance /portfolio claude.")
    return PortfolioArguments(member_name(words[0]) if words else None)


def models(words: Sequence[str]) -> ModelsArguments:
    """Read whose record to show.

    Raises:
        Refused: more than one word, or one that is no name.
    """
    if len(words) > 1:
        raise Refused("One model at a time: write for instance /models claude.")
    return ModelsArguments(member_name(words[0]) if words else None)


def help_(words: Sequence[str]) -> HelpArguments:
    """Read which command to explain; its slash may be there or not."""
    return HelpArguments(words[0].removeprefix("/").lower() if words else None)


def _pieces(words: Sequence[str]) -> list[str]:
    return [piece for word in words for piece in word.split(",") if piece]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the word of those that are known that a person may have meant, or None."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.75)), None)


def _stage(word: str) -> Stage | None:
    return _STAGE_WORDS.get(word.lower().replace("-", "_"))


def member_name(word: str) -> str:
    """Return what a person wrote as the name of a member, or a part of it.

    Raises:
        Refused: no member can be called that.
    """
    if _MEMBER.fullmatch(word):
        return word
    raise Refused(f"“{shown(word)}” is no model's name. Send /models for the list.")
