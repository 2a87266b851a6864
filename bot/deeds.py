"""What of commands and buttons goes into the audit trail, and in which words."""

from collections.abc import Awaitable, Callable, Mapping

from bot import dialogue_buttons
from bot.access import Standing
from bot.arguments import shown
from bot.buttons import CastVote
from bot.buttons import decode as decode_button
from bot.cards import Card
from bot.commands import find
from bot.confirming import deed_in_words
from bot.dialogue_buttons import Change, Choose, Deed, SetTerms, asks_only
from bot.present.dialogue import OTHER
from bot.present.notices import NothingDone, Refusal, admins_only_notice
from bot.present.question import is_question
from bot.presses import kind_of
from bot.request import Address, Person
from bot.watch_buttons import decode as decode_watched
from core.app.app import App
from core.domain.errors import ConclaveError, NotAllowed, NotFound, Refused
from core.domain.subscription import Topic

CLAIM = "claim"
_READING = frozenset({*"ahkoefiqy", "it", "qp"})
"""The kinds of buttons that show something else of what there is, or hand it out."""
_CHANGES = {Deed.PAUSE: "pause", Deed.RESUME: "resume", Deed.DELETE: "delete", Deed.UNDO: "delete"}


class Noted:
    """Writes down what one person does in one place, or is refused there."""

    def __init__(self, app: App, address: Address, person: Person, standing: Standing) -> None:
        self._app = app
        self._address = address
        self._person = person
        self._held_back = standing.held_back

    async def refused(self, what: str, note: str = "") -> None:
        """Write down that something was refused."""
        place = self._address.chat_id, self._address.thread
        await self._app.people.deeds.note(self._person.id, *place, what, "refused", note)

    async def done(self, what: str) -> None:
        """Write down that something was done which only some may do."""
        place = self._address.chat_id, self._address.thread
        await self._app.people.deeds.note(self._person.id, *place, what, "done")

    async def answer(self, card: Card | None, what: str, *, privileged: bool = False) -> Card | None:
        """Write down what an answer says was refused or done, and return what the person is to read."""
        if isinstance(card, Refusal):
            await self.refused(what, card.text)
            if self._held_back and card.needed == "runner":
                return admins_only_notice()
        elif privileged and not isinstance(card, NothingDone) and not is_question(card):
            await self.done(what)
        return card

    async def carried_out(
        self, work: Awaitable[Card | None], what: str, *, privileged: bool, by_button: bool = False
    ) -> Card | None:
        """Await the answer to a command or button, and write down what came of it.

        Raises:
            ConclaveError: as the work does; it is written down where it refuses somebody something.
        """
        try:
            card = await work
        except ConclaveError as error:
            told_off = isinstance(error, NotAllowed) or (by_button and isinstance(error, Refused))
            if told_off or privileged:
                missing = isinstance(error, NotFound) and not privileged
                if not missing:
                    await self.refused(what, str(error))
            raise
        return await self.answer(card, what, privileged=privileged)


def word_of(text: str) -> str:
    """Return the command that a stranger typed, or that it is none; never what they wrote."""
    words = text.split()
    try:
        return f"/{find(words[0] if words else 'start').name}"
    except Refused:
        return "a message"


def deed_of_words(text: str) -> str:
    """Return a command for the audit trail, with its name in full and what stands behind it."""
    name = word_of(text)
    if name == f"/{CLAIM}":
        return name  # what stands behind it is a secret
    return " ".join([name, *text.split()[1:]])


def doing_of(text: str) -> str:
    """Return how the log names what somebody typed: as it is, but for a secret in it."""
    return f"“{CLAIM} …”" if word_of(text) == f"/{CLAIM}" else f"“{shown(text)}”"


def deed_of_press(data: str) -> tuple[str | None, bool]:
    """Return what a button does, in words, and whether that is something which only some may do.

    None is for a button that sends a command: the command is written down itself.

    Buttons that decide about people write that down themselves, with the person.
    """
    kind = kind_of(data)
    if kind in {"m", "mn"}:
        return None, False
    if always := _ALWAYS.get(kind):
        return always
    if told := _TOLD.get(kind):
        return told(data)
    try:
        return ("button: vote" if isinstance(decode_button(data), CastVote) else "button: read"), False
    except Refused:
        return "button: unknown", False


def _watched(data: str) -> tuple[str, bool]:
    try:
        ticker = decode_watched(data).ticker
    except Refused:
        return "button: unknown", False
    return ("button: read", False) if ticker is None else (f"button: watch remove {ticker}", True)


def _dialogue(data: str) -> tuple[str, bool]:
    try:
        wish = dialogue_buttons.decode(data)
    except Refused:
        return "button: unknown", False
    match wish:
        case Change():
            return f"button: {_CHANGES[wish.deed]} subscription {wish.number}", True
        case SetTerms():
            return f"button: settings {wish.setting}", not asks_only(wish.setting)
        case Choose():
            about = f" {wish.topic}" if wish.topic else ""
            return f"button: subscribe{about}", _is_last(wish)
    return "button: subscriptions", False


def _is_last(wish: Choose) -> bool:
    """Say whether all is chosen, so that this press subscribes."""
    if wish.topic is Topic.ALERTS:
        return True
    timed = wish.time is not None and wish.time != OTHER
    return timed and (wish.tickers is not None or wish.topic is not Topic.VERDICTS)


_ALWAYS: Mapping[str, tuple[str, bool]] = {
    **dict.fromkeys(_READING, ("button: read", False)),
    "g": ("button: people", False),
    "x": ("button: stop a run", True),
    "au": ("button: audit", False),
}
_TOLD: Mapping[str, Callable[[str], tuple[str, bool]]] = {"s": _dialogue, "t": _watched, "c": deed_in_words}
