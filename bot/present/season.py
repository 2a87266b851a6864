"""A season and its period in words."""

from bot.present import numbers
from core.domain.season import Season
from core.domain.season_report import SeasonReport

_TITLES = {Season.LIVE: "Live season", Season.SAMPLE: "Sample season"}


def season_title(season: Season) -> str:
    """Return the season's name in front of people: `Live season`, `Season replay-2025`."""
    return _TITLES.get(season, f"Season {season}")


def period(report: SeasonReport) -> str:
    """Say from which session to which a report goes."""
    if not report.first or not report.last:
        return "no session yet"
    if report.first == report.last:
        return numbers.day(report.first)
    return f"{numbers.day(report.first)} to {numbers.day(report.last)}"


def marks_of(report: SeasonReport) -> str:
    """Say of which day the prices are at which holdings are valued."""
    return f"Marks of {numbers.day(report.last)}." if report.last else "No marks yet."
