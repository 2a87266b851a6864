import subprocess
import sys
from datetime import date

import pytest

from core.market import session_table
from core.market.session_table import KEPT, kept_table, library_table, packed


@pytest.mark.parametrize("exchange", KEPT)
def test_a_kept_table_is_what_the_installed_calendar_library_tells(exchange: str) -> None:
    kept = kept_table(exchange)

    # None after an update of the library: python -m core.market.session_table makes it anew.
    assert kept is not None
    assert kept == library_table(exchange)


def test_with_another_version_of_the_library_the_library_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_table, "version", lambda _: "0.0.1")

    assert kept_table("XNYS") is None


def test_an_exchange_without_a_kept_table_is_asked_of_the_library() -> None:
    assert kept_table("XETR") is None
    assert library_table("XETR").sessions[date(2025, 10, 29)].day == date(2025, 10, 29)


def test_a_session_over_a_weekend_cannot_be_kept() -> None:
    with pytest.raises(ValueError, match="hours of a weekday"):
        packed(library_table("XSAU"))  # Riyadh trades on Sundays


def test_the_arenas_calendar_loads_neither_pandas_nor_the_calendar_library() -> None:
    code = (
        "import sys; from datetime import date; from core.market.calendar import MarketCalendar;"
        "assert MarketCalendar().of('NVDA').session(date(2025, 11, 28));"
        "print(sorted({'pandas', 'exchange_calendars'} & sys.modules.keys()))"
    )

    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own words

    assert found.stdout.strip() == "[]"
