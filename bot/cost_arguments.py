"""What may stand behind `/costs`: a period, and by what to sum up."""

import difflib
from collections.abc import Sequence

from bot.arguments import Asked, shown
from bot.cost_buttons import ShowCosts
from core.domain.cost_period import TODAY, USUAL
from core.domain.costs import CostGroup
from core.domain.errors import Refused
from core.domain.period import ALL, days_of

_PERIODS = {"today": TODAY, "day": "1d", "week": "7d", "month": "30d", "all": ALL, "ever": ALL}
_GROUPS = {group.value: group for group in CostGroup} | {f"{group.value}s": group for group in CostGroup}
_OPTIONS = {"--by", "—by", "--period", "—period", "by", "period"}


class CostArguments(ShowCosts, Asked):
    """Which period, and by what."""


def group_named(text: str) -> CostGroup:
    """Return the kind of group that a person calls `text`, in one or many.

    Raises:
        Refused: there is none; the sentence names the nearest one, or all of them.
    """
    if group := _GROUPS.get(text.lower()):
        return group
    near = difflib.get_close_matches(text.lower(), list(CostGroup), n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else f"Choose one of {', '.join(CostGroup)}."
    raise Refused(f"“{shown(text)}” is nothing to sum costs up by. {hint}")


def period_named(text: str) -> str:
    """Return the period that a person calls `text`: `7d` for `week`.

    Raises:
        Refused: it is none.
    """
    if period := _PERIODS.get(text.lower()):
        return period
    try:
        days_of(text.lower())
    except Refused as error:
        raise Refused(str(error).replace("write all,", "write today, all,")) from None
    return text.lower()


def costs(words: Sequence[str]) -> CostArguments:
    """Read a period (today, 7d, 30d, all) and `by model`, each at most once, in any order.

    `day` alone is today, behind `by` it is a kind of group.

    Raises:
        Refused: a word is neither, or one of them is there twice.
    """
    periods: list[str] = []
    groups: list[CostGroup] = []
    rest = [word for piece in words for word in piece.replace("=", " ").split()]
    while rest:
        word = rest.pop(0).lower()
        if word in _OPTIONS:
            if not rest:
                raise Refused("By what, and of which time? Write for instance /costs 7d by model.")
            if word.endswith("by"):
                groups.append(group_named(rest.pop(0)))
            else:
                periods.append(period_named(rest.pop(0)))
        elif word in _PERIODS or word[:1].isdigit():
            periods.append(period_named(word))
        elif word in _GROUPS:
            groups.append(_GROUPS[word])
        else:
            raise Refused(
                f"I don't understand “{shown(word)}”. Write a time (today, 7d, 30d, all) and by what: "
                "/costs 7d by model."
            )
    if len(set(periods)) > 1 or len(set(groups)) > 1:
        raise Refused("One time and one kind of group at once, for instance /costs 7d by model.")
    return CostArguments(next(iter(periods), USUAL), next(iter(groups), CostGroup.MODEL))
