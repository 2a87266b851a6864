import pytest

from core.config.secret import SecretRef
from core.domain.errors import VendorNotConfigured
from core.market.vendor_edge import host_of, key_of, no_flag, too_slow, web_link


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://vendor.example/v1", "vendor.example"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("https://name:p@ss@vendor.example:444", "vendor.example:444"),
        ("", ""),
    ],
)
def test_a_vendor_is_called_by_host_and_port_and_never_by_a_password(address: str, host: str) -> None:
    assert host_of(address) == host


def test_a_key_that_is_missing_is_a_matter_of_configuration_and_names_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MADE_UP_KEY", "K3Y")
    assert key_of("fred", SecretRef("env:MADE_UP_KEY")) == "K3Y"

    monkeypatch.delenv("MADE_UP_KEY")
    with pytest.raises(VendorNotConfigured, match=r"fred: no key, .*MADE_UP_KEY"):
        key_of("fred", SecretRef("env:MADE_UP_KEY"))


def test_a_time_limit_is_said_in_seconds_without_needless_digits() -> None:
    assert (
        str(too_slow("fred", "vendor.example", 5.0)) == "fred: vendor.example gave no answer within 5 seconds"
    )


@pytest.mark.parametrize(
    "told", [None, 7, "", "javascript:alert(1)", "https://a.example/<b>", ["https://a.b"]]
)
def test_what_is_no_address_of_the_web_is_no_link(told: object) -> None:
    assert web_link(told) is None


def test_an_address_of_the_web_stays_as_it_is() -> None:
    assert web_link("https://news.example/a?b=c") == "https://news.example/a?b=c"


@pytest.mark.parametrize("flag", [True, False])
def test_true_and_false_are_no_numbers(flag: bool) -> None:
    with pytest.raises(ValueError, match="must be a number"):
        no_flag(flag)
    assert no_flag(1) == 1
