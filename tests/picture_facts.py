"""Facts behind pictures: prices with entries, the votes of a committee of any size."""

from collections.abc import Sequence
from decimal import Decimal

from bot.cards import MemberLine, PictureCard
from core.domain.ballot import Action
from core.domain.bars import Bar
from core.domain.books import Fill, Position
from core.domain.price_history import Entry, PriceHistory
from core.domain.season import Season

ACTIONS = (Action.BUY, Action.HOLD, Action.SELL, None)


def history(
    bars: Sequence[Bar], fills: Sequence[Fill] = (), *, ticker: str = "AAPL", **changes: object
) -> PriceHistory:
    """Prices of a ticker with these fills of a member."""
    facts: dict[str, object] = {
        "season": Season.LIVE,
        "member": "gpt-5",
        "ticker": ticker,
        "source": "csv",
        "bars": tuple(bars),
        "entries": tuple(Entry(fill=fill, price=fill.price, shares=fill.shares) for fill in fills),
    }
    return PriceHistory.model_validate(facts | changes)


def position(cost: str, *, stop: str | None = None, profit: str | None = None) -> Position:
    """A holding with its levels."""
    return Position(
        ticker="AAPL",
        shares=Decimal(3),
        average_cost=Decimal(cost),
        stop_loss=Decimal(stop) if stop else None,
        take_profit=Decimal(profit) if profit else None,
    )


def seats(names: Sequence[str]) -> tuple[MemberLine, ...]:
    """A line for each name; every action in turn, and every fourth abstains."""
    return tuple(
        MemberLine(
            member=name,
            action=ACTIONS[place % 4],
            rating="",
            detail="72 %" if place % 4 < 3 else "abstained: no answer within 60 s",
            outlier=place % 4 == 2,
        )
        for place, name in enumerate(names)
    )


def picture_card(png: bytes, **changes: object) -> PictureCard:
    """A ranking as a picture."""
    facts: dict[str, object] = {
        "name": "leaderboard.png",
        "png": png,
        "title": "Leaderboard",
        "caption": ("Everyone started with $10,000.00", "🥇 claude +4.12 % · $10,412.20", "2. gpt +0.22 %"),
        "alt": "A table: Leaderboard. claude leads with +4.12 %.",
        "footer": "Marks of 2025-10-29 · Paper trading, not advice.",
        "stamp": "Updated 14:03:22 (New York)",
        "buttons": (
            {"label": "Curves", "data": "f.e.c.all.value.0"},
            {"label": "Refresh", "data": "f.e.t.all.value.0"},
            {"label": "Text", "data": "f.n.x.all.value.0"},
        ),
    }
    return PictureCard.model_validate(facts | changes)
