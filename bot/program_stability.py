"""What the command about stability does, once the command line is read."""

from typing import TYPE_CHECKING

from bot.arguments import RunArguments
from bot.facts import zone_of
from bot.member_documents import stability_document
from bot.present.stability import plan_sentence, stability_card
from bot.screen import Screen
from core.app.app import App
from core.domain.errors import Refused
from core.domain.run import RunRequest
from core.domain.stage import Preset

if TYPE_CHECKING:
    from bot.program import Output


async def check(app: App, output: "Output", wanted: RunArguments, *, times: int, seed: int) -> None:
    """Say what it will cost, ask, and print what was found."""
    if len(wanted.tickers) != 1:
        raise Refused("Name one ticker.")
    request = RunRequest(
        ticker=wanted.tickers[0],
        preset=wanted.preset or Preset.QUICK,
        as_of=wanted.as_of,
        members=wanted.members,
    )
    plan = await app.stability_plan(request, times=times, seed=seed)
    output.sentence(plan_sentence(plan))
    found = await app.stability(plan)
    if output.as_json:
        output.document([stability_document(one) for one in found])
    else:
        Screen(output.out).show(stability_card(found, zone_of(app)))
