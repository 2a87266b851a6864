"""Seasons: each is a set of books of its own."""

import re
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

RERUN = "rerun-"
"""With what the seasons of runs begin that ask again."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)


class Season(str):
    """The name of a set of books. What kind of books they are, only the store knows.

    `live` is the arena's first live season, and `sample` has the runs on sample prices, which never mix with
    live ones. Others are live seasons that somebody has started, replays and imports.
    Up to 40 small letters, digits and dashes, with a letter or digit at both ends.

    Raises:
        ValueError: the name has another form.
    """

    __slots__ = ()
    LIVE: ClassVar["Season"]
    SAMPLE: ClassVar["Season"]

    def __new__(cls, name: str) -> "Season":
        """Check the name."""
        if not _NAME.fullmatch(name):
            raise ValueError("a season's name has 1 to 40 small letters, digits and dashes")
        return super().__new__(cls, name)

    @property
    def is_reserved(self) -> bool:
        """Whether nobody can give this name: the arena opens `live` and `sample` by itself."""
        return self in {Season.LIVE, Season.SAMPLE}

    @property
    def is_of_a_rerun(self) -> bool:
        """Whether it is that of a run which asks again: it has no books, and nobody can give its name."""
        return self.startswith(RERUN)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(), serialization=core_schema.plain_serializer_function_ser_schema(str)
        )


Season.LIVE = Season("live")
Season.SAMPLE = Season("sample")
