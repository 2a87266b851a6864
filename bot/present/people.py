"""The cards about people: who asks to be let in, what became of it, who has which role, and quotas."""

from collections.abc import Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from bot.cards import Button, DialogueCard, Notice
from bot.people_buttons import Decide, ShowPeople, encode
from bot.present import numbers
from core.config.access import Access
from core.domain.people import Grant, Invitation, InvitationState
from core.domain.quota import SCARCE, Left

A_PAGE = 12
_OFFERED = 3
_DECISIONS: tuple[tuple[str, Literal["viewer", "runner"] | None], ...] = (
    ("Viewer:", "viewer"),
    ("Runner:", "runner"),
    ("Deny:", None),
)
_MAY = {
    "viewer": "you may read, open reasoning and vote",
    "runner": "you may read, vote, start runs and subscribe this chat",
}


def asked_notice(person: str, chat: str) -> Notice:
    """Tell a stranger, once, that the admins are asked."""
    where = "" if chat == person else f" in chat {chat}"
    return Notice(
        text="This committee is private. I have asked its admins to let you in; you hear from me here. "
        f"You are {person}{where}.",
        tone="warning",
    )


def invitation_card(asked: Invitation, zone: ZoneInfo) -> DialogueCard:
    """Ask an admin whether to let somebody in."""
    number = asked.number
    return DialogueCard(
        title="Somebody asks to be let in",
        facts=(*_about(asked, zone), ("Open until", numbers.moment(asked.expires_at, zone))),
        footer="What you approve holds in that chat alone; /people changes roles later. "
        "Whoever is denied hears nothing more.",
        buttons=(
            Button(label="Approve as viewer", data=encode(Decide(number, "viewer"))),
            Button(label="Approve as runner", data=encode(Decide(number, "runner"))),
            Button(label="Deny", data=encode(Decide(number, None))),
        ),
    )


def decided_card(over: Invitation, zone: ZoneInfo) -> DialogueCard:
    """Tell an admin what became of an invitation."""
    match over.state:
        case InvitationState.APPROVED:
            what = f"Approved as {over.role} by {over.decided_by}"
        case InvitationState.DENIED:
            what = f"Denied by {over.decided_by}"
        case _:
            what = "Expired: nobody decided it, and the person may ask again"
    facts = _about(over, zone)
    if over.decided_at is not None:
        facts = (*facts, ("Decided", numbers.moment(over.decided_at, zone)))
    return DialogueCard(title=what, facts=facts, footer="/people lists who has which role.")


def outcome_notice(over: Invitation) -> Notice:
    """Tell whoever asked what an admin has decided."""
    who = f"{over.name}: " if over.name and not _is_private(over) else ""
    if over.state is InvitationState.APPROVED and over.role is not None:
        where = "here" if _is_private(over) else "in this chat"
        example = "/run NVDA asks the committee" if over.role == "runner" else "/leaderboard shows who leads"
        return Notice(
            text=f"{who}Welcome! An admin has let you in as {over.role}: {where} {_MAY[over.role]}. "
            f"{example}, and /help lists everything."
        )
    return Notice(text=f"{who}An admin has decided not to let you in.", tone="warning")


def people_card(
    access: Access,
    grants: Sequence[Grant],
    waiting: Sequence[Invitation],
    *,
    chat: str | None,
    page: int = 1,
    done: str = "",
    somebody: str = "telegram:1002",
) -> DialogueCard:
    """List who has which role, in one chat or for None in all, with the oldest who wait to be let in.

    `somebody` stands in the examples.
    """
    lines = [*_configured(access, chat), *_granted(grants)]
    lines += [(f"{one.name or one.person} ({one.person})", f"asks for {_chat(one)}") for one in waiting]
    pages = max(-(-len(lines) // A_PAGE), 1)
    page = min(page, pages)
    turns = [("◀ Back", page - 1)] if page > 1 else []
    turns += [("Next ▶", page + 1)] if page < pages else []
    decide = [
        Button(label=f"{what} {one.name or one.person}"[:40], data=encode(Decide(one.number, role)))
        for one in waiting[:_OFFERED]
        for what, role in _DECISIONS
    ]
    where = "" if chat is None else " here"
    return DialogueCard(
        title=f"Who has which role{where}",
        text=done,
        facts=tuple(lines[(page - 1) * A_PAGE : page * A_PAGE]),
        examples=(f"/people {somebody} runner here", f"/people remove {somebody}"),
        footer=f"Page {page} of {pages}. Roles of [access] are changed in the configuration alone.",
        buttons=(
            *decide,
            *(Button(label=label, data=encode(ShowPeople(to))) for label, to in turns),
        ),
    )


def changed_words(given: Grant, stands: str | None) -> str:
    """Say what a grant gives; `stands` is the greater role that [access] gives all the same."""
    who = given.person or "Everybody"
    where = f"in {_place(given.chat, given.thread)}" if given.chat else "everywhere"
    more = f" By [access] the person is {stands} there all the same." if stands else ""
    return f"{who} is {given.role} {where} now.{more}"


def removed_words(person: str, chat: str, count: int, thread: str = "") -> str:
    """Say what was taken from a person."""
    where = f"in {_place(chat, thread)}" if chat else "anywhere"
    who = person or "Everybody"
    if not count and not chat:
        return f"{who} had no role that was given in a chat; nothing has changed."
    if not person:
        return f"Not everybody has a role {where} any more."
    return f"{who} has no role {where} any more."


def quota_words(left: Sequence[Left], *, only_scarce: bool) -> str:
    """Say what is left today, such as "2 of your 10 runs left today"; with `only_scarce`, where it is little.

    Little is a fifth of the quota or less.
    """
    parts = []
    for one in left:
        runs, usd = one.runs, one.usd
        if runs is not None and one.quota.runs and (not only_scarce or runs <= one.quota.runs * SCARCE):
            parts.append(f"{runs} of {one.whose} {numbers.counted(one.quota.runs, 'run')} left today")
        if usd is not None and one.quota.usd and (not only_scarce or usd <= one.quota.usd * SCARCE):
            parts.append(f"{numbers.usd(usd)} of {one.whose} {numbers.usd(one.quota.usd)} left today")
    return ", ".join(parts)


def _about(asked: Invitation, zone: ZoneInfo) -> tuple[tuple[str, str], ...]:
    who = f"{asked.name} ({asked.person})" if asked.name else asked.person
    return ("Who", who), ("Where", _chat(asked)), ("Asked", numbers.moment(asked.asked_at, zone))


def _chat(asked: Invitation) -> str:
    return "a private chat with me" if _is_private(asked) else asked.chat


def _is_private(asked: Invitation) -> bool:
    return asked.chat == asked.person or asked.chat.startswith("slack:D")


def _place(chat: str, thread: str) -> str:
    return f"thread {thread} of {chat}" if thread else chat


def _configured(access: Access, chat: str | None) -> list[tuple[str, str]]:
    lines = [(admin, "admin everywhere, by [access]") for admin in access.admins]
    for person in access.people:
        if chat is None or person.chat in {None, chat}:
            where = f"in {_place(person.chat, person.thread or '')}" if person.chat else "everywhere"
            lines.append((person.id, f"{person.role} {where}, by [access]"))
    lines += [
        ("Everybody", f"{room.role} in {_place(room.id, room.thread or '')}, by [access]")
        for room in access.chats
        if chat is None or room.id == chat
    ]
    return lines


def _granted(grants: Sequence[Grant]) -> list[tuple[str, str]]:
    lines = []
    for one in grants:
        where = f"in {_place(one.chat, one.thread)}" if one.chat else "everywhere"
        role = "no role" if one.role == "nobody" else one.role
        lines.append((one.person or "Everybody", f"{role} {where}, by {one.granted_by}"))
    return lines
