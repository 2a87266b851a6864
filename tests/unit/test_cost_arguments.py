"""How people write what they want to know of costs."""

import pytest

from bot.cost_arguments import costs
from core.domain.costs import CostGroup
from core.domain.errors import Refused


@pytest.mark.parametrize(
    ("text", "period", "by"),
    [
        ("", "7d", CostGroup.MODEL),
        ("today", "today", CostGroup.MODEL),
        ("30d by stage", "30d", CostGroup.STAGE),
        ("by day all", "all", CostGroup.DAY),
        ("keys week", "7d", CostGroup.KEY),
        ("--by=tier --period 90d", "90d", CostGroup.TIER),
        ("BY Model TODAY", "today", CostGroup.MODEL),
    ],
)
def test_a_time_and_a_kind_of_group_come_in_any_order(text: str, period: str, by: CostGroup) -> None:
    found = costs(text.split())
    assert (found.period, found.by) == (period, by)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("by modle", "Did you mean model?"),
        ("by", "/costs 7d by model"),
        ("soon", "I don't understand “soon”"),
        ("7d 30d", "One time and one kind"),
        ("by day by model", "One time and one kind"),
        ("0d", "is not a period: write today, all, or days"),
        ("9999d", "is not a period"),
        ("by \x1b[2J" + "x" * 500, "is nothing to sum costs up by"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        costs(text.split())
    assert told in str(refused.value)
    assert "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < 300
