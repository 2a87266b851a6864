"""Pictures on Slack: uploaded without being shared, then shown by a message that can be edited.

A message that shares a file can never be edited. So a picture is uploaded for the app alone, and a block of
an ordinary message refers to it. Slack may need a moment until it knows a file that it has just taken, and
refuses such blocks until then; where it goes on refusing them, the picture is shared as a file after all,
with its description.
"""

from collections.abc import Awaitable, Callable

from bot.cards import PictureCard
from bot.door import ChatGone, DeliveryFailed, Flooded
from bot.slack_api import SlackApi, SlackRefused
from bot.slack_blocks import Block
from bot.slack_picture import MAX_TITLE, alt, comment, image
from bot.slack_render import SlackMessage, render
from bot.slack_text import clamp, one_line
from core.clock import Clock

UPLOAD_TIMEOUT_S = 60.0
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 3.0)
"""Before each try to show a file that has just been uploaded."""
SHARED_FOR_S = 900.0
"""How long pictures are shared as files once Slack has refused the other way for good."""
NOT_KNOWN_YET = "invalid_blocks"

Put = Callable[[SlackMessage], Awaitable[str]]


class NotShown(SlackRefused):
    """Slack does not show uploaded files in messages here."""


class NotUploaded(DeliveryFailed):
    """Slack did not take the picture itself, so that nothing of it can be seen anywhere."""


class Uploads:
    """The pictures of one workspace."""

    def __init__(self, api: SlackApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._shared_until = float("-inf")

    @property
    def shared(self) -> bool:
        """Whether pictures are shared as files for the time being."""
        return self._clock.monotonic() < self._shared_until

    async def show(self, card: PictureCard, put: Put) -> str:
        """Upload a picture and let `put` post or edit the message that shows it; return what it returns.

        Raises:
            NotShown: Slack does not take such a message.
            NotUploaded: Slack took no picture, and nobody sees anything of it.
            DeliveryFailed: Slack took the picture and not the message.
        """
        try:
            file = await self._upload(card)
        except (ChatGone, Flooded):
            raise
        except DeliveryFailed as error:
            raise NotUploaded(str(error)) from None
        message = render(card)
        blocks: list[Block] = [image(card, file), *message.blocks]
        for pause in PAUSES_S:
            await self._clock.sleep(pause)
            try:
                return await put(SlackMessage(message.text, blocks))
            except SlackRefused as error:
                if error.code != NOT_KNOWN_YET:
                    raise
        self._shared_until = self._clock.monotonic() + SHARED_FOR_S
        raise NotShown("chat.postMessage", NOT_KNOWN_YET)

    async def share(self, card: PictureCard, channel: str, thread: str | None) -> str:
        """Share a picture as a file with its facts as the comment; return the id of the file.

        Raises:
            DeliveryFailed: Slack did not take it.
        """
        return await self._upload(card, channel, thread, comment(card))

    async def _upload(
        self,
        card: PictureCard,
        channel: str | None = None,
        thread: str | None = None,
        told: str | None = None,
    ) -> str:
        answer = await self._api.call(
            "files.upload",
            lambda client: client.files_upload_v2(
                filename=card.name,
                title=clamp(one_line(card.title), MAX_TITLE),
                file=card.png,
                alt_txt=alt(card),
                channel=channel,
                thread_ts=thread,
                initial_comment=told,
            ),
            timeout_s=UPLOAD_TIMEOUT_S,
        )
        files = answer.get("files") or [{}]
        return str(files[0].get("id", "F"))
