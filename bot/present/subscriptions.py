"""Subscriptions as cards: the list of a chat, and what has come of a wish."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.cards import Button, DialogueCard, SubscriptionLine, SubscriptionsCard
from bot.confirming import Confirmation
from bot.dialogue_buttons import Change, Choose, Deed, ShowList, encode
from bot.present import numbers
from bot.present.prose import counted
from bot.present.question import question_card
from core.domain.subscribed import Estimate, Listed, Subscribed
from core.domain.subscription import SubscriptionState

PAGE = 8
WHEN_IT_HAPPENS = "when it happens"
_FOR_EXAMPLE = "/subscribe 3 digest before open changes number 3."


def list_card(
    all_: Sequence[Listed],
    now: datetime,
    *,
    chat: str,
    page: int = 1,
    done: str | None = None,
    only_delete: bool = False,
) -> SubscriptionsCard | DialogueCard:
    """Return a page of what a chat is subscribed to, counted from 1; `chat` is the chat's mark for buttons.

    `only_delete` offers no button but those that delete.
    """
    if not all_:
        return DialogueCard(
            title="Nothing is subscribed here",
            text=done or "Let the committee report by itself: verdicts, a digest, the leaderboard.",
            footer="Or in one line: /subscribe digest weekdays 09:00",
            buttons=(Button(label="Subscribe…", data=encode(Choose(chat))),),
        )
    pages = -(-len(all_) // PAGE)
    page = min(page, pages)
    shown = all_[(page - 1) * PAGE : page * PAGE]
    turn = [(f"◀ {page - 1}", page - 1)] * (page > 1) + [(f"{page + 1} ▶", page + 1)] * (page < pages)
    of = f" · page {page} of {pages}" if pages > 1 else ""
    return SubscriptionsCard(
        title=f"{numbers.counted(len(all_), 'subscription')}{of}",
        lines=tuple(_line(one, now, _buttons(one, chat, only_delete=only_delete)) for one in shown),
        footer=_FOR_EXAMPLE.replace("3", str(shown[0].subscription.number)),
        done=done,
        page_buttons=tuple(Button(label=label, data=encode(ShowList(chat, at))) for label, at in turn),
    )


def everywhere_card(all_: Sequence[Listed], now: datetime) -> SubscriptionsCard | DialogueCard:
    """Return what is active in all chats, for those who look after the arena."""
    if not all_:
        return DialogueCard(title="No chat is subscribed to anything", footer="/subscribe begins.")
    lines = [_line(one, now, (), place=one.subscription.chat_id) for one in all_]
    return SubscriptionsCard(
        title=f"{numbers.counted(len(all_), 'active subscription')} in all chats",
        lines=tuple(lines),
        footer="Each is changed in its own chat.",
    )


def elsewhere_card(all_: Sequence[Listed], now: datetime, place: str) -> SubscriptionsCard | DialogueCard:
    """Return what another chat is subscribed to, without buttons: those work only where they were made."""
    if not all_:
        return DialogueCard(
            title=f"Nothing is subscribed in {place}",
            footer=f"For instance: /subscribe digest weekdays 09:00 in {place}",
        )
    return SubscriptionsCard(
        title=f"{numbers.counted(len(all_), 'subscription')} in {place}",
        lines=tuple(_line(one, now, ()) for one in all_),
        footer=f"/unsubscribe {all_[0].subscription.number} in {place} deletes number "
        f"{all_[0].subscription.number}.",
    )


def subscribed_card(
    made: Subscribed, now: datetime, *, chat: str | None, changed: bool = False
) -> DialogueCard:
    """Return what a person is told who has subscribed, or changed what there was.

    `chat` is the chat's mark for the button, None where it is another chat than this.
    """
    listed = made.listed
    number = listed.subscription.number
    facts = [("What", listed.line), ("When", listed.when or WHEN_IT_HAPPENS)]
    if listed.when is not None:
        facts.append(("Next", next_words(listed, now)))
    if made.estimate is not None:
        facts.append(("Cost", cost_words(made.estimate)))
    title = f"Subscription {number} is {'changed' if changed else 'made'}"
    if chat is None:
        facts.append(("Where", listed.subscription.chat_id))
        return DialogueCard(
            title=title, facts=tuple(facts), footer="/subscriptions all lists those of every chat."
        )
    return DialogueCard(
        title=title,
        facts=tuple(facts),
        footer="/subscriptions lists all of this chat.",
        buttons=(Button(label=f"Delete {number}", data=encode(Change(chat, Deed.UNDO, number))),),
    )


def deleted_card(ended: Listed) -> DialogueCard:
    """Return what a person is told whose subscription is gone, with the line that would make it again."""
    return DialogueCard(
        title=f"Subscription {ended.subscription.number} is deleted",
        text="Nothing of it comes any more. To have it again:",
        examples=(f"/subscribe {ended.line}",),
    )


def delete_all_card(count: int, name: str, yes: Confirmation) -> DialogueCard:
    """Ask for a second word before everything goes."""
    many = numbers.counted(count, "subscription")
    return question_card(
        f"Delete {'the' if count == 1 else 'all'} {many} of this chat?",
        "Nothing of it will come any more.",
        yes,
        label=f"delete {many}",
        name=name,
    )


def next_words(listed: Listed, now: datetime) -> str:
    """Say when a subscription comes next, in its chat's zone: `Fri 28 Nov 16:30 (New York)`."""
    if listed.subscription.state is SubscriptionState.PAUSED:
        reason = listed.subscription.reason
        return f"paused: {reason}" if reason else "paused"
    if listed.when is None:
        return WHEN_IT_HAPPENS
    if listed.slot is None:
        return "no time to come"
    due, at = (_moment(moment, listed.zone, now) for moment in (listed.slot.due_at, listed.slot.at))
    place = f"({city(listed.zone)})"
    if due == at:
        return f"{at} {place}"
    return f"{due} {place}, after the quiet hours; its time is {at}"


def cost_words(estimate: Estimate) -> str:
    """Say what a subscription to verdicts will cost a day."""
    if estimate.models == 0:
        return "costs nothing: only rules without a model take part"
    if estimate.usd_a_day is None:
        return (
            "what it costs is not known: the prices of the models are not"
            if estimate.has_run
            else "what it costs is not known yet: no run with this preset has finished"
        )
    models = counted(estimate.models, "model")
    if estimate.usd_a_day == 0:
        return f"costs nothing: the {models} run on your own machines or are free"
    return f"about {numbers.cost(estimate.usd_a_day)} a day with {models}"


def subscription_line(one: Listed, now: datetime) -> SubscriptionLine:
    """Return one subscription without buttons, for a list in which nothing is changed."""
    return _line(one, now, ())


def city(zone: str) -> str:
    """Return the city of a time zone: `New York`; `UTC` as it is."""
    return zone.rpartition("/")[2].replace("_", " ")


def _moment(at: datetime, zone: str, now: datetime) -> str:
    there, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    year = "" if there.year == today.year else f" {there.year}"
    return f"{there:%a} {there.day} {there:%b}{year} {numbers.clock(there)}"


def _line(
    one: Listed, now: datetime, buttons: tuple[Button, ...], place: str | None = None
) -> SubscriptionLine:
    found = one.subscription
    comes = next_words(one, now) if place is None else found.state.value
    by_the_clock = one.when is not None and one.slot is not None
    if place is None and by_the_clock and found.state is SubscriptionState.ACTIVE:
        comes = f"next {comes}"
    if place is None:
        thread = {"telegram": "in its topic", "slack": "in its thread"}.get(found.platform, "")
        place = thread if found.thread else ""
    return SubscriptionLine(
        number=str(found.number),
        line=one.line,
        when=one.when or "",
        next=comes,
        place=place,
        buttons=buttons,
    )


def _buttons(one: Listed, chat: str, *, only_delete: bool) -> tuple[Button, ...]:
    number = one.subscription.number
    paused = one.subscription.state is SubscriptionState.PAUSED
    switch = ("Resume", Deed.RESUME) if paused else ("Pause", Deed.PAUSE)
    offered = (*(() if only_delete else (switch,)), ("Delete", Deed.DELETE))
    return tuple(
        Button(label=f"{label} {number}", data=encode(Change(chat, deed, number))) for label, deed in offered
    )
