"""Which exchange a ticker's suffix names, as Yahoo writes it: SAP.DE trades at Xetra, VOD.L in London.

The codes are those of ISO 10383. An exchange that the calendar library lacks stands under one that keeps the
same holidays: Shenzhen under Shanghai, India's NSE under Bombay, Toronto's venture exchange under Toronto.
"""

ARENA_CURRENCY = "USD"

EXCHANGES = {
    "AS": "XAMS",
    "AT": "ASEX",
    "AX": "XASX",
    "BA": "XBUE",
    "BD": "XBUD",
    "BK": "XBKK",
    "BO": "XBOM",
    "BR": "XBRU",
    "CN": "XTSE",
    "CO": "XCSE",
    "DE": "XETR",
    "DU": "XDUS",
    "F": "XFRA",
    "HE": "XHEL",
    "HK": "XHKG",
    "HM": "XHAM",
    "IC": "XICE",
    "IL": "XLON",
    "IR": "XDUB",
    "IS": "XIST",
    "JK": "XIDX",
    "JO": "XJSE",
    "KL": "XKLS",
    "KQ": "XKRX",
    "KS": "XKRX",
    "L": "XLON",
    "LS": "XLIS",
    "MC": "XMAD",
    "MI": "XMIL",
    "MX": "XMEX",
    "NE": "XTSE",
    "NS": "XBOM",
    "NZ": "XNZE",
    "OL": "XOSL",
    "PA": "XPAR",
    "PR": "XPRA",
    "SA": "BVMF",
    "SG": "XSTU",
    "SI": "XSES",
    "SN": "XSGO",
    "SR": "XSAU",
    "SS": "XSHG",
    "ST": "XSTO",
    "SW": "XSWX",
    "SZ": "XSHG",
    "T": "XTKS",
    "TO": "XTSE",
    "TW": "XTAI",
    "TWO": "XTAI",
    "V": "XTSE",
    "VI": "XWBO",
    "WA": "XWAR",
}
_CLASS_OF_SHARES = 1
"""Length of a suffix that names a class of shares, as in BRK.B, where it names no exchange."""


def exchange_of(ticker: str) -> str | None:
    """Return the exchange that the ticker's suffix names; None without a suffix, or with an unknown one."""
    return EXCHANGES.get(ticker.rpartition(".")[2]) if "." in ticker else None


def is_foreign(ticker: str) -> bool:
    """Say whether a ticker looks like a listing outside the United States, known here or not."""
    _, dot, suffix = ticker.rpartition(".")
    return bool(dot) and (suffix in EXCHANGES or len(suffix) > _CLASS_OF_SHARES)
