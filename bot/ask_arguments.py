"""What may stand after `/ask`, and behind the terminal's `conclave ask`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from bot import missing
from bot.arguments import Asked, nearest, shown
from core.domain.asking import Task
from core.domain.errors import Refused
from core.domain.instrument import parse_ticker

_OPTION = re.compile(r"(?:-{1,2}|[—–―]-?)([^\W\d_][\w-]*)(?:=(.*))?", re.DOTALL)
_MODEL = re.compile(r"[A-Za-z0-9#][A-Za-z0-9._:/@+-]{0,119}", re.ASCII)
_TASKS = tuple(task.value for task in Task)
_FLAGS = ("private", "urgent")
_VALUES = {"model": "--model claude", "task": "--task simple", "stake": "--stake 12000"}
_MOST_USD = Decimal(10) ** 12


@dataclass(frozen=True)
class AskArguments(Asked):
    """What to ask one model about. `stake` is the value of the order in USD."""

    ticker: str
    model: str | None = None
    task: Task | None = None
    private: bool = False
    urgent: bool = False
    stake: Decimal | None = None


def ask(words: Sequence[str]) -> AskArguments:
    """Read a ticker, then in any order a model, `private`, `urgent`, a task, and options of the terminal.

    Raises:
        Missing: there is no ticker.
        Refused: a word is none of these, or one is there twice.
    """
    tickers: list[str] = []
    given: dict[str, str] = {}
    for kind, value in _sorted(words):
        if kind == "ticker":
            tickers.append(value)
        elif kind in given and given[kind] != value:
            what = "One model at a time" if kind == "model" else f"Give one {kind}, not several"
            raise Refused(f"{what}: write for instance /ask NVDA claude simple.")
        else:
            given[kind] = value
    if not tickers:
        raise missing.ticker_to_ask(words)
    return AskArguments(
        parse_ticker(tickers[0]),
        model=_model(given["model"]) if "model" in given else None,
        task=task_named(given["task"]) if "task" in given else None,
        private="private" in given,
        urgent="urgent" in given,
        stake=stake_of(given["stake"]) if "stake" in given else None,
    )


def _sorted(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Tell of each word what it is: the first that is nothing else is the ticker, the next the model."""
    rest, has_ticker = list(words), False
    while rest:
        word = rest.pop(0)
        if match := _OPTION.fullmatch(word):
            name = _option(match[1].lower())
            if name in _FLAGS:
                yield name, "yes"
                continue
            value = match[2] if match[2] is not None else rest.pop(0) if rest else ""
            if not value:
                raise Refused(f"--{name} needs a value: write for instance {_VALUES[name]}.")
            yield name, value
        elif word.lower() in _FLAGS:
            yield word.lower(), "yes"
        elif word.lower() in _TASKS:
            yield "task", word.lower()
        else:
            yield "model" if has_ticker else "ticker", word
            has_ticker = True


def _option(name: str) -> str:
    known = (*_VALUES, *_FLAGS)
    if name in known:
        return name
    near = nearest(name, known)
    hint = f"Did you mean --{near}?" if near else f"/ask takes --{', --'.join(known)}."
    raise Refused(f"I don't know the option “--{shown(name)}”. {hint}")


def _model(word: str) -> str:
    if not _MODEL.fullmatch(word):
        raise Refused(f"“{shown(word)}” is no model's name. Send /models for the list.")
    return word


def task_named(word: str) -> Task:
    """Return the task that a person names.

    Raises:
        Refused: there is none of this name.
    """
    if word.lower() in _TASKS:
        return Task(word.lower())
    near = nearest(word.lower(), _TASKS)
    hint = f"Did you mean {near}?" if near else f"Tasks are {', '.join(_TASKS)}."
    raise Refused(f"“{shown(word)}” is not a task. {hint}")


def stake_of(word: str) -> Decimal:
    """Return an amount of USD that a person writes, with or without a dollar sign and commas.

    Raises:
        Refused: it is none.
    """
    try:
        amount = Decimal(word.removeprefix("$").replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= _MOST_USD:
        raise Refused(f"“{shown(word)}” is no value of an order. Write it in USD, for instance 12000.")
    return amount
