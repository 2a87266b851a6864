"""Settings that cannot be read any more stand in nobody's way, and an admin sets them anew."""

from sqlalchemy import text

from bot.cards import DialogueCard, HelpCard, Notice
from bot.desk import Desk
from bot.request import Address, Person
from core.domain.subscription import ChatTerms
from tests.door_double import request
from tests.postman_scene import ADMIN, CHAT, Opening

pytest_plugins = ("tests.postman_fixtures",)


async def test_damaged_settings_are_told_and_set_back_by_an_admin(starting: Opening) -> None:
    process = await starting()
    app, here, alice = process.app, Address("telegram", CHAT), Person(ADMIN, "Alice")
    await app.subscriptions.set_terms("telegram", CHAT, ChatTerms(language="de"))
    async with app._store.database.write() as connection:
        await connection.execute(text("UPDATE chat_terms SET terms = '{\"zone\": 5}'"))
    desk = Desk(app)
    answers = {
        "help": HelpCard,
        "settings": Notice,
        "settings language fr": Notice,
        "settings default": DialogueCard,
    }
    for number, (line, kind) in enumerate(answers.items()):
        await desk.handle(request(line, alice, here, f"d{number}"), process.door)
        assert isinstance(process.door.last.now, kind), line
    assert (await app.subscriptions.terms("telegram", CHAT)).terms == ChatTerms()
