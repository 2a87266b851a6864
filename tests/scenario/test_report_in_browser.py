"""The report in a real browser: it opens without network, runs nothing of a model's, sorts, fits a phone."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.report import render, write_report
from core.domain.scores import Figure, Metric
from core.domain.stage import Stage
from tests.browser import Page, browser
from tests.report_facts import KINDS, chats_of, report
from tests.report_hostile import hostile_report

pytestmark = pytest.mark.timeout(180)
PHONE = 360
OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
MEMBERS = "[...document.querySelectorAll('#standings tbody tr')].map((row) => row.cells[1].textContent)"
UNSAFE = """[...document.querySelectorAll("*")].filter((each) =>
    ["SCRIPT", "IMG", "IFRAME", "OBJECT", "EMBED", "LINK", "FORM", "BASE", "VIDEO"].includes(each.tagName)
    || [...each.attributes].some((one) => one.name.startsWith("on") || one.name === "style"
        || /^(src|action|formaction|xlink:href|ping)$/.test(one.name)
        || (one.name === "href" && !one.value.startsWith("#")))).map((each) => each.outerHTML.slice(0, 99))"""


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    async with browser(tmp_path) as opened:
        yield opened


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    await write_report(report(runs=6), path)
    return path


def only_script(found: list[str]) -> bool:
    """The page's own sorter is the only thing that could do anything."""
    return len(found) == 1 and found[0].startswith('<script>"use strict"')


async def test_the_report_opens_without_network_and_without_a_complaint(page: Page, file: Path) -> None:
    await page.open(file)
    assert page.requests() == [file.as_uri()]
    assert page.trouble() == []
    assert await page.value("document.title") == "Season replay-2012-spring · Conclave"
    assert set(await page.value(MEMBERS)) == set(KINDS)
    assert await page.value("document.querySelectorAll('#metrics tbody tr').length") == len(KINDS)
    assert await page.value("document.querySelectorAll('#equity svg.wide .trace').length") == len(KINDS) + 1
    assert await page.value("document.querySelectorAll('article.calibration').length") == 5
    assert await page.value("document.querySelectorAll('details.run').length") == 6
    assert await page.value("document.querySelectorAll('details.modelchat').length") == 60
    assert only_script(await page.value(UNSAFE))


async def test_a_press_on_a_head_sorts_the_table_and_another_one_turns_it(page: Page, file: Path) -> None:
    await page.open(file)
    ranked = await page.value(MEMBERS)
    await page.press("#standings th:nth-child(2) button")
    assert await page.value(MEMBERS) == sorted(KINDS)
    await page.press("#standings th:nth-child(2) button")
    assert await page.value(MEMBERS) == sorted(KINDS, reverse=True)
    await page.press("#standings th:nth-child(3) button")
    assert await page.value(MEMBERS) == ranked, "the highest value first"
    await page.press("#standings th:nth-child(3) button")
    assert await page.value(MEMBERS) == ranked[::-1]
    told = await page.value("document.querySelector('#standings th:nth-child(3)').getAttribute('aria-sort')")
    assert told == "ascending"
    assert page.trouble() == []


async def test_members_without_a_figure_come_last_in_either_order(page: Page, file: Path) -> None:
    await page.open(file)
    column = await page.value(
        "[...document.querySelectorAll('#metrics th')].findIndex((head) => head.textContent === 'Hit 20') + 1"
    )
    texts = (
        f"[...document.querySelectorAll('#metrics tbody td:nth-child({column})')].map((c) => c.textContent)"
    )
    for _ in range(2):
        await page.press(f"#metrics th:nth-child({column}) button")
        found = await page.value(texts)
        missing = [text.startswith("n/a") for text in found]
        assert any(missing)
        assert missing == sorted(missing), found


@pytest.mark.parametrize("guarded", [True, False], ids=["with its policy", "without its policy"])
async def test_nothing_that_a_model_wrote_runs_or_becomes_markup(
    page: Page, tmp_path: Path, guarded: bool
) -> None:
    """Without the policy too: the policy is the second wall, and the first one must hold alone."""
    text = render(hostile_report())
    if not guarded:
        text, gone = re.subn(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", text)
        assert gone == 1
    path = tmp_path / "hostile.html"
    path.write_text(text, encoding="utf-8")
    await page.open(path)
    await page.value(OPEN_ALL)
    await page.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert await page.value("typeof window.hacked") == "undefined"
    assert only_script(await page.value(UNSAFE))
    assert page.requests() == [path.as_uri()]
    assert page.trouble() == []
    shown = await page.value("document.querySelector('.modelchat .stage .text').textContent")
    assert "<script>window.hacked = 1</script>" in shown, "it is all there, as text"


@pytest.mark.parametrize("hostile", [False, True], ids=["usual", "hostile"])
async def test_a_narrow_phone_never_scrolls_sideways(page: Page, tmp_path: Path, hostile: bool) -> None:
    path = tmp_path / "narrow.html"
    path.write_text(render(hostile_report() if hostile else report(runs=3)), encoding="utf-8")
    await page.open(path, width=PHONE, height=740)
    assert await page.value("document.documentElement.scrollWidth") <= PHONE
    await page.value(OPEN_ALL)
    assert await page.value("document.documentElement.scrollWidth") <= PHONE
    # A run is drawn only when it is near, and what sticks out of it would be cut off instead.
    cut = """[...document.querySelectorAll("main *, header *")].filter((each) =>
        !each.closest(".scroll, .mono, svg") && each.getBoundingClientRect().right > innerWidth)
        .map((each) => each.outerHTML.slice(0, 99))"""
    assert await page.value(cut) == []
    small = """[...document.querySelectorAll("svg.narrow text.tick")].filter((each) =>
        each.getBoundingClientRect().height < 9).length"""
    assert await page.value(small) == 0, "the scales can be read"


async def test_the_standings_of_a_young_season_are_whole_on_a_screen(page: Page, tmp_path: Path) -> None:
    """What a figure is short of takes more room than any figure."""
    season = report(runs=1)
    missing = {Metric.SHARPE: Figure(value=None, sample=3), Metric.WIN_RATE: Figure(value=None, sample=0)}
    cards = tuple(
        card.model_copy(update={"figures": {**card.figures, **missing}}) for card in season.scorecards
    )
    path = tmp_path / "young.html"
    path.write_text(render(season.model_copy(update={"scorecards": cards})), encoding="utf-8")
    await page.open(path, width=1100)
    hidden = "(() => { const e = document.querySelector('#standings .scroll'); "
    assert await page.value(f"{hidden} return e.scrollWidth - e.clientWidth; }})()") == 0
    assert "n/a (0 of 5 closed trades)" in await page.value("document.querySelector('#standings').innerText")


async def test_dark_follows_the_readers_choice(page: Page, file: Path) -> None:
    await page.open(file)
    colour = "getComputedStyle(document.body).backgroundColor"
    light = await page.value(colour)
    await page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    dark = await page.value(colour)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(15, 20, 27)")


async def test_everything_can_be_read_without_the_script(page: Page, file: Path) -> None:
    await page.ask("Emulation.setScriptExecutionDisabled", value=True)
    await page.open(file)
    assert await page.value("document.querySelectorAll('th button').length") == 0
    assert len(await page.value(MEMBERS)) == len(KINDS)
    await page.press("#run-1 > summary")
    assert await page.value("document.querySelector('#run-1').open") is True


async def test_a_link_to_an_earlier_passage_opens_it(page: Page, tmp_path: Path) -> None:
    season = report(runs=1, with_chats=False)
    path = tmp_path / "passages.html"
    chats = chats_of(season.runs[0], (Stage.MARKET, Stage.DECISION))
    await write_report(season.model_copy(update={"chats": chats}), path)
    await page.open(path)
    await page.value(
        "document.querySelectorAll('#run-1, #run-1 details').forEach((each) => { each.open = true; })"
    )
    await page.value("document.querySelector('#run-1 details.prompt').open = false")
    await page.press("#run-1 .modelchat:nth-of-type(3) .prompt a")
    assert await page.value("location.hash") == "#p1-1"
    assert await page.value("document.querySelector('#p1-1').textContent.startsWith('[[evidence')")


async def test_a_season_of_two_thousand_modelchats_opens(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    season = report(runs=200, with_chats=False)

    async def chats(record: object) -> object:
        return chats_of(record)  # type: ignore[arg-type]

    await write_report(season, path, chats_of=chats)  # type: ignore[arg-type]
    await page.open(path)
    assert await page.value("document.querySelectorAll('details.modelchat').length") == 2000
    assert page.trouble() == []


async def test_this_test_would_notice_a_script_a_request_and_a_complaint(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        "<!doctype html><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; img-src *\">"
        "<script>window.hacked = 1</script><img src='http://pictures.example/a.png'>",
        encoding="utf-8",
    )
    await page.open(path)
    assert "http://pictures.example/a.png" in page.requests()
    assert any("Content Security Policy" in told for told in page.trouble())
    assert len(await page.value(UNSAFE)) == 2
    path.write_text(
        "<!doctype html><script>window.hacked = 1; console.log('here')</script>", encoding="utf-8"
    )
    await page.open(path)
    assert await page.value("typeof window.hacked") == "number"
    assert page.trouble() != []
