"""What the command `conclave rerun` does, once the command line is read."""

from typing import TYPE_CHECKING

from bot.facts import zone_of
from bot.present.rerun import rebuilt_lines, rerun_card, rerun_plan_sentence
from bot.rerun_documents import rebuilt_document, rerun_document
from bot.terminal_rerun import rerun as drawn
from core.app.app import App
from core.domain.rerun import RerunPlan
from core.domain.run import RunRecord

if TYPE_CHECKING:
    from bot.program import Output


async def prompts(app: App, output: "Output", reference: str) -> bool:
    """Build every prompt of a run again and print what came of it; False where something differs."""
    found = await app.rebuilt(reference)
    if output.as_json:
        output.document(rebuilt_document(found))
    else:
        output.out.print("\n".join(rebuilt_lines(found, zone_of(app))), markup=False, soft_wrap=True)
    return found.clean


def announce(output: "Output", plan: RerunPlan) -> None:
    """Say who will be asked, before anybody is."""
    output.sentence(rerun_plan_sentence(plan))


async def show_rerun(app: App, output: "Output", record: RunRecord) -> None:
    """Print a run that asks again beside the one that it repeats."""
    found = await app.rerun_of(record)
    if output.as_json:
        output.document(rerun_document(found, app.clock.now()))
    else:
        output.out.print(drawn(rerun_card(found, zone_of(app)), output.out.width))
