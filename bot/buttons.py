"""What a button sends when it is pressed: short ids, never names, at most 64 bytes.

* `w.<run>.<member number>[.<stage ordinal>]` opens a member's reasoning where it decided, or at a stage.
* `p.<run>.<member number>.<stage ordinal>.<page>` turns to a page; both count from 1, and the ordinal is
  the stage's place among the stages that the member has finished.
* `r.<run>` shows the verdict of a run.
* `v.<run>.<b|h|s>` votes Buy, Hold or Sell in a run.
* `s.…` belongs to the dialogues about subscriptions, see `bot.dialogue_buttons`.
* `c.…` confirms what cannot be undone, see `bot.confirming`.

Whoever presses a button may have written its data by hand, so `decode` trusts nothing.
"""

import re
from dataclasses import dataclass

from bot import dialogue_buttons
from bot.dialogue_buttons import Change, Choose, DialogueWish, Leave, SetTerms, ShowList
from core.domain.ballot import Action
from core.domain.errors import Refused

LIMIT_BYTES = 64
_NUMBER = "([1-9][0-9]{0,8})"
_RUN = "([0-9a-z]{1,24})"
_WHY = re.compile(rf"w\.{_RUN}\.{_NUMBER}(?:\.{_NUMBER})?", re.ASCII)
_VERDICT = re.compile(rf"r\.{_RUN}", re.ASCII)
_VOTE = re.compile(rf"v\.{_RUN}\.([bhs])", re.ASCII)
_LETTER_OF = {Action.BUY: "b", Action.HOLD: "h", Action.SELL: "s"}
_ACTION_OF = {letter: action for action, letter in _LETTER_OF.items()}
_PAGE = re.compile(rf"p\.{_RUN}\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}", re.ASCII)


@dataclass(frozen=True)
class OpenReasoning:
    """Open a member's reasoning in a run where it decided, or at a stage, counted as in `TurnTo`."""

    run_id: str
    member: int
    stage: int | None = None


@dataclass(frozen=True)
class TurnTo:
    """Show one page of one stage of a member's reasoning; `stage` and `page` count from 1."""

    run_id: str
    member: int
    stage: int
    page: int


@dataclass(frozen=True)
class OpenVerdict:
    """Show the verdict of a run."""

    run_id: str


@dataclass(frozen=True)
class CastVote:
    """Vote in a run, without a stated confidence."""

    run_id: str
    action: Action


Wish = OpenReasoning | TurnTo | OpenVerdict | CastVote | DialogueWish


def encode(wish: Wish) -> str:
    """Return the data of a button for `wish`.

    Raises:
        ValueError: the ids have another shape than ours, so the data could not be read back.
    """
    match wish:
        case OpenReasoning():
            data = f"w.{wish.run_id}.{wish.member}" + (f".{wish.stage}" if wish.stage else "")
        case TurnTo():
            data = f"p.{wish.run_id}.{wish.member}.{wish.stage}.{wish.page}"
        case OpenVerdict():
            data = f"r.{wish.run_id}"
        case CastVote():
            data = f"v.{wish.run_id}.{_LETTER_OF[wish.action]}"
        case Choose() | Leave() | Change() | ShowList() | SetTerms():
            return dialogue_buttons.encode(wish)
    if not any(form.fullmatch(data) for form in (_WHY, _PAGE, _VERDICT, _VOTE)):
        raise ValueError(f"no button can carry {data!r}")
    return data


def decode(data: str) -> Wish:
    """Return what a button asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    if data.startswith(dialogue_buttons.PREFIX):
        return dialogue_buttons.decode(data)
    if match := _WHY.fullmatch(data):
        return OpenReasoning(match[1], int(match[2]), int(match[3]) if match[3] else None)
    if match := _PAGE.fullmatch(data):
        return TurnTo(match[1], int(match[2]), int(match[3]), int(match[4]))
    if match := _VERDICT.fullmatch(data):
        return OpenVerdict(match[1])
    if match := _VOTE.fullmatch(data):
        return CastVote(match[1], _ACTION_OF[match[2]])
    raise Refused("This button is too old. Send /run with your ticker, for instance /run NVDA.")
