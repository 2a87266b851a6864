"""Grants, invitations, deeds and quotas kept in memory, in place of the store's."""

from datetime import datetime
from types import SimpleNamespace
from typing import Literal, cast

from core.app.estimates import Estimates
from core.app.people import People
from core.app.quotas import Quotas
from core.clock import Clock
from core.config import Settings
from core.domain.people import Asked, Decision, Deed, Grant, Invitation, InvitationState
from core.domain.quota import Allowance, Used
from core.store.store import Store


class PeopleDouble:
    """What `store.people`, `store.deeds` and `store.runs` are asked about people."""

    def __init__(self) -> None:
        self.given: dict[tuple[str, str, str], Grant] = {}
        self.invitations: dict[int, Invitation] = {}
        self.noted: list[Deed] = []
        self.used = (Used(), Used())

    async def grants_at(self, person: str, chat: str) -> tuple[Grant, ...]:
        return tuple(g for g in self.given.values() if g.person in {"", person} and g.chat in {"", chat})

    async def grants_of(self, chat: str | None = None) -> tuple[Grant, ...]:
        return tuple(g for g in self.given.values() if chat is None or g.chat in {"", chat})

    async def grant(self, given: Grant) -> None:
        self.given[given.person, given.chat, given.thread] = given

    async def revoke(
        self, person: str, chat: str | None, nobody: Grant | None = None, *, thread: str = ""
    ) -> int:
        gone = [key for key in self.given if key[0] == person and chat in {None, key[1]}]
        gone = [key for key in gone if thread in {"", key[2]}]
        for key in gone:
            del self.given[key]
        if nobody is not None:
            await self.grant(nobody)
        return len(gone)

    async def ask(
        self, asking: Invitation, *, most: int, most_in_chat: int
    ) -> tuple[Asked, Invitation | None]:
        mine = [one for one in self.invitations.values() if one.person == asking.person]
        if any(one.state is InvitationState.DENIED for one in mine):
            return Asked.DENIED, None
        waiting = await self.open_invitations(asking.asked_at)
        if any(one.person == asking.person and one.chat == asking.chat for one in waiting):
            return Asked.WAITING, None
        here = [one for one in waiting if one.chat == asking.chat]
        if len(waiting) >= most or len(here) >= most_in_chat:
            return Asked.FULL, None
        made = asking.model_copy(update={"number": len(self.invitations) + 1})
        self.invitations[made.number] = made
        return Asked.NEW, made

    async def decide(
        self, number: int, role: Literal["viewer", "runner"] | None, by: str, at: datetime
    ) -> Decision | None:
        await self.unsettled(at)
        found = self.invitations.get(number)
        if found is None or found.state is not InvitationState.ASKED:
            return None if found is None else Decision(found, decided=False)
        state = InvitationState.DENIED if role is None else InvitationState.APPROVED
        self._set(number, state=state, role=role, decided_by=by, decided_at=at)
        if role is not None:
            await self.grant(Grant(person=found.person, chat=found.chat, role=role, granted_by=by, at=at))
        return Decision(self.invitations[number], decided=True)

    async def invitation(self, number: int) -> Invitation | None:
        return self.invitations.get(number)

    async def open_invitations(self, now: datetime, chat: str | None = None) -> tuple[Invitation, ...]:
        open_ones = (one for one in self.invitations.values() if one.state is InvitationState.ASKED)
        return tuple(one for one in open_ones if one.expires_at > now and chat in {None, one.chat})

    async def unsettled(self, now: datetime) -> tuple[Invitation, ...]:
        for one in tuple(self.invitations.values()):
            if one.state is InvitationState.ASKED and one.expires_at <= now:
                self._set(one.number, state=InvitationState.EXPIRED)
        return tuple(one for one in self.invitations.values() if not one.settled)

    async def claim_telling(self, number: int, admin: str) -> bool:
        told = self.invitations[number].told
        if any(who == admin for who, _ in told):
            return False
        self._set(number, told=(*told, (admin, "")))
        return True

    async def note_told(self, number: int, admin: str, place: str | None) -> None:
        others = tuple(entry for entry in self.invitations[number].told if entry[0] != admin)
        self._set(number, told=others if place is None else (*others, (admin, place)))

    async def claim_answer(self, number: int) -> bool:
        new = not self.invitations[number].answered
        self._set(number, answered=True)
        return new

    async def give_back_answer(self, number: int) -> None:
        self._set(number, answered=False)

    async def settle(self, number: int) -> None:
        self._set(number, settled=True)

    async def add(self, deed: Deed) -> bool:
        self.noted.append(deed.model_copy(update={"number": len(self.noted) + 1}))
        return True

    async def last(self, limit: int, chat: str | None = None, skip: int = 0) -> tuple[Deed, ...]:
        found = [deed for deed in reversed(self.noted) if chat in {None, deed.chat}]
        return tuple(found[skip : skip + limit])

    async def count(self, chat: str | None = None) -> int:
        return len([deed for deed in self.noted if chat in {None, deed.chat}])

    async def earlier(self, chat_id: str) -> tuple[str, ...]:
        del chat_id
        return ()

    async def used_of(self, allowance: Allowance) -> tuple[Used, Used]:
        del allowance
        return self.used

    def _set(self, number: int, **values: object) -> None:
        self.invitations[number] = self.invitations[number].model_copy(update=values)


class NoEstimates:
    """Nothing is known of what runs cost."""

    async def shares(self, presets: object) -> dict[tuple[str, str], object]:
        del presets
        return {}

    def names(self) -> tuple[str, ...]:
        return ()


def people_of(rows: PeopleDouble, settings: Settings, clock: Clock) -> People:
    """The real use cases over rows in memory."""
    store = cast("Store", SimpleNamespace(people=rows, deeds=rows, runs=rows, known_chats=rows))
    quotas = Quotas(store, settings, cast("Estimates", NoEstimates()), clock)
    return People(store, settings, clock, quotas)
