"""The list of use cases."""

from collections.abc import AsyncIterator

from core.clock import Clock
from core.config import Settings
from core.domain.books import Leaderboard, Statement
from core.domain.events import RunEvent
from core.domain.member import Member
from core.domain.run import RunRecord, RunRequest
from core.domain.stage import ModelChat


class App:
    """One arena, open for use. Made by `core.app.assemble.open_app`; close it when done."""

    settings: Settings
    clock: Clock

    def run(self, request: RunRequest) -> AsyncIterator[RunEvent]:
        """Start a run, or join the one in flight for the same request, and tell its events from the start.

        Leaving the iterator early does not stop the run: `cancel` does. The stream always ends with
        RunEnded unless the run could not start.

        Raises:
            Refused: unknown preset or member, or a broken ticker.
            NoPrices: no vendor had usable prices.
        """
        raise NotImplementedError

    def watch(self, run_id: str) -> AsyncIterator[RunEvent]:
        """Tell the events of a run that goes on in this process, from its start; a finished one just ends.

        Raises:
            NotFound: there is no such run.
        """
        raise NotImplementedError

    def resume(self, run_id: str) -> AsyncIterator[RunEvent]:
        """Continue an interrupted run at its first missing stage, and tell its events.

        Raises:
            NotFound: there is no such run.
            Refused: the run is over, or another process is working on it.
        """
        raise NotImplementedError

    async def resume_interrupted(self) -> tuple[str, ...]:
        """Continue every interrupted run in the background and return their ids."""
        raise NotImplementedError

    async def cancel(self, run_id: str) -> bool:
        """Stop a run of this process, keeping what is done; False when it does not run here."""
        raise NotImplementedError

    async def record(self, reference: str) -> RunRecord:
        """Return the run with this id, or the latest finished run of this ticker.

        Raises:
            NotFound: there is neither.
        """
        raise NotImplementedError

    async def model_chat(self, reference: str, member: str) -> ModelChat:
        """Return one member's complete record of a run (`reference` as in `record`).

        Raises:
            NotFound: no such run, or the member had no seat in it.
        """
        raise NotImplementedError

    async def member(self, text: str) -> Member:
        """Return the member whose name is `text`, or of which it is the only match as a part.

        Raises:
            NotFound: none or several match; the sentence lists the names.
        """
        raise NotImplementedError

    async def member_numbered(self, number: int) -> Member:
        """Return the member with this short number.

        Raises:
            NotFound: there is none.
        """
        raise NotImplementedError

    async def members(self) -> tuple[Member, ...]:
        """Return all members of the arena, enabled ones first, in the order of the configuration."""
        raise NotImplementedError

    async def leaderboard(self) -> Leaderboard:
        """Return the ranking in the season of the latest run, at the last marks."""
        raise NotImplementedError

    async def portfolio(self, member: str) -> Statement:
        """Return one member's books in the season of the latest run (`member` as in `member`).

        Raises:
            NotFound: no such member.
        """
        raise NotImplementedError

    async def claim_delivery(self, platform: str, delivery: str) -> bool:
        """Say True exactly once for each platform update, whatever process or restart asks."""
        raise NotImplementedError

    async def greet_once(self, place: str) -> bool:
        """Say True the first time that a stranger (person and chat) turns up, False ever after."""
        raise NotImplementedError

    async def remember_card(
        self, run_id: str, platform: str, chat: str, thread: str | None, message: str
    ) -> int:
        """Keep where a run's live message is, so that a restart can finish it; return the card's number."""
        raise NotImplementedError

    async def card_done(self, card: int) -> None:
        """Note that the final card was delivered (or can never be)."""
        raise NotImplementedError

    async def open_cards(self, platform: str) -> tuple[tuple[int, str, str, str | None, str], ...]:
        """Return cards without a delivered end: number, run id, chat, thread, message."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop what runs (it stays resumable), and release every connection."""
        raise NotImplementedError
