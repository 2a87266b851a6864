"""An audit finds nothing in books that were kept, and names every kind of damage."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import make_url, text

from core.app.auditing import running_check
from core.clock import ManualClock
from core.domain.audit import Extent, Finding, Rule
from core.ledger.audit import Collected
from core.store.store import Store
from tests.audit_scene import audited, damaged, lived_in
from tests.damages import FOUND_BY_REPLAY, FOUND_BY_SQL, ONLY_ON_SQLITE
from tests.damages_kind import ALPHA, BETA, MOMENTUM, Damage
from tests.damages_ledger import FILLS_DAMAGED, TOTALS_DAMAGED
from tests.store_values import START

pytest_plugins = ("tests.storage",)


@pytest.fixture(scope="module")
def kept_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the books of the scene, for copies of it."""
    file = tmp_path_factory.mktemp("kept") / "conclave.db"

    async def live() -> None:
        store = await Store.open(f"sqlite+aiosqlite:///{file}", ManualClock(START))
        await lived_in(store)
        await store.close()

    with ThreadPoolExecutor(1) as thread:  # the tests' event loop must not notice
        thread.submit(asyncio.run, live()).result()
    return file


@pytest_asyncio.fixture
async def books(url: str, clock: ManualClock, kept_once: Path) -> AsyncIterator[Store]:
    """A store with the books of the scene."""
    sqlite = url.startswith("sqlite")
    if sqlite:
        shutil.copy(kept_once, str(make_url(url).database))
    store = await Store.open(url, clock)
    if not sqlite:
        await lived_in(store)
    yield store
    await store.close()


def found_in(findings: tuple[Finding, ...], damage: Damage) -> None:
    sentences = [finding.sentence for finding in findings]
    assert {finding.rule for finding in findings} == damage.broken, sentences
    assert any(sentence.startswith(damage.sentence) for sentence in sentences), sentences


async def test_books_that_were_kept_have_no_finding(books: Store) -> None:
    assert await audited(books) == ()
    assert await running_check(books) == ()
    assert await books.audits.extent() == Extent(seasons=1, members=3, fills=7)


@pytest.mark.parametrize("damage", FOUND_BY_SQL, ids=lambda damage: damage.what)
async def test_damage_is_found_for_what_it_is(books: Store, url: str, damage: Damage) -> None:
    await damaged(url, *damage.done)
    found_in(await audited(books), damage)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("damage", (*FOUND_BY_REPLAY, *ONLY_ON_SQLITE), ids=lambda damage: damage.what)
async def test_damage_to_what_follows_from_the_ledger_is_found(
    books: Store, url: str, damage: Damage
) -> None:
    await damaged(url, *damage.done)
    found_in(await audited(books), damage)


async def test_a_short_position_is_found_where_they_are_off(books: Store) -> None:
    (finding,) = await audited(books, shorts=False)
    assert finding.rule is Rule.SHORT
    assert finding.sentence == (
        f"{MOMENTUM}: the holding of AAPL should be no short position, which are off, "
        "and is -3 shares at an average of 240 USD."
    )


@pytest_asyncio.fixture
async def unguarded(books: Store) -> AsyncIterator[Store]:
    """Books whose fills the database does not guard any more."""
    sqlite = books.database.is_sqlite
    async with books.database.write() as connection:
        trigger = "DROP TRIGGER fills_no_delete" if sqlite else "ALTER TABLE fills DISABLE TRIGGER USER"
        await connection.execute(text(trigger))
    yield books
    if not sqlite:
        async with books.database.write() as connection:
            await connection.execute(text("ALTER TABLE fills ENABLE TRIGGER USER"))


async def test_a_ledger_that_is_not_append_only_any_more_is_found(unguarded: Store) -> None:
    (finding,) = await audited(unguarded)
    assert finding.rule is Rule.GUARD
    assert finding.sentence == (
        "table fills: the trigger that makes it append-only should be in force, "
        "and is missing or switched off."
    )


@pytest.mark.parametrize(
    ("done", "sentence"),
    [
        (TOTALS_DAMAGED[0].done, f"{ALPHA}: cash_usd should be 9165.85, and is 9165.85000001."),
        (TOTALS_DAMAGED[2].done, f"{ALPHA}: fills should be 3, and is 4."),
        (TOTALS_DAMAGED[5].done, f"{ALPHA}: gains_usd should be 36.76666667, and is 1."),
        (TOTALS_DAMAGED[7].done, f"{ALPHA}: best_usd should be 36.76666667, and is none."),
        (TOTALS_DAMAGED[10].done, f"{BETA}: cash_usd should be 9100.59, and is none."),
        (FILLS_DAMAGED[1].done, f"{ALPHA}: cash_usd should be 9166.85, and is 9165.85."),
    ],
)
async def test_the_check_at_every_start_holds_totals_against_sums(
    books: Store, url: str, caplog: pytest.LogCaptureFixture, done: tuple[str, ...], sentence: str
) -> None:
    await damaged(url, *done)
    found = await running_check(books)
    assert sentence in [finding.sentence for finding in found]
    assert f"the books do not balance: {sentence}" in caplog.messages
    assert {record.levelname for record in caplog.records} == {"ERROR"}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_the_check_at_every_start_survives_values_of_another_kind(books: Store, url: str) -> None:
    await damaged(url, "UPDATE balances SET cash_usd = 'much'")
    (finding,) = await running_check(books)
    assert finding.rule is Rule.READABLE


async def test_the_check_at_every_start_leaves_out_long_books_and_says_so(
    books: Store, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await damaged(
        url,
        "UPDATE cash_movements SET number = 500001 WHERE number = (SELECT MAX(number) FROM cash_movements)",
        *TOTALS_DAMAGED[0].done,
    )
    caplog.set_level("INFO")
    assert await running_check(books) == ()
    assert caplog.messages == [
        "the books are too long for a check at every start; conclave audit checks them whole"
    ]


def test_of_each_rule_the_first_findings_are_kept_and_the_rest_is_counted() -> None:
    collected = Collected()
    for number in range(1_000):
        for rule in (Rule.CASH, Rule.MARK) if number < 5 else (Rule.CASH,):
            one = Finding(rule=rule, where=str(number), what="it", expected="a", found="b")
            collected.add([one])
    found = collected.all()
    assert len(found) == 200 + 5 + 1
    assert (
        found[-1].sentence
        == "the books: findings on the rule “cash” should be none, and is 800 more of them."
    )


def test_every_rule_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [rule for rule in Rule if f"`{rule}`" not in text] == []
