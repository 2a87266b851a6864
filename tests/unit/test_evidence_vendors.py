"""Which vendors are in which chain, and that each can be made."""

import pytest

from core.clock import ManualClock
from core.config import Settings
from core.domain.vendor_answers import Question
from core.market.evidence_vendors import VENDORS, chain_names, vendor_maker
from tests.evidence_double import (
    AS_OF,
)


def names(**market: object) -> dict[str, tuple[tuple[str, ...], bool]]:
    built = chain_names(Settings.model_validate({"market": market}).market)
    return {kind.value: chain for kind, chain in built.items()}


def test_the_chains_come_from_the_prices_where_the_configuration_names_none() -> None:
    assert names(prices=["csv", "alpha_vantage", "yfinance", "yfinance"]) == {
        "identity": (("alpha_vantage", "yfinance"), False),
        "news": (("alpha_vantage", "yfinance"), False),
        "fundamentals": (("alpha_vantage", "yfinance"), False),
        "sentiment": ((), True),
        "macro": ((), True),
    }
    assert names(prices=["yfinance"], news=[], fundamentals=["alpha_vantage"], macro=["fred"]) == {
        "identity": (("alpha_vantage",), True),
        "news": ((), True),
        "fundamentals": (("alpha_vantage",), True),
        "sentiment": ((), True),
        "macro": (("fred",), True),
    }


@pytest.mark.parametrize("name", VENDORS)
async def test_every_vendor_can_be_made_from_its_section(name: str) -> None:
    pytest.importorskip(VENDORS[name].module)
    maker = vendor_maker(name, Settings().market, ManualClock(AS_OF))

    vendor = await maker.make()

    assert vendor.name == name
    assert any(callable(getattr(vendor, question.value, None)) for question in Question)
    await vendor.close()
