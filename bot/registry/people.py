"""Who may do what, and who did what: for admins."""

from bot import people_arguments
from bot.access import Role
from bot.registry.command import Command

PEOPLE: tuple[Command, ...] = (
    Command(
        name="people",
        usage="/people [ID viewer|runner|admin [here|topic] | remove ID [here]]",
        summary="List who has which role, and change it",
        detail="Without words, who has which role, and who waits to be let in. /people telegram:1002 runner "
        "gives a role everywhere, with here behind it in this chat alone, with topic in this topic alone. "
        "everybody in place of an id is everybody in this chat. remove takes away what was given in chats; "
        "what the configuration gives stays. An admin of one chat changes roles there alone.",
        role=Role.ADMIN,
        handler="people",
        read=people_arguments.people,
    ),
    Command(
        name="audit",
        usage="/audit [n]",
        summary="Show what was refused, and what only some may do",
        detail="The last 50 entries, or as many as you say: who was refused what, and who changed roles, "
        "settings, subscriptions or the season. In a private chat of all chats, elsewhere of that chat.",
        role=Role.ADMIN,
        handler="audit",
        read=people_arguments.audit,
    ),
)
