"""`conclave serve`: every configured platform, each for itself, until told to stop."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from bot.commands import REGISTRY
from bot.connections import Connection
from bot.desk import Desk
from bot.door import Door
from bot.live_message import LiveMessages
from bot.postman import Postman
from bot.slack_settings import slack_is_wanted, slack_missing
from bot.supervision import Supervision
from bot.timer import Timer
from core.app.app import App
from core.domain.errors import ConclaveError, ConfigError, StoreError

if TYPE_CHECKING:
    from bot.http_door import HttpDoor

READY_WITHIN_S = 15.0
STOP_WITHIN_S = 10.0
FINISH_MESSAGES_EVERY_S = 60.0

COLLECT_AFTER = 20_000, 10, 25
"""How many new objects, and how many smaller collections, the collector waits for.

As Python has it, a hundred collections fall into the second in which two hundred chats ask at once, and every
few seconds a full one holds up everybody for a tenth. Nearly all objects go without a collector.
"""

_log = logging.getLogger(__name__)


class Service(NamedTuple):
    """One platform: its name, its door, its endless work, and a wait until it is connected.

    `connections` tells how each of its connections is, where it has some.
    """

    name: str
    door: Door
    run: Callable[[], Awaitable[None]]
    ready: Callable[[], Awaitable[object]]
    connections: Callable[[], Sequence[Connection]] = tuple


def services(app: App, desk: Desk, http: "HttpDoor | None" = None) -> list[Service]:
    """Return the platforms whose tokens are present; one that cannot be built is logged and left out.

    What a platform sends over HTTP comes through `http`, which is not listened to before this returns.

    Raises:
        ConfigError: none is left, where one was wanted or there is no HTTP door to serve alone.
    """
    telegram, slack = app.settings.telegram, app.settings.slack
    builders: list[Callable[[App, Desk, HttpDoor | None], Service]] = []
    if telegram.token.present():
        builders.append(_telegram)
    if slack_is_wanted(slack):
        builders.append(_slack)
    elif missing := slack_missing(slack):
        _log.warning(missing)
    if not builders and http is None:
        raise ConfigError(
            f"Neither Telegram nor Slack has its tokens: set {telegram.token}, or {slack.bot_token} "
            f"and {slack.app_token}; docs/telegram.md and docs/slack.md say how."
        )
    found, problems = [], []
    for build in builders:
        try:
            found.append(build(app, desk, http))
        except ConfigError as error:
            problems.append(str(error))
    if problems and not found:
        raise ConfigError(" ".join(problems))
    for problem in problems:
        _log.error("%s That platform stays off.", problem)
    return found


def _telegram(app: App, desk: Desk, http: "HttpDoor | None") -> Service:
    from bot.telegram_updates import TelegramService

    settings, access = app.settings.telegram, app.settings.access
    if settings.mode == "webhook":
        from bot.telegram_webhook import WebhookService

        service: TelegramService = WebhookService(settings, desk, app.clock, REGISTRY, access, http=http)
    else:
        service = TelegramService(settings, desk, app.clock, REGISTRY, access)
    return Service("Telegram", service.door, service.run, service.ready)


def _slack(app: App, desk: Desk, http: "HttpDoor | None") -> Service:
    from bot.slack_service import slack_service

    service = slack_service(app, desk, http)
    return Service("Slack", service.door, service.run, service.connected.wait, service.connections)


async def serve(app: App, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; then stop in order, within ten seconds. `say` hears when it is ready.

    Raises:
        ConfigError: neither a platform nor HTTP is configured, or all platforms refused their tokens.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    supervision = Supervision(app.clock)
    desk = Desk(app)
    http = _http_door(app, desk)
    platforms = services(app, desk, http)
    await _listen(http, alone=not platforms)
    postman = Postman(app, desk.pacers)
    timer = Timer(app, postman)
    await app.resume_interrupted()
    doors = [
        asyncio.create_task(_platform(desk, postman, platform), name=platform.name) for platform in platforms
    ]
    chores = [
        asyncio.create_task(_say_ready(platforms, doors, say) if platforms else _say_alone(http, say)),
        asyncio.create_task(_prepare(app)),
        asyncio.create_task(timer.start()),
        asyncio.create_task(supervision.keep_telling()),
    ]
    told_to_stop = asyncio.create_task(stop.wait())
    all_closed = asyncio.create_task(_all_ended(doors))
    await asyncio.wait({told_to_stop, all_closed}, return_when=asyncio.FIRST_COMPLETED)
    all_closed.cancel()
    supervision.stopping()
    until = loop.time() + STOP_WITHIN_S
    timer.stop()
    # Before the doors close: what is on its way to a chat arrives.
    await postman.close()
    await desk.close()
    for task in (told_to_stop, *doors, *chores):
        task.cancel()
    await asyncio.wait([told_to_stop, *doors, *chores], timeout=until - loop.time())
    if http is not None:
        await http.close()
    if not stop.is_set():
        raise ConfigError("No platform is left to serve; the log says why.")
    say("Conclave has stopped; runs that were going on are kept and continue at the next start.")


async def _prepare(app: App) -> None:
    """Load what the first request would wait for, and spare the collector from ever looking through it."""
    await app.prepare()
    with contextlib.suppress(StoreError):
        await app.known_chats.warn_of_old_ids()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _http_door(app: App, desk: Desk) -> "HttpDoor | None":
    """Return the HTTP door where the configuration has one, with what programs may ask there."""
    if "http" not in app.settings.model_fields_set:
        return None
    from bot.http.api import Api
    from bot.http_door import HttpDoor
    from bot.http_status import HttpStatus

    door = HttpDoor(app.settings.http)
    api = Api(app, desk.platforms, desk.connections)
    api.answer_at(door.router)
    HttpStatus(app, api.guard, desk.platforms, desk.connections).answer_at(door.router)
    door.at_end(api.close)
    return door


async def _listen(http: "HttpDoor | None", *, alone: bool) -> None:
    """Listen once every path is there; a port that is taken is no reason to stop everything else.

    Raises:
        ConfigError: it is taken, and there is nothing else to serve.
    """
    try:
        if http is not None:
            await http.start()
    except ConfigError as error:
        if alone:
            raise
        _log.error("%s", error)


async def _all_ended(doors: Sequence["asyncio.Task[None]"]) -> None:
    """Wait until no platform is served any more; where there was none, HTTP is served until told to stop."""
    if not doors:
        await asyncio.Event().wait()
    await asyncio.wait(doors)


async def _platform(desk: Desk, postman: Postman, platform: Service) -> None:
    """Run one platform and finish what was left open there; its end is nobody else's."""
    desk.platforms[platform.name] = "connecting"
    desk.connections[platform.name] = platform.connections
    finishing = asyncio.create_task(_finish_messages(desk, postman, platform))
    try:
        await platform.run()
    except ConclaveError as error:
        _log.error("%s stopped: %s", platform.name, error)
    except Exception:  # noqa: BLE001 - one platform's bug must not stop the other or the arena
        _log.exception("%s stopped on an internal error", platform.name)
    finally:
        postman.shut(platform.door)
        desk.reception.shut(platform.door)
        desk.platforms[platform.name] = "off"
        finishing.cancel()
        await asyncio.wait([finishing])


async def _finish_messages(desk: Desk, postman: Postman, platform: Service) -> None:
    """Finish the messages that are open at the start, and from time to time those that became so.

    A round goes on beside the next one, which leaves alone what the first one still works on.
    """
    try:
        await platform.ready()
    except ConclaveError:
        return  # `run` says why
    desk.platforms[platform.name] = "connected"
    postman.open(platform.door)
    desk.reception.open(platform.door)
    live = desk.live
    async with asyncio.TaskGroup() as rounds:
        while True:
            rounds.create_task(_finish_once(live, platform))
            rounds.create_task(desk.reception.round())
            await live.app.clock.sleep(FINISH_MESSAGES_EVERY_S)


async def _finish_once(live: LiveMessages, platform: Service) -> None:
    try:
        await live.finish_open(platform.door)
    except ConclaveError as error:
        _log.warning("%s: open messages stay open: %s", platform.name, error)
    except Exception:  # noqa: BLE001 - as in _platform
        _log.exception("%s: open messages could not be finished", platform.name)


async def _say_alone(http: "HttpDoor | None", say: Callable[[str], None]) -> None:
    if http is not None:
        say(f"Conclave is ready: HTTP answers on port {http.port}; no chat platform is configured.")


async def _say_ready(
    platforms: list[Service], doors: list[asyncio.Task[None]], say: Callable[[str], None]
) -> None:
    """Say which platforms are connected, as soon as that is known of all, or after a while."""
    waits = {
        asyncio.create_task(_connected(platform, door)): platform.name
        for platform, door in zip(platforms, doors, strict=True)
    }
    try:
        done, late = await asyncio.wait(waits, timeout=READY_WITHIN_S)
    finally:
        for wait in waits:
            wait.cancel()
    parts = [f"{waits[wait]} is {'connected' if wait.result() else 'off'}" for wait in done]
    parts += [f"{waits[wait]} is not connected yet" for wait in late]
    if late or any(wait.result() for wait in done):
        say(f"Conclave is ready: {', '.join(sorted(parts))}.")


async def _connected(platform: Service, door: "asyncio.Task[None]") -> bool:
    """Wait until a platform is connected; False when it has ended, or refused its token."""
    ready = asyncio.ensure_future(platform.ready())
    try:
        await asyncio.wait({ready, door}, return_when=asyncio.FIRST_COMPLETED)
        return ready.done() and not door.done() and ready.exception() is None
    finally:
        ready.cancel()
