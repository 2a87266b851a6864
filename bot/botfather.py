"""The commands as BotFather takes them after `/setcommands`, for whoever sets them by hand.

`python -m bot.botfather` prints them; `deploy/botfather-commands.txt` is a copy that a test keeps equal.
"""

import sys
from collections.abc import Iterable

from bot.access import Role
from bot.commands import REGISTRY
from bot.registry.command import Command
from bot.telegram_menu import UNLISTED


def botfather_text(commands: Iterable[Command]) -> str:
    """Return one line a command, without those for admins, which are not for everybody to see."""
    listed = [one for one in commands if one.role < Role.ADMIN and one.name not in UNLISTED]
    return "".join(f"{one.name} - {' '.join(one.summary.split())}\n" for one in listed)


if __name__ == "__main__":
    sys.stdout.write(botfather_text(REGISTRY))
