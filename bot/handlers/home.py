"""The buttons of people's own pages, and of the windows that open from them."""

from bot.cards import Card
from bot.commands import REGISTRY
from bot.handlers.call import PressCall
from bot.handlers.why import page_shown
from bot.home_buttons import PostPage, ShowBoard, ShowHelp, decode
from bot.present.help import help_card
from bot.present.leaderboard import leaderboard_card


async def home_pressed(call: PressCall) -> Card:
    """Return what a button of a page opens; everybody with a role may look.

    Raises:
        NotFound: the run, or the member's seat in it, is not there (any more).
        Refused: the data are not of this version's making.
    """
    match decode(call.press.data):
        case ShowBoard():
            return leaderboard_card(await call.app.leaderboard(), call.app.settings.scores)
        case ShowHelp():
            return help_card([command for command in REGISTRY if command.role <= call.role])
        case PostPage(page=page):
            return await page_shown(call, page)
