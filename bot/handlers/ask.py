"""`/ask`: one model's answer, and all that it wrote."""

from bot.ask_arguments import AskArguments
from bot.ask_buttons import decode
from bot.cards import Card
from bot.facts import zone_of
from bot.handlers.call import Call, PressCall
from bot.present.answer import answer_card, answer_page
from core.domain.asking import AskRequest


async def ask(call: Call, arguments: AskArguments) -> Card:
    """Ask one model, and return the card of its answer."""
    model = arguments.model
    if model is not None and model.startswith("#"):
        model = (await call.app.member(model)).name
    asked = await call.app.ask(
        AskRequest(
            ticker=arguments.ticker,
            model_preference=model,
            task=arguments.task,
            private=arguments.private,
            urgent=arguments.urgent,
            stake_usd=arguments.stake,
            requested_by=call.request.person.id,
            requested_in=call.request.address.chat_id,
        )
    )
    return answer_card(asked, zone_of(call.app))


async def answer_pressed(call: PressCall) -> Card:
    """Show what was written to a question, in pages as long as the door's.

    Raises:
        NotFound: the question is not there (any more).
    """
    wish = decode(call.press.data)
    record = await call.app.asked(wish.question)
    return answer_page(record, wish.page, call.door.page_size, zone_of(call.app))
