"""What an export writes."""

from enum import StrEnum
from typing import NamedTuple


class ExportFormat(StrEnum):
    """The forms of exported tables."""

    CSV = "csv"
    JSON = "json"


class Exported(NamedTuple):
    """What was written where: the season, the folder, and how many rows each table has."""

    season: str
    folder: str
    rows: dict[str, int]
