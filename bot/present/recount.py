"""An old run counted by another method, as a card that nobody takes for the run's own."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.cards import VerdictCard
from bot.present import numbers
from bot.present.verdict import verdict_card
from core.domain.member import Member
from core.domain.run import RunRecord
from core.domain.verdict import Verdict

NOTHING_CHANGED = "A re-count: the run's verdict, its trades and all books stay as they are."


def recount_card(
    record: RunRecord, counted: Verdict, members: Mapping[str, Member], zone: ZoneInfo
) -> VerdictCard:
    """Return the card of the re-count `counted`, with what the run itself decided beside it.

    It has no trades: a re-count makes none, and the run's own did not come from it.
    """
    card = verdict_card(record.model_copy(update={"verdict": counted}), members, zone)
    return card.model_copy(
        update={
            "ticker": f"{record.ticker} · re-count",
            "headline": card.headline if counted.decision else "No verdict",
            "rule": counted.rule,
            "caveat": " ".join(filter(None, (NOTHING_CHANGED, card.caveat))),
            "facts": (
                ("Re-count", _decided(counted)),
                ("Original", _decided(record.verdict)),
                *card.facts,
            ),
            "trades": (),
        }
    )


def _decided(verdict: Verdict | None) -> str:
    """Write a decision and how it was counted: `BUY · supermajority, threshold 0.6667`."""
    if verdict is None:
        return "never counted"
    decision = verdict.decision.value if verdict.decision else "no verdict"
    threshold = "" if verdict.threshold is None else f", threshold {numbers.weight(verdict.threshold)}"
    return f"{decision} · {verdict.method}{threshold}"
