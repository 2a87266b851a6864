"""What the buttons around pictures send: short ids, never names, at most 64 bytes.

* `f.<e|n>.<t|c|x>.<period>.<metric>.<0|1>` shows the ranking as a table, as curves or as text; the last part
  says whether the cost of tokens is taken off.
* `f.<e|n>.v.<run>` shows the votes of a run.
* `f.<e|n>.p.<member number>.<ticker>` shows the prices of a ticker with a member's entries.

`e` edits the message that has the button, `n` sends a new one: a text cannot become a picture, nor a picture
a text. Whoever presses a button may have written its data by hand, so `decode` trusts nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.presses import POSTED_PICTURE
from core.domain.errors import BadTicker, Refused
from core.domain.instrument import parse_ticker
from core.domain.period import ALL
from core.domain.scores import Metric

_NUMBER = "([1-9][0-9]{0,8})"
_RANKING = re.compile(r"f\.([en])\.([tcx])\.(all|[1-9][0-9]{0,3}d)\.([a-z0-9_]{1,24})\.([01])", re.ASCII)
_VOTES = re.compile(r"f\.([en])\.v\.([0-9a-z]{1,24})", re.ASCII)
_CHART = re.compile(rf"f\.([en])\.p\.{_NUMBER}\.([A-Z0-9^.=-]{{1,15}})", re.ASCII)
_NEW = POSTED_PICTURE.split(".")[1]


class Form(StrEnum):
    """How a ranking is shown."""

    TABLE = "t"
    CURVES = "c"
    TEXT = "x"


@dataclass(frozen=True)
class ShowRanking:
    """Show the ranking; `new` asks for a message of its own."""

    form: Form
    period: str = ALL
    by: Metric = Metric.VALUE
    net: bool = False
    new: bool = False


@dataclass(frozen=True)
class ShowVotes:
    """Show the votes of a run as a picture."""

    run_id: str
    new: bool = False


@dataclass(frozen=True)
class ShowChart:
    """Show the prices of a ticker with the entries of the member with this number."""

    member: int
    ticker: str
    new: bool = False


PictureWish = ShowRanking | ShowVotes | ShowChart


def encode(wish: PictureWish) -> str:
    """Return the data of a button for `wish`.

    Raises:
        ValueError: the ids have another shape than ours, so the data could not be read back.
    """
    how = _NEW if wish.new else "e"
    match wish:
        case ShowRanking():
            data = f"f.{how}.{wish.form}.{wish.period}.{wish.by}.{int(wish.net)}"
        case ShowVotes():
            data = f"f.{how}.v.{wish.run_id}"
        case ShowChart():
            data = f"f.{how}.p.{wish.member}.{wish.ticker}"
    if not any(form.fullmatch(data) for form in (_RANKING, _VOTES, _CHART)):
        raise ValueError(f"no button can carry {data!r}")
    return data


def decode(data: str) -> PictureWish:
    """Return what a button asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    if (match := _RANKING.fullmatch(data)) and match[4] in set(Metric):
        return ShowRanking(Form(match[2]), match[3], Metric(match[4]), match[5] == "1", match[1] == _NEW)
    if match := _VOTES.fullmatch(data):
        return ShowVotes(match[2], match[1] == _NEW)
    if match := _CHART.fullmatch(data):
        try:
            return ShowChart(int(match[2]), parse_ticker(match[3]), match[1] == _NEW)
        except BadTicker as error:
            raise Refused(str(error)) from None
    raise Refused("This button is too old. Send /leaderboard for the ranking, or /why NVDA for a verdict.")
