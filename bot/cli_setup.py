"""The commands that walk through setting up a chat platform."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import Config, carry_out

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

setup = typer.Typer(help="Set up a chat platform, step by step.", no_args_is_help=True)

_NoClaim = Annotated[bool, typer.Option("--no-claim", help="Leave out the step that makes you an admin.")]
READY = "Done. Start it with: conclave serve"


@setup.command()
def telegram(ctx: typer.Context, no_claim: _NoClaim = False, config: Config = None) -> None:
    """Make a Telegram bot, check its token, show its menu, and become its first admin."""

    async def work(program: Any, settings: "Settings", output: "Output") -> bool:
        from bot.setup.asking import AtTerminal
        from bot.setup.for_telegram import Setup

        asking = AtTerminal(output.out)
        walk = Setup(_file(config), settings, asking)
        settings = await walk.token()
        walk.menu()
        if not no_claim:
            async with program.opened(settings) as app:
                if not await walk.claim(app):
                    return False
        asking.say(READY)
        return True

    carry_out(ctx, config, work)


@setup.command()
def slack(ctx: typer.Context, no_claim: _NoClaim = False, config: Config = None) -> None:
    """Make a Slack app from the manifest, check its tokens, and become its first admin."""

    async def work(program: Any, settings: "Settings", output: "Output") -> bool:
        from bot.setup.asking import AtTerminal
        from bot.setup.for_slack import Setup

        asking = AtTerminal(output.out)
        walk = Setup(_file(config), settings, asking)
        settings = await walk.tokens()
        if not no_claim:
            async with program.opened(settings) as app:
                if not await walk.claim(app):
                    return False
        asking.say(READY)
        return True

    carry_out(ctx, config, work)


def _file(config: Path | None) -> Path:
    from core.config.loading import USUAL_NAME, find_file

    return config or find_file(os.environ) or Path(USUAL_NAME)
