"""README and docs hold together: what they link to is there, down to the heading, and so is each picture."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))
LARGEST = 250_000
_FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_IMAGE = re.compile(r"<img\b[^>]*>")


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    """Every target that is not elsewhere on the net."""
    text = prose(page)
    sources = [match[1] for tag in _IMAGE.findall(text) if (match := re.search(r'src="([^"]+)"', tag))]
    for target in [*_LINK.findall(_CODE.sub("", text)), *sources]:
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose(page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while (name := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(name)
    return found


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_link_inside_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    broken = []
    for target in links(page):
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_links_and_anchors_are_really_found() -> None:
    assert "docs/telegram.md" in list(links(ROOT / "README.md"))
    assert "docs/pictures/slack-verdict.png" in list(links(ROOT / "README.md"))
    assert "webhook-mode" in anchors(ROOT / "docs" / "telegram.md")
    assert "only-conclave" in anchors(ROOT / "docs" / "slack.md")
    assert "caddyfile-the-certificate-comes-by-itself" not in anchors(ROOT / "docs" / "telegram.md")


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_every_picture_is_described_for_those_who_do_not_see_it(page: Path) -> None:
    text = prose(page)
    undescribed = [tag for tag in _IMAGE.findall(text) if not re.search(r'alt="[^"]{10,}"', tag)]
    assert undescribed + re.findall(r"!\[\]\([^)]*\)", text) == []


@pytest.mark.parametrize("picture", PICTURES, ids=short)
def test_every_picture_of_a_chat_is_shown_somewhere_and_is_small(picture: Path) -> None:
    shown = {(page.parent / target).resolve() for page in PAGES for target in links(page)}
    assert picture in shown
    assert picture.stat().st_size <= LARGEST
    with Image.open(picture) as opened:
        assert opened.width in {2 * 360, 2 * 720}, "twice as sharp as a phone, or a window, is wide"


def test_both_platforms_have_their_pictures() -> None:
    names = {picture.stem for picture in PICTURES}
    assert {
        f"telegram-{name}" for name in ("verdict", "leaderboard", "reasoning", "progress", "inline")
    } <= names
    assert {f"slack-{name}" for name in ("verdict", "home", "reasoning", "ask")} <= names
