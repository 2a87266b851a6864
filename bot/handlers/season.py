"""`/season`: where the season stands, how others ended, and for admins, how one begins or ends."""

from bot.access import Role
from bot.arguments import SeasonArguments
from bot.cards import Card
from bot.facts import zone_of
from bot.handlers.call import Call
from bot.present import season as present
from bot.present.leaderboard import leaderboard_card
from bot.present.notices import not_allowed_notice
from core.domain.errors import NotFound
from core.domain.season import Season


async def season(call: Call, arguments: SeasonArguments) -> Card:
    """Show a season, or start or end one."""
    if arguments.what == "show":
        return await _shown(call, arguments.name)
    if call.role < Role.ADMIN:
        command = f"season {arguments.what}"
        return not_allowed_notice(call.role.title, Role.ADMIN.title, command)
    if arguments.what == "end":
        return await _ended(call, arguments)
    return await _started(call, arguments)


async def _shown(call: Call, name: Season | None) -> Card:
    app = call.app
    if name is None:
        return present.season_card(await app.season_status(), zone_of(app))
    await app.freeze_if_due()
    try:
        return present.final_card(await app.final_table(name))
    except NotFound:
        return leaderboard_card(await app.leaderboard(name), app.settings.scores)


async def _ended(call: Call, arguments: SeasonArguments) -> Card:
    if arguments.last is not None:
        return present.ends_notice(await call.app.end_season_on(arguments.last))
    status = await call.app.season_status()
    if not arguments.confirmed and status.is_open:
        return present.confirm_notice(status, "/season end confirm")
    table = await call.app.end_season()
    return present.final_card(table) if table else present.NOTHING_TO_END


async def _started(call: Call, arguments: SeasonArguments) -> Card:
    assert arguments.name is not None  # noqa: S101 - the reader gives every start its name
    status = await call.app.season_status()
    if not arguments.confirmed and status.is_open:
        return present.confirm_notice(status, f"{_words(arguments)} confirm")
    started = await call.app.start_season(arguments.name, arguments.first, arguments.last)
    return present.started_notice(started)


def _words(arguments: SeasonArguments) -> str:
    parts = [f"/season start {arguments.name}"]
    parts += [f"from {arguments.first}"] if arguments.first else []
    parts += [f"to {arguments.last}"] if arguments.last else []
    return " ".join(parts)
