"""What the command about costs does, once the command line is read."""

import sys
from typing import TYPE_CHECKING

from bot.cost_documents import costs_csv, costs_document, seen_csv, seen_document
from bot.facts import zone_of
from bot.present.costs import costs_card
from bot.present.seen import seen_lines
from bot.screen import Screen
from bot.terminal_style import say
from core.app.app import App
from core.domain.costs import CostGroup

if TYPE_CHECKING:
    from bot.program import Output


async def costs(app: App, output: "Output", by: CostGroup, period: str, *, as_csv: bool) -> None:
    """Print what calls of all chats have cost."""
    report = await app.costs(by, period)
    if output.as_json:
        output.document(costs_document(report))
    elif as_csv:
        sys.stdout.write(costs_csv(report))
    else:
        Screen(output.out).show(costs_card(report, zone_of(app), turns=False))


async def who_saw(app: App, output: "Output", reference: str, *, as_csv: bool) -> None:
    """Print which model was shown which evidence, when and for whom."""
    found = await app.who_saw(reference)
    if output.as_json:
        output.document(seen_document(found))
    elif as_csv:
        sys.stdout.write(seen_csv(found))
    else:
        for line in seen_lines(found, zone_of(app)):
            output.out.print(say(line), soft_wrap=True)
    if found.more:
        output.sentence(f"{found.more:,} later calls are left out.")
