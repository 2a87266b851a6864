"""Cards with what only a window of their own has room for, such as a modal on Slack.

Each is drawn like the card that it extends wherever there is no window.
"""

from bot.cards import Button, ReasoningCard, VerdictCard
from bot.evidence_card import EvidenceCard


class ReasoningWindow(ReasoningCard):
    """A page of reasoning from which one gets to the other members.

    `member_buttons` has one for each that was heard, `member` is the label of the one shown; `verdict` goes
    back to the verdict, and `post` shows the page to everybody in the thread of the verdict.
    """

    member_buttons: tuple[Button, ...] = ()
    member: str = ""
    verdict: Button | None = None
    post: Button | None = None


class EvidenceWindow(EvidenceCard):
    """A page of evidence from which `verdict` goes back to the verdict."""

    verdict: Button | None = None


class VerdictWindow(VerdictCard):
    """A verdict explained: `story` says in prose how it came about, `member_buttons` open the reasoning."""

    story: str = ""
    member_buttons: tuple[Button, ...] = ()
