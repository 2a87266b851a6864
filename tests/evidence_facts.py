"""The evidence of a run as every kind of vendor may give it, and its pages as cards."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.buttons import OpenVerdict, encode
from bot.cards import Button, Card
from bot.evidence_buttons import Part, TurnEvidence
from bot.evidence_card import EvidenceCard
from bot.present.evidence import evidence_card
from bot.window_cards import EvidenceWindow
from core.domain.evidence_items import Absence, EvidenceKind, Mood, NewsItem
from tests import arena_facts
from tests.claim_facts import AS_OF, pack

ZONE = ZoneInfo("America/New_York")
PAGE_SIZE = 1_700
NEWS = tuple(
    NewsItem(
        title=f"Nvidia names partner {number} for its next rack system & confirms shipments",
        summary="Two customers account for more than a third of sales, says the last filing. " * 3,
        publisher="Reuters",
        vendor="yfinance",
        published_at=None if number == 3 else AS_OF - timedelta(hours=number),
        url=f"https://finance.yahoo.com/news/partner-{number}.html?a=1&b=2",
        market_wide=number == 2,
    )
    for number in range(1, 8)
)
POSTS = (
    Mood(
        vendor="stocktwits",
        at=AS_OF - timedelta(minutes=9),
        text="$NVDA holding through the report, the backlog alone is worth the price",
        score=Decimal(1),
        url="https://stocktwits.com/message/1",
    ),
    Mood(vendor="stocktwits", at=AS_OF - timedelta(hours=5), text="One side of this trade is full."),
    Mood(vendor="alpha_vantage", at=AS_OF - timedelta(hours=6), score=Decimal("0.2143"), voices=31),
)
PACK = pack().model_copy(
    update={
        "caveat": "Sample prices from 2013, for trying things out: not today's market.",
        "converted_from": "EUR",
        "news": NEWS,
        "sentiment": POSTS,
        "absences": (
            Absence(kind=EvidenceKind.SENTIMENT, vendor="reddit", reason="no answer within 10 seconds"),
            Absence(kind=EvidenceKind.NEWS, vendor="alpha_vantage", reason="not configured"),
        ),
    }
)
BARE = pack().model_copy(
    update={
        "news": (),
        "fundamentals": (),
        "snapshot": None,
        "sentiment": (),
        "macro": (),
        "identity": None,
        "absences": PACK.absences,
    }
)
RECORD = arena_facts.record(evidence_sha256=PACK.sha256)


def page(part: Part, number: int = 1, size: int = PAGE_SIZE) -> EvidenceCard:
    """A page of the whole pack."""
    return evidence_card(PACK, RECORD, TurnEvidence(RECORD.run_id, part, number), size, ZONE)


CARDS: dict[str, Card] = {
    **{f"evidence: {part.name.lower()}": page(part) for part in Part},
    "evidence: news, second page": page(Part.NEWS, 2),
    "evidence: no news": evidence_card(BARE, RECORD, TurnEvidence(RECORD.run_id, Part.NEWS), PAGE_SIZE, ZONE),
    "evidence window": EvidenceWindow(
        **dict(page(Part.SENTIMENT)),
        verdict=Button(label="Verdict", data=encode(OpenVerdict(RECORD.run_id))),
    ),
}
