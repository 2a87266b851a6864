"""The audit trail as a card: who did or was refused what, where and when."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.cards import Button, DialogueCard
from bot.people_buttons import ShowAudit, encode
from bot.present import numbers
from core.domain.people import Deed

A_PAGE = 10


def pages_of(count: int) -> int:
    """Return how many pages so many deeds take, one at least."""
    return max(-(-count // A_PAGE), 1)


def audit_card(deeds: Sequence[Deed], zone: ZoneInfo, *, shown: ShowAudit, kept: int) -> DialogueCard:
    """Show one page of the last deeds, newest first; `kept` is how many there are in all."""
    pages = pages_of(min(kept, shown.count))
    turns = [("◀ Newer", shown.page - 1)] if shown.page > 1 else []
    turns += [("Older ▶", shown.page + 1)] if shown.page < pages else []
    where = "all chats" if shown.everywhere else "this chat"
    return DialogueCard(
        title=f"Audit trail of {where}",
        text="" if deeds else "Nothing was refused, and nothing was done that only some may do.",
        facts=tuple(
            (f"{numbers.moment(deed.at, zone)} · {deed.outcome}", _line(deed, shown.everywhere))
            for deed in deeds
        ),
        footer=f"Page {shown.page} of {pages}; {numbers.whole(kept)} in all. "
        "The last 90 days are kept, and the same refusal once a minute.",
        buttons=tuple(
            Button(label=label, data=encode(ShowAudit(shown.count, page, shown.everywhere)))
            for label, page in turns
        ),
    )


def _line(deed: Deed, everywhere: bool) -> str:
    place = f" in {deed.chat}" if everywhere else ""
    thread = f" (thread {deed.thread})" if deed.thread else ""
    note = f" · {deed.note}" if deed.note else ""
    return f"{deed.person}{place}{thread}: {deed.what}{note}"
