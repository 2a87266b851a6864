"""Shoots HTML pages with a real browser, as PNGs of few colours."""

import base64
import io
from pathlib import Path

from PIL import Image

from tests.browser import Page, browser

SCALE = 2
COLOURS = 200
LARGEST = 250_000
_STEPS = (COLOURS, 128, 64)


async def shoot(pages: dict[str, tuple[str, int]], folder: Path, working: Path) -> None:
    """Write a PNG of each page, which is HTML and a width, into `folder`; `working` is for drafts."""
    async with browser(working) as page:
        for name, (html, width) in pages.items():
            file = working / f"{name}.html"
            file.write_text(html, encoding="utf-8")
            png = _small(await _shot(page, file, width))
            assert len(png) <= LARGEST, f"{name} has {len(png):,} bytes"
            (folder / f"{name}.png").write_bytes(png)


async def _shot(page: Page, file: Path, width: int) -> bytes:
    await page.open(file, width=width, height=100)
    height = await page.value("document.documentElement.scrollHeight")
    size = {"width": width, "height": height, "deviceScaleFactor": SCALE, "mobile": False}
    await page.ask("Emulation.setDeviceMetricsOverride", **size)
    wide = await page.value("document.documentElement.scrollWidth")
    assert wide == width, f"{file.stem} is {wide} wide, not {width}"
    return base64.b64decode((await page.ask("Page.captureScreenshot", format="png"))["data"])


def _small(png: bytes) -> bytes:
    """Return the picture with as many colours as the size allows."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in _STEPS:
        out = io.BytesIO()
        few = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(out, "PNG", optimize=True)
        if len(out.getvalue()) <= LARGEST:
            break
    return out.getvalue()
