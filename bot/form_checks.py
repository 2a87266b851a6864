"""What people enter in forms, read: the command or the terms that it means, or what is wrong with each field.

Field names are those of the forms. Whatever comes in may have been written by hand.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import NamedTuple

from bot.arguments import MOST_TICKERS, nearest, shown
from bot.present.style import ENGLISH, LOCALES
from core.domain.errors import BadTicker, Refused
from core.domain.instrument import parse_ticker
from core.domain.stage import Preset
from core.domain.subscription import NOISY, ChatTerms, Noise, Topic

Fields = Mapping[str, str]
"""What was entered, by the name of the field; an empty field is not there."""

CONFIGURED = "configured"
"""The choice of no preset: that of the place, or the configured one."""
_ON_OFF = {"on": True, "off": False}
_PICTURES = {"light": (True, False), "dark": (True, True), "off": (False, False)}
_MOST_SUBSCRIBED = 10


class Checked(NamedTuple):
    """A command as one would type it, and what is wrong, by the name of the field."""

    command: str
    errors: dict[str, str]


async def read_run(fields: Fields, known: Sequence[str], now: datetime) -> Checked:
    """Return the run that the form asks for; `known` are tickers that a person may have meant."""
    tickers, errors = _tickers(fields.get("tickers", ""), known)
    if not errors and not tickers:
        errors["tickers"] = "Which ticker? Write for instance NVDA."
    elif len(tickers) > MOST_TICKERS:
        errors["tickers"] = f"That is {len(tickers)} tickers; one run takes up to {MOST_TICKERS}."
    preset, day = fields.get("preset", CONFIGURED), fields.get("day", "")
    errors |= _wrong_preset(preset)
    # In a thread, because the first moment that is read loads the exchange's calendar.
    if day and (wrong := await asyncio.to_thread(_wrong_day, day, now)):
        errors["day"] = wrong
    words = [*(f"${ticker}" for ticker in tickers), "" if preset == CONFIGURED else preset, day]
    return Checked(" ".join(["run", *filter(None, words)]), errors)


async def read_subscription(fields: Fields, known: Sequence[str]) -> Checked:
    """Return the subscription that the form asks for; `known` as in `read_run`."""
    from core.app.wishes import wanted_from

    topic, when = fields.get("topic", ""), " ".join(fields.get("when", "").split())
    if topic not in set(Topic):
        return Checked("", {"topic": "Choose what to receive."})
    words, errors = [topic], dict[str, str]()
    if topic == Topic.ALERTS:
        words.append("on")
    elif not when:
        errors["when"] = "When? Write for instance weekdays 09:00, or 30 min before open."
    if topic == Topic.VERDICTS:
        tickers, errors_there = _tickers(fields.get("tickers", ""), known)
        errors |= errors_there
        if len(tickers) > _MOST_SUBSCRIBED:
            errors["tickers"] = f"That is {len(tickers)} tickers; choose up to {_MOST_SUBSCRIBED}."
        words.append(",".join(f"${ticker}" for ticker in tickers) or "watchlist")
    if topic != Topic.ALERTS:
        words += when.split()
    if not errors:
        try:
            await asyncio.to_thread(wanted_from, words)
        except Refused as error:
            errors["when"] = str(error)
    return Checked(" ".join(["subscribe", *words]), errors)


async def read_terms(fields: Fields, before: ChatTerms, zone: str) -> tuple[ChatTerms, dict[str, str]]:
    """Return the terms that the form asks for, and what is wrong with its fields.

    `zone` is the time zone that the chat has now, its own or the arena's. A field that the form did not have
    stays as it was `before`.
    """
    changes: dict[str, object] = {}
    errors: dict[str, str] = {}
    if "zone" in fields and fields["zone"] != zone:
        try:
            changes["zone"] = await asyncio.to_thread(_zone, fields["zone"])
        except Refused as error:
            errors["zone"] = str(error)
    elif "zone" not in fields:
        errors["zone"] = "Which time zone? Write for instance Europe/London."
    quiet, wrong = _quiet(fields)
    changes |= quiet
    errors |= wrong
    if (cheaper := _ON_OFF.get(fields.get("cheaper", ""))) is not None:
        changes["cheaper"] = cheaper
    if "preset" in fields:
        errors |= _wrong_preset(fields["preset"])
        changes["preset"] = None if fields["preset"] == CONFIGURED else fields["preset"]
    if (language := fields.get("language", "")) in LOCALES:
        changes["language"] = None if language == ENGLISH.tag else language
    if (pictures := _PICTURES.get(fields.get("pictures", ""))) is not None:
        changes["pictures"], changes["dark"] = pictures
    if fields.get("runs_by") in {"runner", "admin"}:
        changes["runs_by"] = fields["runs_by"]
    heard, wrong = _noise(fields, before)
    changes["noise"] = heard.noise
    errors |= wrong
    return (before if errors else ChatTerms.model_validate(dict(before) | changes)), errors


def noise_field(kind: str) -> str:
    """Return the name of the field for the noise of one of `NOISY`."""
    return f"noise-{kind}"


def _noise(fields: Fields, before: ChatTerms) -> tuple[ChatTerms, dict[str, str]]:
    """Return the terms with the noise that the fields choose, and what is wrong with them."""
    terms, errors = before, dict[str, str]()
    for kind in NOISY:
        wanted = fields.get(noise_field(kind))
        if wanted in set(Noise):
            terms = terms.with_noise([kind], Noise(wanted))
        elif wanted is not None:
            told = f"“{shown(wanted)}” is none of {', '.join(Noise)}. Choose one of them."
            errors[noise_field(kind)] = told
    return terms, errors


def _tickers(text: str, known: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the tickers in a text, folded where they repeat, and what is wrong with one that is none."""
    tickers: list[str] = []
    for piece in text.replace(",", " ").replace(";", " ").split():
        try:
            tickers.append(parse_ticker(piece))
        except BadTicker as error:
            letters = "".join(sign for sign in piece.upper() if sign.isalnum())
            near = nearest(letters, known)
            told = f"“{shown(piece)}” is not a ticker. Did you mean {near}?" if near else str(error)
            return tickers, {"tickers": told}
    return list(dict.fromkeys(tickers)), {}


def _wrong_preset(preset: str) -> dict[str, str]:
    if preset == CONFIGURED or preset in set(Preset):
        return {}
    near = nearest(preset.lower(), list(Preset))
    hint = f"Did you mean {near}?" if near else f"Presets are {', '.join(Preset)}."
    return {"preset": f"“{shown(preset)}” is not a preset. {hint}"}


def _wrong_day(day: str, now: datetime) -> str | None:
    from core.app.moments import as_of_from

    try:
        at = as_of_from(day)
    except Refused as error:
        return str(error)
    return "That day's session has not closed yet. Choose an earlier day." if at > now else None


def _zone(text: str) -> str:
    from core.app.wishes import zone_from

    return zone_from(text)


def _quiet(fields: Fields) -> tuple[dict[str, object], dict[str, str]]:
    begin, end = fields.get("from"), fields.get("until")
    if begin is None and end is None:
        return {"quiet_from": None, "quiet_until": None}, {}
    if begin is None or end is None:
        missing = "from" if begin is None else "until"
        return {}, {missing: "Quiet hours need both a beginning and an end, or neither."}
    try:
        first, last = time.fromisoformat(begin), time.fromisoformat(end)
    except ValueError:
        return {}, {"from": "Write times like 22:00."}
    if first == last:
        return {}, {"until": "Quiet hours that end when they begin are none. Choose another time."}
    return {"quiet_from": first.replace(tzinfo=None), "quiet_until": last.replace(tzinfo=None)}, {}
