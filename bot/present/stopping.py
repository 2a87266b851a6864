"""What is said about stopping a run."""

from collections.abc import Sequence

from bot.cards import Notice
from bot.present.notices import NothingDone, Refusal
from core.domain.run import RunRecord


def stopped_notice(ticker: str) -> Notice:
    """Tell who stopped a run that it ends, for all who follow it."""
    return Notice(text=f"The run of {ticker} is being stopped, for everybody who follows it.")


def stops_first_notice(ticker: str) -> Notice:
    """Tell who stopped a run before it began what becomes of it."""
    return Notice(text=f"The run of {ticker} stops as soon as it has begun.")


def over_notice(ticker: str) -> Notice:
    """Tell that there is nothing left to stop: the run is over, or somebody has stopped it just now."""
    return NothingDone(text=f"The run of {ticker} is over, or stops already.")


def not_yours_notice(ticker: str, *, scheduled: bool) -> Notice:
    """Tell a person who may stop a run."""
    if scheduled:
        text = f"A subscription asked for this run of {ticker}, so only an admin can stop it."
    else:
        text = f"Only who asked for this run of {ticker}, or an admin, can stop it."
    return Refusal(text=text, tone="warning")


def which_notice(found: Sequence[RunRecord]) -> Notice:
    """Ask which of several runs is meant."""
    several = len({record.ticker for record in found}) < len(found)
    wanted = [record.run_id if several else record.ticker for record in found[:5]]
    listed = ", ".join(f"{record.ticker} (run {record.run_id})" for record in found[:5])
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""  # noqa: PLR2004 - as many as above
    return NothingDone(text=f"Several runs go on: {listed}{more}. Say which, for instance /stop {wanted[0]}.")
