"""`/models`, `/health`, `/whoami`, `/help` and `/start`: what this is, how it is, who is here."""

from bot.access import Role
from bot.arguments import HelpArguments, ModelsArguments, NoArguments
from bot.cards import Card
from bot.commands import REGISTRY, find
from bot.facts import zone_of
from bot.handlers.call import Call
from bot.present.calibration import calibration_card
from bot.present.health import health_card, served
from bot.present.help import command_card, help_card, start_card
from bot.present.models import models_card
from bot.present.notices import whoami_notice


async def models(call: Call, arguments: ModelsArguments) -> Card:
    """List the members, or with one, show how far it is to be trusted."""
    if arguments.member is None:
        return models_card(await call.app.members())
    return calibration_card(await call.app.calibration(arguments.member), zone_of(call.app))


async def health(call: Call, arguments: NoArguments) -> Card:
    """Show how the service is; only admins see in which other chats something is due."""
    del arguments
    return health_card(
        await call.app.health(served(call.platforms)),
        call.platforms,
        zone_of(call.app),
        here=call.request.address.chat_id,
        all_chats=call.role is Role.ADMIN,
    )


async def whoami(call: Call, arguments: NoArguments) -> Card:
    """Tell a person its ids and role."""
    del arguments
    person = call.request.person
    return whoami_notice(person.id, call.request.address.chat_id, call.role.title, person.name)


async def help_(call: Call, arguments: HelpArguments) -> Card:
    """Explain one command, or list those that the person may send."""
    if arguments.command:
        return command_card(find(arguments.command))
    return help_card([command for command in REGISTRY if command.role <= call.role])


async def start(call: Call, arguments: NoArguments) -> Card:
    """Say what Conclave is."""
    del call, arguments
    return start_card()
