"""The card of the evidence of one run: what came from where, and then every item of it."""

import re

from bot.button import Button
from core.domain.values import Frozen


class EvidenceItem(Frozen):
    """One item: its title, when it was known and who told it, its text, and where it can be read.

    A post has no title. `url` is the vendor's, and renderers link it only where it is a plain web address.
    """

    title: str = ""
    detail: str = ""
    text: str = ""
    url: str | None = None


class EvidenceCard(Frozen):
    """One page of the evidence of a run.

    `section` is "Overview", "News" and so on, `position` "page 1 of 3". `sha256` is the whole hash, on the
    overview alone. `facts` are label and value pairs; `origins` say how much came from which vendor, and
    `absences` who gave nothing and why. `note` is a sentence about the section. `section_buttons` jump to a
    section, `page_buttons` go back and forth.
    """

    title: str
    subtitle: str
    section: str
    position: str = ""
    sha256: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    origins: tuple[str, ...] = ()
    absences: tuple[str, ...] = ()
    note: str = ""
    items: tuple[EvidenceItem, ...] = ()
    footer: str
    caveat: str | None = None
    section_buttons: tuple[Button, ...] = ()
    page_buttons: tuple[Button, ...] = ()


_WEB = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?(?:[/?#][!-~]*)?", re.ASCII | re.IGNORECASE
)
_ENDS_A_LINK = frozenset("\"'<>[]|`\\")
_MOST_SIGNS = 2_000


def web_address(url: str | None) -> str | None:
    """Return an address that may be linked: plain http or https, without a sign that could end the link."""
    if url is None or not _WEB.fullmatch(url) or _ENDS_A_LINK & set(url):
        return None
    return url if len(url.replace("&", "&amp;")) <= _MOST_SIGNS else None
