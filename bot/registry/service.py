"""What this is, who asks, and how the service is."""

from bot import arguments, claim_arguments, cost_arguments, start_arguments
from bot.access import Role
from bot.registry.command import Command, always

SERVICE: tuple[Command, ...] = (
    Command(
        name="whoami",
        usage="/whoami",
        summary="Show your ids and your role here",
        detail="The ids of you and of this chat, as the configuration names them, and what you may do here.",
        role=Role.VIEWER,
        handler="whoami",
        read=arguments.nothing,
    ),
    Command(
        name="health",
        usage="/health",
        summary="Show how the service is",
        detail="Which platforms are connected, how far the books are, which subscriptions are due next, "
        "what came of the last ones, and how far behind they are.",
        role=Role.VIEWER,
        handler="health",
        read=arguments.nothing,
    ),
    Command(
        name="costs",
        usage="/costs [7d] [by model]",
        summary="Show what the calls to models cost",
        detail="What they have cost, how many were answered and how fast, what a decision and a right one "
        "has cost, what to expect by tonight and by the end of the month, and what is left of today's "
        "limits. The time is today, 7d, 30d or all; by day, model, tier, stage, purpose or provider. A group "
        "sees its own; in a private chat you see yours, and an admin of all chats sees all, also by key, "
        "chat and person.",
        role=Role.VIEWER,
        handler="costs",
        read=cost_arguments.costs,
        aliases=("cost",),
    ),
    Command(
        name="help",
        usage="/help [command]",
        summary="Explain the commands",
        detail="All commands in one line each, or one command in detail.",
        role=Role.VIEWER,
        handler="help",
        read=arguments.help_,
    ),
    Command(
        name="start",
        usage="/start",
        summary="Say what Conclave is",
        detail="What Conclave does, in one screen, with three examples. Links to the bot open pages by it.",
        role=Role.VIEWER,
        handler="start",
        read=start_arguments.start,
    ),
    Command(
        name="claim",
        usage="/claim CODE",
        summary="Become the first admin, with the code of conclave setup",
        detail="Whoever runs Conclave gets a one-time code from conclave setup telegram, or conclave setup "
        "slack, types it here within ten minutes, and is admin everywhere from then on.",
        role=Role.VIEWER,
        handler="claim",
        read=claim_arguments.claim,
        noted=always,
    ),
)
