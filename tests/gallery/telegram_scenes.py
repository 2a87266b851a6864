"""The pictures of Telegram: what is typed and pressed, and the messages that come of it."""

from dataclasses import replace

from tests.gallery.stage import ALICE, BEN, Stage
from tests.gallery.telegram_look import Seen, chat, inserted, offers, seen
from tests.loopback.telegram_inline import Article, inquire, insert
from tests.loopback.telegram_world import Chat, Shown, User

PATIENCE_S = 40.0
OFFERED = 5
"""What a phone shows at once; the rest is scrolled to."""
Scenes = dict[str, str]


async def verdict_and_reasoning(made: Stage, scenes: Scenes) -> None:
    """A run from its first steps to the reasoning of one model."""
    server, mine = made.telegram, made.telegram.private(ALICE)
    made.hold("claude", "You argue for owning")
    made.hold("gpt", "You cast the ballot")
    made.hold("gemini", "You are the trader")
    server.say(mine, ALICE, "/run GOOG")
    progress = await _said(made, mine, "Asking", "bull", "trader")
    await server.until(lambda: "12 of 12" in progress.text, "gpt at its decision", PATIENCE_S)
    await server.until(lambda: "SELL" in progress.text, "deepseek is done", PATIENCE_S)
    scenes["telegram-progress"] = chat("/run GOOG", seen(server, progress))
    made.go_on()
    verdict = await _said(made, mine, "Confidence")
    scenes["telegram-verdict"] = chat("/run GOOG", seen(server, verdict))
    server.press(verdict, verdict.button("claude"), ALICE)
    reasoning = await _said(made, mine, "claude on GOOG")
    server.press(reasoning, reasoning.button("Bull"), ALICE)
    await server.until(lambda: "The averages point" in reasoning.text, "the bull's case", PATIENCE_S)
    message = seen(server, reasoning, reply_to=verdict.text.split("\n")[0])
    scenes["telegram-reasoning"] = chat(replace(message, unfolded=True))


async def asking(made: Stage, scenes: Scenes) -> None:
    """One model's answer, and all that it wrote."""
    server, mine = made.telegram, made.telegram.private(ALICE)
    server.say(mine, ALICE, "/ask GOOG claude --stake 12000")
    answer = await _said(made, mine, "was asked for")
    scenes["telegram-ask"] = chat("/ask GOOG claude --stake 12000", seen(server, answer))


async def pictures(made: Stage, scenes: Scenes) -> None:
    """The leaderboard as a light picture, and its curves as a dark one."""
    server, mine = made.telegram, made.telegram.private(ALICE)
    server.say(mine, ALICE, "/leaderboard")
    board = await _said(made, mine, "Leaderboard")
    scenes["telegram-leaderboard"] = chat("/leaderboard", seen(server, board))
    server.say(mine, ALICE, "/settings dark on")
    await _said(made, mine, "dark")
    server.say(mine, ALICE, "/leaderboard")
    dark = await _newer(made, mine, board)
    server.press(dark, dark.button("Curves"), ALICE)
    await server.until(lambda: "Equity curves" in dark.text, "the curves", PATIENCE_S)
    scenes["telegram-curves-dark"] = chat(seen(server, dark))


async def rich(made: Stage, scenes: Scenes) -> None:
    """The verdict where the server takes rich messages; it must do so since before `conclave serve` began."""
    server, mine = made.telegram, made.telegram.private(ALICE)
    server.say(mine, ALICE, "/why GOOG")
    verdict = await _said(made, mine, "GOOG · BUY")
    assert verdict.rich
    scenes["telegram-rich"] = chat("/why GOOG", seen(server, verdict))


async def inline(made: Stage, scenes: Scenes) -> None:
    """What is offered in another chat, and what somebody chose of it."""
    server = made.telegram
    elsewhere = Chat(BEN.id + 5, "private", "Ben")
    server.chats[elsewhere.id] = elsewhere
    chosen = (await _offered(made, ALICE, "GOOG claude"))[0]
    html = next(
        result["input_message_content"]["message_text"]
        for call in reversed(server.calls)
        if call.method == "answerInlineQuery"
        for result in call.params["results"]
        if result["id"] == chosen.id
    )
    insert(server, elsewhere, ALICE, chosen)
    asked = Seen("What do your models say about Google?", ())
    found = await _offered(made, ALICE, "GOOG")
    scenes["telegram-inline"] = chat(
        asked,
        replace(inserted(chosen, html, via=f"@{server.username}"), unfolded=True),
        title="Ben",
        under="last seen recently",
        below=offers(found[:OFFERED], f"@{server.username} GOOG"),
    )


async def _offered(made: Stage, user: User, text: str) -> list[Article]:
    query = inquire(made.telegram, user, text)
    offered = await made.telegram.until(lambda: made.telegram.offers.get(query), text, PATIENCE_S)
    return list(offered.articles)


async def _said(made: Stage, where: Chat, *words: str) -> Shown:
    def found() -> Shown | None:
        newest = made.telegram.messages(where)[-1:]
        return next((one for one in newest if all(word in one.text for word in words)), None)

    message = await made.telegram.until(found, repr(words), PATIENCE_S)
    assert isinstance(message, Shown)
    return message


async def _newer(made: Stage, where: Chat, before: Shown) -> Shown:
    def found() -> Shown | None:
        return next((m for m in made.telegram.messages(where) if m.id > before.id and m.file), None)

    message = await made.telegram.until(found, "a newer picture", PATIENCE_S)
    assert isinstance(message, Shown)
    return message
