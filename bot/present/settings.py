"""How a chat wants to be treated, with buttons to change each of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from bot.cards import Button, DialogueCard
from bot.dialogue_buttons import Leave, SetTerms, encode
from bot.present import numbers
from bot.present.style import ENGLISH, LOCALES, Locale, Style, locale_of, read_as
from bot.present.subscriptions import city
from core.domain.stage import Preset
from core.domain.subscribed import TermsShown
from core.domain.subscription import NOISY, ChatTerms, Noise

ZONES = ("America/New_York", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "Asia/Hong_Kong", "UTC")
NOISE_NAMES = {
    "verdicts": "Verdicts",
    "leaderboard": "Leaderboard",
    "digest": "Digest",
    "review": "Weekly review",
    "costs": "Costs",
    "stop": "Stops hit",
    "take_profit": "Take-profits hit",
    "flip": "Verdicts turned round",
    "model_down": "Model down",
    "budget": "Budget nearly spent",
    "season": "Season ended",
    "key": "Key refused",
    "route": "Route down or back",
}
"""What people read for each of `NOISY`."""
_NOISES = {
    Noise.ON: "On",
    Noise.SILENT: "Silent",
    Noise.OFF: "Off",
}
_SAMPLE_AT, _SAMPLE_USD = datetime(2025, 12, 31, 16, 5, tzinfo=UTC), Decimal("1234.50")


def settings_card(shown: TermsShown, *, chat: str, done: str | None = None) -> DialogueCard:
    """Return the terms of a chat, and buttons to change them; ask within `read_as` of these terms."""
    terms = shown.terms
    quiet = "none"
    if terms.quiet_from is not None and terms.quiet_until is not None:
        begin, end = numbers.clock(terms.quiet_from), numbers.clock(terms.quiet_until)
        quiet = f"{begin} to {end}; what comes then is posted after them"
    return DialogueCard(
        title="Settings of this chat",
        text=done or "",
        facts=(
            ("Language", _language(terms)),
            ("Time zone", shown.zone if terms.zone else f"{shown.zone}, that of the arena"),
            ("Preset", shown.preset.value if terms.preset else f"{shown.preset}, that of the arena"),
            ("Who may run", "admins only" if terms.runs_by == "admin" else "runners and admins"),
            ("Noise", noise_words(terms)),
            ("Quiet hours", quiet),
            (
                "Cheaper runs",
                "allowed: a quick run when the budget leaves no more"
                if terms.cheaper
                else "not allowed: without budget a run is left out",
            ),
            ("Pictures", _pictures(terms)),
        ),
        examples=("/settings timezone Europe/London", "/settings quiet 22:00-07:00"),
        buttons=_buttons(
            chat,
            ("No quiet hours", "q.off") if quiet != "none" else ("Quiet 22:00–07:00", "q.on"),
            ("No cheaper runs", "h.off") if terms.cheaper else ("Allow cheaper runs", "h.on"),
            ("Time zone…", "z"),
            ("Language…", "l"),
            ("Preset…", "p"),
            ("Noise…", "n"),
            ("Runners may run", "r.runner") if terms.runs_by == "admin" else ("Only admins run", "r.admin"),
            ("No pictures", "i.off") if terms.pictures else ("Pictures", "i.on"),
            ("Light pictures", "k.off") if terms.dark else ("Dark pictures", "k.on"),
            ("Defaults", "d"),
        ),
    )


def ask_zone(chat: str) -> DialogueCard:
    """Ask for a time zone."""
    return DialogueCard(
        title="Which time zone?",
        examples=("/settings timezone Europe/London",),
        buttons=(*_buttons(chat, *((city(zone), f"z.{zone}") for zone in ZONES)), _cancel(chat)),
    )


def ask_language(chat: str) -> DialogueCard:
    """Ask for the language of numbers and days, each with a sample."""
    return DialogueCard(
        title="Which language for numbers and days?",
        facts=tuple(
            (f"{tag}, {locale.name.partition(',')[0]}", _sample(locale)) for tag, locale in LOCALES.items()
        ),
        examples=("/settings language de",),
        footer="Words stay English.",
        buttons=(*_buttons(chat, *((tag, f"l.{tag}") for tag in LOCALES)), _cancel(chat)),
    )


def ask_preset(chat: str) -> DialogueCard:
    """Ask for the preset of runs that name none."""
    named = [(preset.value.capitalize(), f"p.{preset}") for preset in Preset]
    return DialogueCard(
        title="Which preset for runs that name none?",
        facts=(
            ("Quick", "one question a model"),
            ("Standard", "twelve questions a model"),
            ("Deep", "twelve, and rounds of debate"),
        ),
        examples=("/settings preset deep",),
        buttons=(*_buttons(chat, *named, ("That of the arena", "p.default")), _cancel(chat)),
    )


def ask_noise(chat: str, terms: ChatTerms) -> DialogueCard:
    """Ask of which kind of post the noise is to be changed."""
    return DialogueCard(
        title="Noise of which kind of post?",
        text="On comes with a sound, silent without one, and off does not come at all: a verdict that is off "
        "is not even run. Slack has no silent messages, so there silent comes like on.",
        facts=tuple((NOISE_NAMES[kind], terms.noise_of(kind).value) for kind in NOISY),
        examples=("/settings noise digest silent", "/settings noise alerts off"),
        buttons=(*_buttons(chat, *((NOISE_NAMES[kind], f"n.{kind}") for kind in NOISY)), _cancel(chat)),
    )


def ask_noise_of(chat: str, kind: str, terms: ChatTerms) -> DialogueCard:
    """Ask for the noise of one kind of post."""
    choices = [(name, f"n.{kind}.{noise}") for noise, name in _NOISES.items()]
    return DialogueCard(
        title=f"{NOISE_NAMES[kind]}: on, silent or off?",
        text=f"Now {terms.noise_of(kind)}.",
        examples=(f"/settings noise {kind} silent",),
        buttons=_buttons(chat, *choices, ("◀ Back", "n")),
    )


def _buttons(chat: str, *choices: tuple[str, str]) -> tuple[Button, ...]:
    return tuple(Button(label=label, data=encode(SetTerms(chat, what))) for label, what in choices)


def _cancel(chat: str) -> Button:
    return Button(label="Cancel", data=encode(Leave(chat)))


def _language(terms: ChatTerms) -> str:
    locale = locale_of(terms.language)
    return locale.name if locale is ENGLISH else f"{locale.name}: {_sample(locale)}. Words stay English"


def _sample(locale: Locale) -> str:
    with read_as(Style(None, locale)):
        return f"{numbers.day(_SAMPLE_AT)} {numbers.clock(_SAMPLE_AT)}, {numbers.usd(_SAMPLE_USD)}"


def noise_words(terms: ChatTerms) -> str:
    """Say which kinds of post come silently or not at all."""
    told = [
        f"{noise}: {', '.join(kinds)}"
        for noise in (Noise.SILENT, Noise.OFF)
        if (kinds := _kinds(terms, noise))
    ]
    return "; ".join(told) or "everything comes with a sound"


def _kinds(terms: ChatTerms, noise: Noise) -> Sequence[str]:
    return [NOISE_NAMES[kind].lower() for kind in NOISY if terms.noise_of(kind) is noise]


def _pictures(terms: ChatTerms) -> str:
    if not terms.pictures:
        return "off: tables and curves come in words"
    return f"on, {'dark' if terms.dark else 'light'}"
