"""`/models`, `/health`, `/whoami` and `/help`: what this is, how it is, who is here."""

from bot.access import Role
from bot.arguments import HelpArguments, ModelsArguments, NoArguments
from bot.cards import Card
from bot.commands import REGISTRY, find
from bot.connections import now_states
from bot.facts import zone_of
from bot.handlers.call import Call
from bot.present.calibration import calibration_card
from bot.present.health import health_card, served
from bot.present.help import command_card, help_card
from bot.present.models import models_card
from bot.present.notices import whoami_notice
from bot.present.people import quota_words


async def models(call: Call, arguments: ModelsArguments) -> Card:
    """List the members, or with one, show how far it is to be trusted."""
    app, zone = call.app, zone_of(call.app)
    found = await app.stabilities()
    if arguments.member is None:
        return models_card(await app.members(), found, zone)
    record = await app.calibration(arguments.member)
    return calibration_card(record, zone, found.get(record.member))


async def health(call: Call, arguments: NoArguments) -> Card:
    """Show how the service is; only admins see in which other chats something is due."""
    del arguments
    return health_card(
        await call.app.health(served(call.platforms)),
        now_states(call.platforms, call.connections),
        zone_of(call.app),
        here=call.request.address.chat_id,
        all_chats=call.role is Role.ADMIN,
        connections=call.connections,
    )


async def whoami(call: Call, arguments: NoArguments) -> Card:
    """Tell a person its ids and role, and what is left of its quotas today."""
    del arguments
    person, chat = call.request.person, call.request.address.chat_id
    left = quota_words(await call.app.people.quotas.left(person.id, chat), only_scarce=False)
    return whoami_notice(person.id, chat, call.role.title, person.name, left=left, held_back=call.held_back)


async def help_(call: Call, arguments: HelpArguments) -> Card:
    """Explain one command, or list those that the person may send."""
    if arguments.command:
        return command_card(find(arguments.command))
    # A code is claimed once, by whoever sets Conclave up; it would only puzzle everybody else.
    listed = [command for command in REGISTRY if command.role <= call.role and command.name != "claim"]
    return help_card(listed)
