"""The pictures of Slack: what is typed and pressed, and the messages and windows that come of it."""

from tests.gallery.slack_look import Look
from tests.gallery.stage import CHANNEL, CHANNEL_NAME, SLACK_ALICE, Stage
from tests.loopback.slack_rules import strings
from tests.loopback.slack_state import Message, View
from tests.service import actions

PATIENCE_S = 40.0
Scenes = dict[str, str]
ASK = "conclave-form.ask"
TITLE = f"# {CHANNEL_NAME}"


async def verdict_and_reasoning(made: Stage, scenes: Scenes) -> None:
    """A run in a channel, and the window with one model's reasoning."""
    slack = made.slack
    await slack.slash("/run", "GOOG", SLACK_ALICE, CHANNEL)

    def ended() -> Message | None:
        return next((m for m in slack.messages(CHANNEL) if "conclave.why.0" in actions(m)), None)

    verdict = await slack.until(ended, PATIENCE_S)
    assert isinstance(verdict, Message)
    look = _look(made)
    scenes["slack-verdict"] = look.channel(
        TITLE, look.person("Alice", "/run GOOG"), look.message(verdict.blocks)
    )
    await slack.click(verdict, "conclave.why.0", SLACK_ALICE)
    window = await _window(made, "claude")
    stages = next(
        element
        for block in window.blocks
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "static_select" and any(o["text"]["text"] == "Bull" for o in element["options"])
    )
    await slack.click(window, stages["action_id"], SLACK_ALICE, option="Bull")
    window = await _window(made, "The averages point")
    scenes["slack-reasoning"] = look.modal(window.view)
    slack.close_views(SLACK_ALICE)


async def asking(made: Stage, scenes: Scenes) -> None:
    """One model's answer in a channel."""
    slack = made.slack
    await slack.slash("/ask", "GOOG simple", SLACK_ALICE, CHANNEL)

    def answered() -> Message | None:
        return next((m for m in slack.messages(CHANNEL) if "conclave.answer.0" in actions(m)), None)

    answer = await slack.until(answered, PATIENCE_S)
    assert isinstance(answer, Message)
    look = _look(made)
    scenes["slack-answer"] = look.channel(
        TITLE, look.person("Alice", "/ask GOOG simple"), look.message(answer.blocks)
    )


async def home_and_form(made: Stage, scenes: Scenes) -> None:
    """The Home tab with a subscription of the channel, and the form that asks the committee."""
    slack = made.slack
    before = len(slack.messages(CHANNEL))
    await slack.slash("/subscribe", "digest weekdays 09:00", SLACK_ALICE, CHANNEL)
    await slack.wait_messages(CHANNEL, before + 1, PATIENCE_S)
    await slack.open_home(SLACK_ALICE)

    def whole() -> View | None:
        page = slack.page_of(SLACK_ALICE)
        return page if page and "09:00" in str(page.blocks) else None

    page = await slack.until(whole, PATIENCE_S)
    assert isinstance(page, View)
    scenes["slack-home"] = _look(made).home(page.view)
    await slack.shortcut(ASK, SLACK_ALICE)
    window = await _window(made, "Up to five")
    scenes["slack-ask"] = _look(made).modal(window.view)


def _look(made: Stage) -> Look:
    return Look(made.slack.uploads, {CHANNEL: CHANNEL_NAME})


async def _window(made: Stage, words: str) -> View:
    """The window on top once it says these words."""

    def found() -> View | None:
        on_top = made.slack.views(SLACK_ALICE)[-1:]
        return next((v for v in on_top if words in "\n".join(text for _, text in strings(v.view))), None)

    view = await made.slack.until(found, PATIENCE_S)
    assert isinstance(view, View)
    return view
