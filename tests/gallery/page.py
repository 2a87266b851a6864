"""HTML pages that are shot: what both looks share. Fonts are the machine's own, and nothing is loaded."""

import base64
from html import escape

FONT = "Signs, 'Noto Sans', 'DejaVu Sans', 'Noto Color Emoji', sans-serif"
MONO = "'Noto Sans Mono', 'DejaVu Sans Mono', 'Noto Color Emoji', monospace"
# A phone draws the white circle in colour; a text font would take it first.
BASE = f"""
@font-face {{ font-family: Signs; src: local("Noto Color Emoji");
  unicode-range: U+26AA-26AB, U+2705, U+23F3; }}
::-webkit-scrollbar {{ display: none; }}
* {{ box-sizing: border-box; margin: 0; }}
body {{ font-family: {FONT}; -webkit-font-smoothing: antialiased; }}
pre, code {{ font-family: {MONO}; }}
img {{ display: block; width: 100%; }}
"""


def page(style: str, body: str) -> str:
    """Return a whole page."""
    head = f"<meta charset='utf-8'><style>{BASE}{style}</style>"
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def picture(png: bytes, alt: str = "") -> str:
    """Return an image that needs no file."""
    return f"<img alt='{escape(alt)}' src='data:image/png;base64,{base64.b64encode(png).decode()}'>"


def tag(name: str, content: str, kind: str = "") -> str:
    """Return an element with content that is HTML already."""
    return f"<{name}{f' class={chr(39)}{kind}{chr(39)}' if kind else ''}>{content}</{name}>"
