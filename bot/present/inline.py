"""Cards as things to choose from while a person writes in another chat."""

from bot.cards import Card, LeaderboardCard, Notice, ReasoningCard, VerdictCard
from bot.deep_links import LinkToBoard, LinkToReasoning, LinkToVerdict
from bot.inline import Found, Offered
from core.domain.stage import Stage

_FACTS = ("Agreement", "Confidence")
_PODIUM = 3


def verdict_offered(run_id: str, card: VerdictCard) -> Offered:
    """Offer the verdict of a run."""
    figures = [f"{label} {value}" for label, value in card.facts if label in _FACTS]
    return Offered(
        id=f"run-{run_id}",
        title=f"{card.ticker} · {card.headline}",
        line=" · ".join([card.subtitle, *figures]),
        card=card,
        link=LinkToVerdict(run_id),
        more="Open in a private chat",
    )


def board_offered(card: LeaderboardCard) -> Offered:
    """Offer the leaderboard."""
    first = [f"{one.rank}. {one.member} {one.score or one.value}" for one in card.standings[:_PODIUM]]
    return Offered(
        id="leaderboard",
        title=card.title,
        line=" · ".join(first) or card.subtitle,
        card=card,
        link=LinkToBoard(),
        more="Open in a private chat",
    )


def reasoning_offered(
    run_id: str, member: int, name: str, result: str, card: Card, stage: Stage | None = None
) -> Offered:
    """Offer a page of a member's reasoning; `result` is how it decided, in words.

    A member that left nothing to read is offered with the sentence about that.
    """
    title, line = f"{name} · {result}", ""
    if isinstance(card, ReasoningCard):
        title = f"{name} · {card.stage}" if stage else title
        line = card.body
    elif isinstance(card, Notice):
        line = card.text
    return Offered(
        id=f"why-{run_id}-{member}" + (f"-{stage.value}" if stage else ""),
        title=title,
        line=line,
        card=card,
        link=LinkToReasoning(run_id, member, stage) if isinstance(card, ReasoningCard) else None,
        more="Open the full reasoning",
    )


def nothing_offered(notice: Notice) -> Found:
    """Offer the one sentence that says why there is nothing, and what to write."""
    told = notice.model_copy(update={"buttons": ()})
    return Found((Offered(id="nothing", title="Nothing found", line=notice.text, card=told),))


LATE = Notice(text="This takes longer than usual. Write on, or try again in a moment.", tone="warning")
