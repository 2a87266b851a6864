"""Two members of one run, and cards made of them, for tests of what looks back."""

from zoneinfo import ZoneInfo

from bot.present.compare import compare_card
from bot.present.portfolio import books_card, portfolio_card
from core.domain.past import Compared
from core.domain.stage import ModelChat, Stage
from tests import arena_facts, standings_facts

ZONE = ZoneInfo("America/New_York")
ONE, OTHER = arena_facts.MEMBERS[0], arena_facts.MEMBERS[1]


def chat(member: str, *stages: Stage) -> ModelChat:
    """What a member said in some stages."""
    whole = arena_facts.chat(member)
    said = tuple(stage for stage in whole.stages if stage.stage in stages)
    return whole.model_copy(update={"stages": said})


COMPARED = Compared(
    record=arena_facts.record(),
    members=(ONE, OTHER),
    chats=(
        chat(ONE.name, Stage.MARKET, Stage.BEAR, Stage.DECISION),
        chat(OTHER.name, Stage.MARKET, Stage.BULL, Stage.DECISION),
    ),
)
LONG_BOOKS = standings_facts.STATEMENT.model_copy(update={"fills": arena_facts.FILLS * 25})
CARDS = {
    "ballots of two": compare_card(COMPARED, 1, ZONE),
    "stage of two": compare_card(COMPARED, 4, ZONE),
    "long books": portfolio_card(LONG_BOOKS, ZONE, number=1),
    "page of trades": books_card(LONG_BOOKS, "trades", 2, ZONE, number=1),
}
