"""What may stand behind `/settings`: one change of a chat's terms in one line."""

import re
from collections.abc import Callable, Mapping, Sequence

from bot.arguments import SettingsArguments, nearest, shown
from bot.present.style import ENGLISH, LOCALES, known_tag
from core.domain.alert import AlertKind
from core.domain.errors import Refused
from core.domain.stage import Preset
from core.domain.subscription import NOISY, Noise

EXAMPLE = "/settings timezone Europe/London, /settings quiet 22:00-07:00 or /settings noise digest silent"
LANGUAGES = ", ".join(LOCALES)
_CLOCK = r"([\d:]{1,5}(?:\s?[ap]m)?)"
# The keyboards of phones turn two hyphens into a dash.
_QUIET = re.compile(rf"(?:from\s+)?{_CLOCK}\s*(?:[-–—―]+|to|until|till|\s)\s*{_CLOCK}", re.ASCII)
_SWITCH = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False, "none": False}
_DEFAULTS = {"default", "defaults", "reset"}
_ALERTS = tuple(kind.value for kind in AlertKind)
_NOISY = {
    **{kind: (kind,) for kind in NOISY},
    "verdict": ("verdicts",),
    "stops": ("stop",),
    "flips": ("flip",),
    "alerts": _ALERTS,
    **dict.fromkeys(("all", "everything"), NOISY),
}
_NOISES = {noise.value: noise for noise in Noise} | {"yes": Noise.ON, "quiet": Noise.SILENT, "no": Noise.OFF}


def settings(words: Sequence[str]) -> SettingsArguments:
    """Read one change of a chat's terms, or the wish for the defaults.

    Raises:
        Refused: a word or value is none of these.
    """
    if not words:
        return SettingsArguments()
    first, rest = words[0].lower(), list(words[1:])
    if rest and f"{first}-{rest[0].lower()}" in _NAMES:  # "time zone", "quiet hours", "who may run"
        first = f"{first}-{rest.pop(0).lower()}"
    if first in _DEFAULTS:
        return SettingsArguments({})
    if name := _NAMES.get(first):
        return SettingsArguments(_READERS[name](" ".join(rest)))
    near = nearest(first, [*_NAMES, *_DEFAULTS])
    hint = f"Did you mean {_NAMES.get(near, 'default')}?" if near else f"Write {EXAMPLE}."
    raise Refused(f"“{shown(words[0])}” is no setting of a chat. {hint}")


def _language(text: str) -> Mapping[str, object]:
    tag = known_tag(text)
    if tag is None:
        said = f"“{shown(text)}” is no language that I write numbers and days in. " if text else ""
        raise Refused(f"{said}Write /settings language de, or one of: {LANGUAGES}.")
    return {"language": None if tag == ENGLISH.tag else tag}


def _zone(text: str) -> Mapping[str, object]:
    from core.app.wishes import zone_from

    return {"zone": zone_from(text)}


def _quiet(text: str) -> Mapping[str, object]:
    from core.app.wishes import clock_from

    text = text.lower()
    if _SWITCH.get(text) is False:
        return {"quiet_from": None, "quiet_until": None}
    found = _QUIET.fullmatch(text)
    if found is None:
        said = f"“{shown(text)}” are no quiet hours. " if text else ""
        raise Refused(f"{said}Write for instance /settings quiet 22:00-07:00, or /settings quiet off.")
    begin, end = clock_from(found[1]), clock_from(found[2])
    if begin == end:
        raise Refused(
            "Quiet hours that end when they begin are none. Write for instance 22:00-07:00, or off."
        )
    return {"quiet_from": begin, "quiet_until": end}


def _cheaper(text: str) -> Mapping[str, object]:
    told = "Write /settings cheaper on, to let a run be a quick one when the budget leaves no more, or off."
    return {"cheaper": _switch(text, told)}


def _pictures(text: str) -> Mapping[str, object]:
    told = "Write /settings pictures on, to get tables and curves as pictures too, or off."
    return {"pictures": _switch(text, told)}


def _dark(text: str) -> Mapping[str, object]:
    return {"dark": _switch(text, "Write /settings dark on, to get pictures on a dark ground, or off.")}


def _preset(text: str) -> Mapping[str, object]:
    word = text.lower()
    if word in _DEFAULTS:
        return {"preset": None}
    if word in set(Preset):
        return {"preset": Preset(word)}
    names = [preset.value for preset in Preset]
    said = f"“{shown(text)}” is no preset. " if text else ""
    near = nearest(word, names)
    hint = f"Did you mean {near}?" if near else f"Write /settings preset {', '.join(names)} or default."
    raise Refused(f"{said}{hint}")


def _runs(text: str) -> Mapping[str, object]:
    word = text.lower().removesuffix("s")
    if word not in {"runner", "admin"}:
        raise Refused(
            "Write /settings runs admin, so that only admins start runs here, or /settings runs runner."
        )
    return {"runs_by": word}


def _noise(text: str) -> Mapping[str, object]:
    *about, how = text.lower().split() or [""]
    kind = "_".join(about).replace("-", "_")
    if not about or how not in _NOISES:
        raise Refused(
            "Write what and how: /settings noise digest silent. What comes by itself is "
            f"{', '.join(NOISY)} or alerts, and each is on, silent or off."
        )
    kinds = _NOISY.get(kind)
    if kinds is None:
        near = nearest(kind, _NOISY)
        hint = f"Did you mean {near}?" if near else f"There are {', '.join(NOISY)} and alerts."
        raise Refused(f"Nothing that comes by itself is called “{shown(' '.join(about))}”. {hint}")
    return {"noise": dict.fromkeys(kinds, _NOISES[how])}


def _switch(text: str, otherwise: str) -> bool:
    value = _SWITCH.get(text.lower())
    if value is None:
        raise Refused(otherwise)
    return value


_READERS: Mapping[str, Callable[[str], Mapping[str, object]]] = {
    "language": _language,
    "timezone": _zone,
    "preset": _preset,
    "runs": _runs,
    "noise": _noise,
    "quiet": _quiet,
    "cheaper": _cheaper,
    "pictures": _pictures,
    "dark": _dark,
}
_NAMES = {
    **{name: name for name in _READERS},
    **dict.fromkeys(("lang", "locale", "numbers"), "language"),
    **dict.fromkeys(("time-zone", "zone", "tz"), "timezone"),
    **dict.fromkeys(("presets", "depth"), "preset"),
    **dict.fromkeys(("run", "who-runs", "who-may"), "runs"),
    **dict.fromkeys(("notifications", "sound", "sounds"), "noise"),
    **dict.fromkeys(("quiet-hours",), "quiet"),
    **dict.fromkeys(("cheap",), "cheaper"),
    **dict.fromkeys(("picture", "images", "charts"), "pictures"),
    **dict.fromkeys(("dark-mode",), "dark"),
}
"""How people may write each setting, in lower case."""
