"""What stands at the edge to every vendor: its host, its key, its slowness, its links and its numbers."""

from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from core.config.secret import SecretRef
from core.domain.errors import ConfigError, VendorNotConfigured, VendorTimeout
from core.domain.evidence_items import Web

_WEB: TypeAdapter[str] = TypeAdapter(Web)


def host_of(base_url: str) -> str:
    """Return what to call a vendor in a sentence: host and port of its address, without name and password."""
    return urlsplit(base_url).netloc.rpartition("@")[2]


def key_of(vendor: str, key: SecretRef) -> str:
    """Return the vendor's key.

    Raises:
        VendorNotConfigured: there is none.
    """
    try:
        return key.reveal()
    except ConfigError as error:
        raise VendorNotConfigured(vendor, f"no key, {str(error).rstrip('.')}") from None


def too_slow(vendor: str, host: str, limit_s: float) -> VendorTimeout:
    """Return the failure of a vendor that has not answered within `limit_s` seconds."""
    return VendorTimeout(vendor, f"{host} gave no answer within {limit_s:g} seconds")


def web_link(told: object) -> str | None:
    """Return an address of the web, or None for anything else."""
    try:
        return _WEB.validate_python(told)
    except ValidationError:
        return None


def no_flag(value: object) -> object:
    """Return the value. To Pydantic, true and false are the numbers 1 and 0.

    Raises:
        ValueError: it is true or false.
    """
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004 - Pydantic wants ValueError
    return value
