"""The forms that open in a modal: asking the committee, subscriptions and settings of a channel. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.access import Role
from bot.cards import SubscriptionLine
from bot.dialogue_buttons import mark_of
from bot.form_checks import CONFIGURED, noise_field
from bot.present.settings import NOISE_NAMES, noise_words
from bot.present.style import ENGLISH, LOCALES
from bot.request import Address
from bot.slack_blocks import Block, Element, Part, button, context, divider, header, plain, rich, run
from bot.slack_fields import (
    FORM_PREFIX,
    choice,
    date_input,
    field,
    place_input,
    text_input,
    time_input,
)
from bot.slack_manifest import ASK
from bot.slack_modals import MAX_TITLE, View, view_of
from bot.slack_requests import place_of
from core.domain.stage import Preset
from core.domain.subscribed import TermsShown
from core.domain.subscription import NOISY, ChatTerms, Noise, Topic

SUBSCRIBE = f"{FORM_PREFIX}.subscribe"
SETTINGS = f"{FORM_PREFIX}.settings"
CHANNEL = f"{FORM_PREFIX}.channel"
ENTRY = f"{FORM_PREFIX}.entry"
"""How a form or shortcut is called, and what is pressed in one."""

_PRESET_WORDS = {
    Preset.QUICK: "quick: one question a model",
    Preset.STANDARD: "standard: twelve questions a model",
    Preset.DEEP: "deep: rounds of debate more",
}
_TOPIC_WORDS = {
    Topic.VERDICTS: "verdicts: ask the committee about tickers",
    Topic.LEADERBOARD: "leaderboard: who does best",
    Topic.DIGEST: "digest: what the day brought",
    Topic.REVIEW: "review: whom to trust, once a week",
    Topic.COSTS: "costs: what models have cost, for admins",
    Topic.ALERTS: "alerts: stops, flips and trouble, as they happen",
}
LANGUAGES = {locale.tag: locale.name for locale in LOCALES.values()}
"""Languages of dates and numbers that the form offers."""


@dataclass(frozen=True)
class RunForm:
    """What stands in the fields at first; `preset` is the one that the place takes by itself, where known."""

    preset: Preset | None = None
    tickers: str = ""
    chat: str | None = None
    suggested: Sequence[str] = ()


def run_form(form: RunForm, metadata: str = "") -> View:
    """Return the form to ask the committee."""
    known = (
        f"For instance {', '.join(form.suggested[:4])}." if form.suggested else "For instance NVDA, BRK-B."
    )
    default = f"Default ({form.preset})" if form.preset else "Default of the channel"
    presets = [(CONFIGURED, default)]
    presets += [(one.value, _PRESET_WORDS[one]) for one in Preset]
    blocks = [
        field("tickers", "Tickers", text_input(form.tickers, "NVDA AAPL"), hint=f"Up to five. {known}"),
        field("preset", "Preset", choice(presets, CONFIGURED)),
        field(
            "chat",
            "Where",
            place_input(form.chat, answered=True),
            hint="Everybody there sees the run. Without a choice it comes as a direct message to you.",
            optional=True,
        ),
        field(
            "day",
            "As of",
            date_input(),
            hint="With a day, the committee sees only what was known after that day's close.",
            optional=True,
        ),
    ]
    return _form("Ask the committee", ASK, [Part(block) for block in blocks], metadata, "Ask")


def subscribe_form(
    address: Address,
    lines: Sequence[SubscriptionLine],
    zone: str,
    *,
    may_change: bool,
    done: str | None = None,
) -> View:
    """Return what a channel receives by itself, with what a runner may change, and the fields of a new one.

    `zone` is the channel's time zone, `done` what was just changed.
    """
    parts = [
        _where(address),
        *(Part(block) for block in context(done)),
        *_entries(lines, may_change=may_change),
    ]
    if not may_change:
        told = "To subscribe or change anything here, you need the role runner."
        kept = [*parts, *map(Part, context(told))]
        return view_of("Subscriptions", kept, place_of(address), callback_id=SUBSCRIBE)
    mark = mark_of(address)
    topics = [(topic.value, _TOPIC_WORDS[topic]) for topic in Topic]
    new = [
        divider(),
        header("Subscribe to more"),
        field("topic", "What", choice(topics, Topic.DIGEST.value), mark=mark),
        field(
            "tickers",
            "Tickers",
            text_input("", "NVDA AAPL"),
            hint="For verdicts alone; empty means the watchlist.",
            optional=True,
            mark=mark,
        ),
        field(
            "when",
            "When",
            text_input("", "weekdays 09:00"),
            hint=f"For instance: weekdays 09:00, Mon 18:00, 30 min before open, after close. "
            f"Times are of {zone}. Alerts come when something happens and need no time.",
            optional=True,
            mark=mark,
        ),
    ]
    return _form("Subscriptions", SUBSCRIBE, [*parts, *map(Part, new)], place_of(address), "Subscribe")


def settings_form(address: Address, shown: TermsShown, role: Role, *, done: str | None = None) -> View:
    """Return the settings of a channel; who has no role to change them sees why."""
    head = [_where(address), *(Part(block) for block in context(done))]
    if role < Role.RUNNER:
        told = "To change these settings, you need the role runner in that channel."
        kept = [*head, *map(Part, [*_told(shown), *context(told)])]
        return view_of("Settings", kept, place_of(address), callback_id=SETTINGS)
    terms, mark = shown.terms, mark_of(address)
    language = terms.language or ENGLISH.tag
    languages = [*LANGUAGES.items(), *([(language, language)] if language not in LANGUAGES else [])]
    presets = [(CONFIGURED, "As configured"), *((one.value, _PRESET_WORDS[one]) for one in Preset)]
    blocks = [
        field(
            "zone", "Time zone", text_input(shown.zone, "Europe/London"), hint="A city is enough.", mark=mark
        ),
        field("from", "Quiet from", time_input(_clock(terms.quiet_from)), optional=True, mark=mark),
        field(
            "until",
            "Quiet until",
            time_input(_clock(terms.quiet_until)),
            hint="In between nothing comes by itself. Leave both empty for no quiet hours.",
            optional=True,
            mark=mark,
        ),
        field(
            "cheaper",
            "When the budget runs short",
            choice(
                [("off", "Leave the run out"), ("on", "Make it a quick one")],
                "on" if terms.cheaper else "off",
            ),
            mark=mark,
        ),
        field("preset", "Default preset", choice(presets, terms.preset or CONFIGURED), mark=mark),
        field("language", "Dates and numbers", choice(languages, language), mark=mark),
        field("pictures", "Tables and curves", choice(_PICTURES, _pictures(shown)), mark=mark),
    ]
    if role >= Role.ADMIN:
        runs_by = choice([("runner", "Runners and admins"), ("admin", "Admins alone")], terms.runs_by)
        blocks.append(field("runs_by", "Who may start runs here", runs_by, mark=mark))
    blocks += _noise_fields(terms, mark)
    return _form("Settings", SETTINGS, [*head, *map(Part, blocks)], place_of(address), "Save")


def _noise_fields(terms: ChatTerms, mark: str) -> list[Block]:
    """Return a field for each kind of post that a channel can have louder or quieter."""
    told = "A verdict that is off is not even run. Slack has no silent messages: silent comes like on."
    return [
        divider(),
        header("How each kind of post arrives"),
        *context(told),
        *(
            field(noise_field(kind), NOISE_NAMES[kind], choice(_NOISES, terms.noise_of(kind)), mark=mark)
            for kind in NOISY
        ),
    ]


_NOISES = [(noise.value, noise.value.capitalize()) for noise in Noise]


_PICTURES = [("light", "As pictures, light"), ("dark", "As pictures, dark"), ("off", "As text")]


def _pictures(shown: TermsShown) -> str:
    return "off" if not shown.terms.pictures else "dark" if shown.terms.dark else "light"


def _clock(at: Any) -> str | None:
    return None if at is None else f"{at:%H:%M}"


def _told(shown: TermsShown) -> list[Block]:
    terms = shown.terms
    quiet = f"{_clock(terms.quiet_from)} to {_clock(terms.quiet_until)}" if terms.quiet_from else "none"
    pairs = (
        ("Time zone", shown.zone),
        ("Quiet hours", quiet),
        ("Default preset", terms.preset or "as configured"),
        ("Runs are started by", "admins alone" if terms.runs_by == "admin" else "runners and admins"),
        ("Noise", noise_words(terms)),
        ("Pictures", "on" if terms.pictures else "off"),
    )
    return rich([[run(label, bold=True), run(f"  {value}")] for label, value in pairs])


def _where(address: Address) -> Part:
    channel = address.chat.startswith(("C", "G"))
    menu = place_input(address.chat if channel else None) | {"action_id": CHANNEL}
    label: Element = plain("Channel" if channel else _DIRECT, MAX_WHERE)
    return Part({"type": "section", "block_id": "where", "text": label, "accessory": menu})


_DIRECT = "Your direct message with Conclave. For a channel, choose it here:"
MAX_WHERE = 100


def _entries(lines: Sequence[SubscriptionLine], *, may_change: bool) -> list[Part]:
    if not lines:
        return [Part(block) for block in context("This channel receives nothing by itself yet.")]
    parts = []
    for place, line in enumerate(lines):
        told = " · ".join(text for text in (line.when, line.next, line.place) if text)
        head = [run(f"{line.number}  ", bold=True), run(line.line, code=True)]
        parts += [Part(block, 2) for block in rich([head, [run(told or "–", italic=True)]])]
        if may_change and line.buttons:
            made = [button(one, f"{ENTRY}.{place}.{at}") for at, one in enumerate(line.buttons)]
            parts.append(Part({"type": "actions", "elements": made}, 2))
    return parts


def _form(title: str, callback: str, parts: list[Part], metadata: str, submit: str) -> View:
    more = {"callback_id": callback, "submit": plain(submit, MAX_TITLE)}
    return view_of(title, parts, metadata, **more)
