"""The page: templates filled with the report, piece by piece, under a policy that lets nothing in or out."""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.pictures.look import PALETTES, Palette, Theme
from bot.report.charts import EDGE, SQUARE
from bot.report.view import around_view, page_view, run_view
from core.domain.run import RunRecord
from core.domain.season_report import SeasonReport
from core.domain.stage import ModelChat

UTC_ZONE = ZoneInfo("UTC")
# Signs that HTML cannot hold, halves of a pair included; what turns the direction of text is kept apart by
# the style sheet.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def render(report: SeasonReport, zone: ZoneInfo = UTC_ZONE) -> str:
    """Return the whole report as one HTML document, with the ModelChats that `report` holds.

    For a season with many ModelChats write it piece by piece instead (`bot.report.writing`).
    """
    chats: dict[str, list[ModelChat]] = {}
    for chat in report.chats:
        chats.setdefault(chat.run_id, []).append(chat)
    pieces = [beginning(report, zone)]
    pieces += [
        run(number, record, chats.get(record.run_id, ()), zone) for number, record in _numbered(report)
    ]
    return "".join([*pieces, ending(report)])


def _numbered(report: SeasonReport) -> Iterator[tuple[int, RunRecord]]:
    return iter(enumerate(report.runs, 1))


def beginning(report: SeasonReport, zone: ZoneInfo) -> str:
    """Return the document up to the first run."""
    style, script = _style(), _script()
    return (
        _environment()
        .get_template("beginning.html")
        .render(
            page_view(report, zone),
            # Both are files of ours, and the policy below lets nothing else be style or script.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            policy=policy(style, script),
            square=SQUARE,
            edge=EDGE,
        )
    )


def run(number: int, record: RunRecord, chats: Sequence[ModelChat], zone: ZoneInfo) -> str:
    """Return the part about one run."""
    view = run_view(number, record, chats, zone)
    return _environment().get_template("run.html").render(run=view)


def ending(report: SeasonReport) -> str:
    """Return the document after the last run."""
    script = Markup(_script())  # noqa: S704 - a file of ours, and the only script that the policy allows
    return _environment().get_template("ending.html").render(around_view(report), script=script)


def policy(style: str, script: str) -> str:
    """Return the policy that allows exactly this style sheet and this script, and no address at all."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("bot.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _printable(value: Any) -> Any:
    """Replace what HTML cannot hold; None is a mistake of the template and never shown."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", value)


def _text(name: str) -> str:
    return files("bot.report").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    """Return the style sheet, in the colours of the pictures."""
    light, dark = (_variables(PALETTES[theme]) for theme in (Theme.LIGHT, Theme.DARK))
    colours = f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    return colours + _text("report.css")


@cache
def _script() -> str:
    return _text("report.js")


def _variables(palette: Palette) -> str:
    plain = {name: value for name, value in palette._asdict().items() if isinstance(value, str)} | {
        f"m{number}": value for number, value in enumerate(palette.models)
    }
    return ";".join(f"--{name}:{value}" for name, value in plain.items())
