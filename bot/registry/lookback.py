"""Looking back at runs: what came of them, how two models differed, and whole runs as files."""

from bot import lookback_arguments
from bot.access import Role
from bot.registry.command import Command

LOOKBACK: tuple[Command, ...] = (
    Command(
        name="history",
        usage="/history [NVDA]",
        summary="List past verdicts, and what each has earned since",
        detail="The newest first, of one ticker or of all: the verdict, how many agreed and how sure they "
        "were, and the return in its direction over the longest time that is settled (1, 5 or 20 sessions). "
        "A button opens each verdict, and others turn the pages.",
        role=Role.VIEWER,
        handler="history",
        read=lookback_arguments.history,
    ),
    Command(
        name="compare",
        usage="/compare claude gpt [NVDA]",
        summary="Put two models beside each other, stage by stage",
        detail="The last run in which both took part, of a ticker if you name one, or the run with an id: "
        "first their ballots, then each stage with its key points, cost and time. Buttons turn the pages and "
        "open the whole of what each said. A part of each name is enough.",
        role=Role.VIEWER,
        handler="compare",
        read=lookback_arguments.compare,
    ),
    Command(
        name="export",
        usage="/export run [NVDA] [model]",
        summary="Get a whole run as files",
        detail="Markdown to read and JSON for programs, with every word of every stage of each model, the "
        "ballots, the verdict, the hash of the evidence, what it cost and who answered. NVDA means its "
        "latest run; an id means that run. With a model, only its part.",
        role=Role.VIEWER,
        handler="export",
        read=lookback_arguments.export,
    ),
)
