"""`/season`: where the season stands, how others ended, and for admins, how one begins or ends."""

from bot.access import Role, rules_arena
from bot.arguments import SeasonArguments
from bot.cards import Card
from bot.confirming import Deed, asked
from bot.facts import zone_of
from bot.handlers.call import Call, PressCall
from bot.present import season as present
from bot.present.leaderboard import leaderboard_card
from bot.present.notices import not_allowed_notice, whole_arena_notice
from bot.season_target import season_mark, season_of_target, season_target
from core.app.app import App
from core.domain.errors import NotFound, Refused
from core.domain.live_season import SeasonStatus
from core.domain.season import Season


async def season(call: Call, arguments: SeasonArguments) -> Card:
    """Show a season, or start or end one."""
    if arguments.what == "show":
        return await _shown(call, arguments.name)
    if call.role < Role.ADMIN:
        command = f"season {arguments.what}"
        return not_allowed_notice(call.role.title, Role.ADMIN.title, command)
    if not await rules_arena(call.app, call.request.address, call.request.person):
        return whole_arena_notice(f"season {arguments.what}")
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
        return _question(call, status, Deed.END_SEASON, _name(status), "/season end confirm")
    return await _end(call.app)


async def _started(call: Call, arguments: SeasonArguments) -> Card:
    assert arguments.name is not None  # noqa: S101 - the reader gives every start its name
    status = await call.app.season_status()
    if not arguments.confirmed and status.is_open:
        target = season_target(arguments.name, arguments.first, arguments.last, _name(status))
        return _question(call, status, Deed.START_SEASON, target, f"{_words(arguments)} confirm")
    started = await call.app.start_season(arguments.name, arguments.first, arguments.last)
    return present.started_notice(started)


async def end_confirmed(call: PressCall, target: str) -> Card:
    """End the season that was asked about, after a second word.

    Raises:
        Refused: another one is open by now.
    """
    status = await call.app.season_status()
    if status.is_open and _name(status) != target:
        raise Refused("Another season has begun meanwhile, and nothing was done. Send /season end again.")
    return await _end(call.app)


async def start_confirmed(call: PressCall, target: str) -> Card:
    """Start a season and end the one that was asked about, after a second word.

    Raises:
        Refused: another one is open by now, or the new one cannot begin.
    """
    name, first, last, ends = season_of_target(target)
    status = await call.app.season_status()
    if status.is_open and season_mark(_name(status)) != ends:
        raise Refused("Another season has begun meanwhile, and nothing was done. Send /season start again.")
    return present.in_place(present.started_notice(await call.app.start_season(name, first, last)))


def _question(call: Call, status: SeasonStatus, deed: Deed, target: str, words: str) -> Card:
    request = call.request
    yes = asked(deed, target, request.address, request.person, call.app.clock.now())
    return present.confirm_card(status, yes, request.person.name, words)


async def _end(app: App) -> Card:
    table = await app.end_season()
    return present.final_card(table) if table else present.NOTHING_TO_END


def _name(status: SeasonStatus) -> str:
    return status.live.season if status.live else ""


def _words(arguments: SeasonArguments) -> str:
    parts = [f"/season start {arguments.name}"]
    parts += [f"from {arguments.first}"] if arguments.first else []
    parts += [f"to {arguments.last}"] if arguments.last else []
    return " ".join(parts)
