"""What may stand after each command's name: words of a person go in, values or a refusal come out."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.errors import Refused
from core.domain.instrument import parse_ticker
from core.domain.stage import Preset, Stage

MOST_TICKERS = 5
MOST_SIGNS_SHOWN = 30
_MEMBER = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)
_STAGE_WORDS = {stage.value: stage for stage in Stage} | {
    "judge": Stage.RESEARCH,
    "aggressive": Stage.RISK_AGGRESSIVE,
    "neutral": Stage.RISK_NEUTRAL,
    "conservative": Stage.RISK_CONSERVATIVE,
}


@dataclass(frozen=True)
class NoArguments:
    """The command takes nothing."""


@dataclass(frozen=True)
class RunArguments:
    """What to run; `preset` None means the configured one."""

    tickers: tuple[str, ...]
    preset: Preset | None = None


@dataclass(frozen=True)
class WhyArguments:
    """Which run (a ticker means its latest), and which member's reasoning, from which stage on."""

    reference: str
    member: str | None = None
    stage: Stage | None = None


@dataclass(frozen=True)
class PortfolioArguments:
    """Whose books; None means everybody's in short."""

    member: str | None = None


@dataclass(frozen=True)
class HelpArguments:
    """Which command to explain; None means all."""

    command: str | None = None


Arguments = NoArguments | RunArguments | WhyArguments | PortfolioArguments | HelpArguments


def shown(text: str) -> str:
    """Return what a person typed, fit to be repeated in one sentence: printable and short."""
    line = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return line if len(line) <= MOST_SIGNS_SHOWN else line[: MOST_SIGNS_SHOWN - 1] + "…"


def nothing(words: Sequence[str]) -> NoArguments:
    """Read the arguments of a command that has none; words after it are politely overlooked."""
    del words
    return NoArguments()


def run(words: Sequence[str]) -> RunArguments:
    """Read up to five tickers, folded where they repeat, and at most one preset.

    Raises:
        Refused: no ticker, too many, one that is none, two presets, or a misspelt preset.
    """
    presets: list[Preset] = []
    tickers: list[str] = []
    for word in _pieces(words):
        if word.lower() in {preset.value for preset in Preset}:
            presets.append(Preset(word.lower()))
        elif tickers and word.islower() and (near := _nearest(word, [preset.value for preset in Preset])):
            raise Refused(f"“{shown(word)}” is not a preset. Did you mean {near}?")
        else:
            tickers.append(parse_ticker(word))
    unique = tuple(dict.fromkeys(tickers))
    if not unique:
        raise Refused("Which ticker? Write for instance /run NVDA.")
    if len(unique) > MOST_TICKERS:
        raise Refused(f"That is {len(unique)} tickers; /run takes up to {MOST_TICKERS} at once.")
    if len(set(presets)) > 1:
        raise Refused(f"Choose one preset, {' or '.join(dict.fromkeys(presets))}, not several.")
    return RunArguments(unique, presets[0] if presets else None)


def why(words: Sequence[str]) -> WhyArguments:
    """Read a ticker or run id, then a part of a model's name, then a stage.

    Raises:
        Refused: nothing to explain, a word that is no name, or more words than that.
    """
    if not words:
        raise Refused("Which run? Write for instance /why NVDA or /why NVDA claude bear.")
    reference = words[0].removeprefix("$")
    parse_ticker(reference)
    rest = list(words[1:])
    stage = None
    if rest and (stage := _stage(rest[-1])):
        rest.pop()
        if rest and rest[-1].lower() == "risk":
            rest.pop()
    if stage and not rest:
        raise Refused(f"Whose {words[-1].lower()} stage? Write /why {reference} MODEL {words[-1].lower()}.")
    if len(rest) > 1:
        near = _nearest(rest[-1].lower(), list(_STAGE_WORDS))
        hint = f" Did you mean {near}?" if near else f" Stages are {', '.join(Stage)}."
        raise Refused(f"“{shown(rest[-1])}” is not a stage.{hint}")
    return WhyArguments(reference, _member(rest[0]) if rest else None, stage)


def portfolio(words: Sequence[str]) -> PortfolioArguments:
    """Read whose books to show.

    Raises:
        Refused: more than one word, or one that is no name.
    """
    if len(words) > 1:
        raise Refused("One model at a time: write for instance /portfolio claude.")
    return PortfolioArguments(_member(words[0]) if words else None)


def help_(words: Sequence[str]) -> HelpArguments:
    """Read which command to explain; its slash may be there or not."""
    return HelpArguments(words[0].removeprefix("/").lower() if words else None)


def _pieces(words: Sequence[str]) -> list[str]:
    return [piece for word in words for piece in word.split(",") if piece]


def _nearest(word: str, known: Sequence[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.75)), None)


def _stage(word: str) -> Stage | None:
    return _STAGE_WORDS.get(word.lower().replace("-", "_"))


def _member(word: str) -> str:
    if _MEMBER.fullmatch(word):
        return word
    raise Refused(f"“{shown(word)}” is no model's name. Send /models for the list.")
