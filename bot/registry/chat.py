"""What a chat receives, and how it wants to be treated."""

from bot import subscription_arguments
from bot.access import Role
from bot.registry.command import Command

CHAT: tuple[Command, ...] = (
    Command(
        name="subscribe",
        usage="/subscribe [verdicts|leaderboard|digest|review|alerts …]",
        summary="Let reports come by themselves, at the times of your choice",
        detail="Without words it asks by buttons. In one line: verdicts NVDA,AAPL weekdays 16:30 runs the "
        "committee; leaderboard fridays 17:00 America/New_York, digest before open, review saturdays "
        "10:00 and alerts on report what there is. Times are days (daily, weekdays, mon,wed) with a "
        "time of day, or before and after the open or close, as in 30 minutes before close. Verdicts "
        "take tickers or watchlist, and a preset. With a number, such as /subscribe 3 digest before "
        "open, it changes what number 3 receives. An admin can end it with in @channel, in a private "
        "chat, for a channel that both administer.",
        role=Role.RUNNER,
        handler="subscribe",
        read=subscription_arguments.subscribe,
        noted=lambda asked: asked.wanted is not None,
    ),
    Command(
        name="subscriptions",
        usage="/subscriptions [all]",
        summary="List what this chat receives, and when next",
        detail="Each with its number, its line, and its next time in the time zone of this chat. Buttons "
        "pause, resume and delete it. With all, an admin sees in a private chat what every chat "
        "receives, and with in @channel what that channel does.",
        role=Role.VIEWER,
        handler="subscriptions",
        read=subscription_arguments.subscriptions,
    ),
    Command(
        name="unsubscribe",
        usage="/unsubscribe [3|all]",
        summary="End a subscription",
        detail="By its number, or without one by a button. all asks once more before all of them go. Who "
        "made a subscription may end it, and so may every runner of the chat.",
        role=Role.VIEWER,
        handler="unsubscribe",
        read=subscription_arguments.unsubscribe,
        noted=lambda asked: asked.number is not None,
    ),
    Command(
        name="settings",
        usage="/settings [timezone|quiet|cheaper|default …]",
        summary="Set this chat's time zone, quiet hours and cheaper runs",
        detail="timezone Europe/London says where its times are meant and shown. quiet 22:00-07:00 holds "
        "back what would come then until they are over; quiet off ends that. cheaper on lets a "
        "scheduled run be a quick one when the budget leaves no more. default sets everything back.",
        role=Role.VIEWER,
        handler="settings",
        read=subscription_arguments.settings,
        noted=lambda asked: asked.changes is not None,
    ),
)
