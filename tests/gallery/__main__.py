"""Draw the pictures of README and docs anew, from real messages: `python -m tests.gallery [FOLDER]`.

The whole service runs between loopback servers of both platforms, on the bundled sample prices, with
simulated models. What is drawn is what these servers received; only the look around it is ours.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.gallery import slack_look, slack_scenes, telegram_look, telegram_scenes
from tests.gallery.camera import shoot
from tests.gallery.stage import conclave, stage

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


async def main(folder: Path) -> None:
    """Write all pictures into `folder`."""
    telegram: dict[str, str] = {}
    slack: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as working:
        async with stage(Path(working)) as made:
            async with conclave(made):
                await telegram_scenes.verdict_and_reasoning(made, telegram)
                await telegram_scenes.asking(made, telegram)
                await telegram_scenes.pictures(made, telegram)
                await telegram_scenes.inline(made, telegram)
            made.telegram.rich = True
            async with conclave(made, season=False):
                await telegram_scenes.rich(made, telegram)
    with tempfile.TemporaryDirectory() as working:
        async with stage(Path(working)) as made, conclave(made):
            await slack_scenes.verdict_and_reasoning(made, slack)
            await slack_scenes.asking(made, slack)
            await slack_scenes.home_and_form(made, slack)
    pages = {name: (html, telegram_look.WIDTH) for name, html in telegram.items()}
    pages |= {name: (html, slack_look.WIDTH) for name, html in slack.items()}
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as working:
        await shoot(pages, folder, Path(working))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER))
