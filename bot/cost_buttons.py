"""What the buttons of `/costs` send: `y.<period>.<group>`, such as `y.7d.model`.

Whoever presses may have written the data by hand, so `decode` trusts nothing; whose calls are shown follows
from who presses and where.
"""

import re
from dataclasses import dataclass

from core.domain.cost_period import TODAY, USUAL
from core.domain.costs import CostGroup
from core.domain.errors import Refused
from core.domain.period import ALL

PERIODS = (TODAY, "7d", "30d", ALL)
"""The periods that buttons offer."""
LIMIT_BYTES = 64
_FORM = re.compile(rf"y\.(today|all|[1-9][0-9]{{0,3}}d)\.({'|'.join(CostGroup)})", re.ASCII)


@dataclass(frozen=True)
class ShowCosts:
    """Show the costs of a period by a kind of group."""

    period: str = USUAL
    by: CostGroup = CostGroup.MODEL


def encode(wish: ShowCosts) -> str:
    """Return the data of a button for `wish`.

    Raises:
        ValueError: it could not be read back.
    """
    data = f"y.{wish.period}.{wish.by}"
    if not _FORM.fullmatch(data):
        raise ValueError(f"no button can carry {data!r}")
    return data


def decode(data: str) -> ShowCosts:
    """Return what a button of `/costs` asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    if match := _FORM.fullmatch(data):
        return ShowCosts(match[1], CostGroup(match[2]))
    raise Refused("This button is too old. Send /costs again.")
