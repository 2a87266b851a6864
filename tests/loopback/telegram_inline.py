"""Inline mode of the loopback server: people ask in any chat, and put what is offered into it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.loopback.telegram_rules import Parsed, Refusal, check_keyboard, check_start_payload, check_text
from tests.loopback.telegram_world import BOT_ID, QUERY_S, Chat, Shown, User

if TYPE_CHECKING:
    from tests.loopback.telegram_server import TelegramServer

RESULTS = 50
ID_BYTES = 64
OFFSET_BYTES = 64
QUERY_SIGNS = 256
BUTTON_SIGNS = 64


@dataclass(frozen=True)
class Article:
    """One thing that a person may choose, as they would see it."""

    id: str
    title: str
    description: str
    message: Parsed
    buttons: list[list[dict[str, Any]]]
    preview: bool

    @property
    def links(self) -> list[str]:
        """The addresses of the buttons below the message."""
        return [str(button.get("url")) for row in self.buttons for button in row]


@dataclass(frozen=True)
class Offers:
    """One answer to an inline query."""

    articles: list[Article]
    cache_s: int
    personal: bool
    next_offset: str
    button: dict[str, Any] | None

    @property
    def titles(self) -> list[str]:
        return [article.title for article in self.articles]


def inquire(server: "TelegramServer", user: User, text: str, offset: str = "") -> str:
    """Let a person write the bot's name and `text` in some chat; returns the id of the query."""
    assert len(text) <= QUERY_SIGNS
    asked = {"from": user.json(), "query": text, "offset": offset, "chat_type": "supergroup"}
    update = server.put("inline_query", asked)
    return f"8{update}"


def insert(server: "TelegramServer", chat: Chat, user: User, article: Article) -> Shown:
    """Let a person put what was offered into a chat; the bot hears of it where it is a member."""
    shown = Shown(
        next(server.message_ids),
        chat.id,
        article.message.text,
        article.message.entities,
        article.buttons,
        by_bot=False,
        silent_preview=not article.preview,
    )
    server.shown[(chat.id, shown.id)] = shown
    via = User(BOT_ID, "Conclave", is_bot=True).json()
    server.put("message", {**server.message_json(shown, user), "via_bot": via})
    return shown


def press_inserted(server: "TelegramServer", user: User, data: str) -> str:
    """Let a person press a button below such a message, of whose chat the bot hears nothing."""
    pressed = {"from": user.json(), "chat_instance": "1", "inline_message_id": "AAQBAAf", "data": data}
    return f"9{server.put('callback_query', pressed)}"


def answer_inline_query(server: "TelegramServer", params: dict[str, Any]) -> bool:
    query = str(params.get("inline_query_id", ""))
    asked = server.inquiries.get(query)
    results, offset = params.get("results"), str(params.get("next_offset", ""))
    if not isinstance(results, list):
        raise Refusal("Bad Request: can't parse inline query results JSON object")
    if len(results) > RESULTS:
        raise Refusal("Bad Request: Too many inline query results specified")
    if len(offset.encode()) > OFFSET_BYTES:
        raise Refusal("Bad Request: NEXT_OFFSET_INVALID")
    articles = [_article(result) for result in results]
    if len({article.id for article in articles}) < len(articles):
        raise Refusal("Bad Request: RESULT_ID_DUPLICATE")
    button = _button(params.get("button"))
    cache = int(params.get("cache_time", 300))
    if cache < 0:
        raise Refusal("Bad Request: CACHE_TIME_INVALID")
    if asked is None or server.clock.monotonic() - asked > QUERY_S:
        raise Refusal(
            "Bad Request: query is too old and response timeout expired or query ID is invalid", fault=False
        )
    del server.inquiries[query]
    personal = params.get("is_personal") in {True, "true"}
    server.offers[query] = Offers(articles, cache, personal, offset, button)
    return True


def _article(result: Any) -> Article:
    if not isinstance(result, dict) or result.get("type") != "article":
        raise Refusal("Bad Request: can't parse inline query result")
    own = str(result.get("id", ""))
    if not 1 <= len(own.encode()) <= ID_BYTES:
        raise Refusal("Bad Request: RESULT_ID_INVALID")
    title = str(result.get("title") or "")
    if not title.strip():
        raise Refusal("Bad Request: ARTICLE_TITLE_EMPTY")
    content = result.get("input_message_content")
    if not isinstance(content, dict):
        raise Refusal("Bad Request: MESSAGE_EMPTY")
    message = check_text(str(content.get("message_text", "")), content.get("parse_mode"))
    preview = not (content.get("link_preview_options") or {}).get("is_disabled")
    buttons = check_keyboard(result.get("reply_markup"))
    return Article(own, title, str(result.get("description") or ""), message, buttons, preview)


def _button(button: Any) -> dict[str, Any] | None:
    if button is None:
        return None
    text = button.get("text") if isinstance(button, dict) else None
    if not isinstance(text, str) or not 1 <= len(text) <= BUTTON_SIGNS:
        raise Refusal("Bad Request: BUTTON_TEXT_INVALID")
    if len({"start_parameter", "web_app"} & set(button)) != 1:
        raise Refusal("Bad Request: can't parse inline query results button")
    if "start_parameter" in button:
        check_start_payload(str(button["start_parameter"]))
    return dict(button)
