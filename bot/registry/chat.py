"""What a chat receives, and how it wants to be treated."""

from bot import settings_arguments, subscription_arguments, watch_arguments
from bot.access import Role
from bot.registry.command import Command
from core.domain.subscription import NOISY

CHAT: tuple[Command, ...] = (
    Command(
        name="subscribe",
        usage="/subscribe [verdicts|leaderboard|digest|review|costs|alerts …]",
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
        name="watch",
        usage="/watch [add|remove NVDA …|list]",
        summary="Keep a watchlist for this chat",
        detail="Without words it shows the tickers, with buttons that remove them. Up to 50; the chat's own "
        "list is in the place of the arena's. /subscribe verdicts watchlist weekdays 16:30 runs the "
        "committee on it, and its next times follow every change at once.",
        role=Role.VIEWER,
        handler="watch",
        read=watch_arguments.watch,
        noted=lambda asked: asked.what != "list",
        aliases=("watchlist",),
    ),
    Command(
        name="settings",
        usage="/settings [timezone|language|noise|quiet|preset …]",
        summary="Set how this chat is treated: time zone, noise, quiet hours and more",
        detail="Without words it shows all, with buttons. timezone Europe/London says where its times are "
        "meant and shown. language de writes numbers and days the German way; words stay English. preset "
        "deep is for runs that name none. runs admin lets only admins start runs here, which an admin sets. "
        "noise digest silent lets digests come without a sound, and off not at all; instead of digest: "
        f"{', '.join(NOISY)} or alerts. quiet 22:00-07:00 holds back what would come then until they are "
        "over; quiet off ends that. cheaper on lets a scheduled run be a quick one when the budget leaves "
        "no more. pictures off has tables and curves in words only, and dark on draws pictures on a dark "
        "ground. default sets everything back.",
        role=Role.VIEWER,
        handler="settings",
        read=settings_arguments.settings,
        noted=lambda asked: asked.changes is not None,
    ),
)
