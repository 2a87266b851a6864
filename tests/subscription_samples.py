"""The cards about subscriptions with ordinary content, as tests of all three platforms show them."""

from bot.cards import Button, DialogueCard, SubscriptionLine, SubscriptionsCard

SUBSCRIPTIONS = SubscriptionsCard(
    title="3 subscriptions",
    lines=(
        SubscriptionLine(
            number="1",
            line="verdicts NVDA,BRK.B weekdays 16:30",
            when="on weekdays at 16:30 (America/New_York)",
            next="next Fri 28 Nov 16:30 (New York)",
            place="in its topic",
            buttons=(
                Button(label="Pause 1", data="s.0123abcd.p.1"),
                Button(label="Delete 1", data="s.0123abcd.d.1"),
            ),
        ),
        SubscriptionLine(
            number="4",
            line="digest daily after close",
            when="every day after the close",
            next="paused: the chat was closed to me",
            buttons=(
                Button(label="Resume 4", data="s.0123abcd.r.4"),
                Button(label="Delete 4", data="s.0123abcd.d.4"),
            ),
        ),
        SubscriptionLine(number="12", line="alerts", when="", next="when it happens"),
    ),
    footer="/subscribe 1 digest before open changes number 1.",
    done="Number 4 is paused.",
    page_buttons=(Button(label="2 ▶", data="s.0123abcd.l.2"),),
)
DIALOGUE = DialogueCard(
    title="Subscription 1 is made",
    text="It comes at the times of this chat.",
    facts=(
        ("What", "verdicts NVDA,BRK.B weekdays 16:30"),
        ("Next", "Fri 28 Nov 16:30 (New York)"),
        ("Cost", "about $0.41 a day with five models"),
    ),
    examples=("/subscribe 1 digest before open",),
    footer="/subscriptions lists all of this chat.",
    buttons=(Button(label="Delete 1", data="s.0123abcd.u.1"),),
)
