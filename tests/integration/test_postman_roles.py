"""Roles that admins gave in chats hold for what comes by itself, and their admins hear of troubles."""

from bot.present.notices import NO_ROLE
from core.domain.subscription import ChatTerms
from tests.postman_scene import ADMIN, CHAT, Opening

pytest_plugins = ("tests.postman_fixtures",)

DAILY = "weekly review daily 16:00"
CAROL, ANNE, ROOM = "telegram:777", "telegram:1004", f"telegram:{CHAT}"


async def test_who_has_a_role_by_a_grant_gets_what_they_subscribed_to_until_it_is_taken(
    starting: Opening,
) -> None:
    process = await starting()
    await process.app.people.grant(CAROL, "viewer", by=ADMIN, chat=ROOM)
    await process.subscribes(DAILY, by=CAROL)
    await process.works()
    assert await process.ended() == [("delivered", None)]
    await process.app.people.remove(CAROL, by=ADMIN, chat=ROOM)
    await process.subscribes("leaderboard daily 16:00", by=CAROL)
    await process.works()
    assert sorted(await process.ended()) == [("delivered", None), ("failed", NO_ROLE)]


async def test_a_role_in_another_topic_is_none_in_this_one(starting: Opening) -> None:
    process = await starting()
    await process.app.people.grant(CAROL, "viewer", by=ADMIN, chat=ROOM, thread="7")
    await process.subscribes(DAILY, by=CAROL, thread="7")
    await process.subscribes(DAILY, by=CAROL, thread="8")
    await process.works()
    assert sorted(await process.ended()) == [("delivered", None), ("failed", NO_ROLE)]


async def test_where_only_admins_may_run_a_runners_subscription_causes_no_runs(starting: Opening) -> None:
    process = await starting(access={"admins": [ADMIN], "people": [{"id": CAROL, "role": "runner"}]})
    await process.app.subscriptions.set_terms("telegram", CHAT, ChatTerms(runs_by="admin"))
    await process.subscribes("verdicts NVDA daily 16:00", by=CAROL)
    await process.subscribes(DAILY, by=CAROL)
    await process.works()
    assert sorted(await process.ended()) == [("delivered", None), ("failed", NO_ROLE)]


async def test_an_admin_by_a_grant_hears_of_troubles_like_one_of_the_configuration(starting: Opening) -> None:
    process = await starting()
    await process.app.people.grant(ANNE, "admin", by=ADMIN)
    await process.subscribes(DAILY, by=CAROL)
    await process.works()
    told = [seen.address.chat for seen in process.door.messages.values()]
    assert told == ["1001", "1004"]
