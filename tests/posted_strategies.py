"""Names, prices and moments of any kind, for properties of what is posted by itself."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from core.domain.ballot import Action
from core.domain.ids import ALPHABET
from core.domain.member import MemberKind
from core.domain.season import Season

WORDS = st.text(st.sampled_from("abcdefgxyz-.0129 @_<&*“”日"), min_size=1, max_size=24).filter(str.strip)
TICKERS = st.from_regex(r"[A-Z]{1,5}(-USD|\.DE)?", fullmatch=True)
PRICES = st.decimals("0.000001", 1_000_000, places=6)
RATIOS = st.decimals(-1, 50, places=4)
FRACTIONS = st.decimals(0, 1, places=4)
RUNS = st.text(ALPHABET, min_size=8, max_size=8)
ACTIONS = st.sampled_from(list(Action))
KINDS = st.sampled_from(list(MemberKind))
SEASONS = st.sampled_from([Season.LIVE, Season.SAMPLE, Season("replay-2024")])
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside it


def many(one: st.SearchStrategy[object], most: int = 6) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(one, max_size=most).map(tuple)


def check_story(text: str) -> None:
    assert text.strip()
    assert "None" not in text
    assert "  " not in text
    assert text == text.strip()
    assert text.endswith((".", "!", "?", "…", "”"))
