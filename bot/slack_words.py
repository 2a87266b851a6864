"""What Slack is shown where it does not take a card as it was drawn: the same in words alone."""

from bot.slack_render import SlackMessage

NOTE = " (Slack did not take the whole card, so here it is in words.)"
NO_FILES = frozenset({"missing_scope", "file_uploads_disabled", "access_denied", "restricted_action"})
"""Why a workspace takes no files at all; what a picture says then comes without it."""
SHORT = 1_000
"""Signs of escaped text that are kept where Slack found even the words too long."""
_CARD = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
_WORDS = "msg_too_long"


def in_words(message: SlackMessage, refusal: str) -> SlackMessage | None:
    """Return a refused message without its blocks, or None where something else was wrong with it.

    `refusal` is Slack's name for what is wrong. The words and the note are 4,000 bytes at most.
    """
    if refusal in _CARD:
        return SlackMessage(message.text + NOTE, [])
    if refusal == _WORDS:
        # Up to a space, because an escaped sign must stay whole.
        words = message.text[:SHORT].rpartition(" ")[0] if len(message.text) > SHORT else message.text
        return SlackMessage(words + NOTE, [])
    return None


def without_picture(message: SlackMessage, refusal: str) -> SlackMessage | None:
    """Return what a refused picture says, or None where neither a picture nor its text was the trouble."""
    return message if refusal in NO_FILES else in_words(message, refusal)
