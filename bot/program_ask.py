"""What the commands about single questions do, once the command line is read."""

from typing import TYPE_CHECKING

from bot.ask_arguments import AskArguments
from bot.ask_documents import asked_document, tests_document
from bot.facts import zone_of
from bot.present.answer import answer_card, tests_card
from bot.screen import Screen
from core.app.app import App
from core.domain.asking import AskRequest
from core.domain.ballot import Ballot

if TYPE_CHECKING:
    from bot.program import Output


async def ask(app: App, output: "Output", wanted: AskArguments) -> bool:
    """Ask one model and print its answer; False where it gave none."""
    asked = await app.ask(
        AskRequest(
            ticker=wanted.ticker,
            model_preference=wanted.model,
            task=wanted.task,
            private=wanted.private,
            urgent=wanted.urgent,
            stake_usd=wanted.stake,
        )
    )
    if output.as_json:
        output.document(asked_document(asked))
    else:
        Screen(output.out).show(answer_card(asked, zone_of(app)))
    return isinstance(asked.result, Ballot)


async def tests(app: App, output: "Output") -> None:
    """Print how the tests of the routing stand."""
    found = await app.routing_tests()
    if output.as_json:
        output.document(tests_document(found))
    else:
        Screen(output.out).show(tests_card(found))
