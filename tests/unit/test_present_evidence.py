"""The evidence of a run as pages: what came from where, what was missing, and every item with its link."""

import html
import re
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from bot.evidence_buttons import Part, TurnEvidence, decode, encode, opening
from bot.evidence_card import EvidenceCard, EvidenceItem, web_address
from bot.present.evidence import MOST_ITEMS, evidence_card
from bot.present.evidence_items import figure
from bot.slack_modals import card_modal
from bot.slack_render import PAGE_SIZE as SLACK_PAGE
from bot.slack_render import render as on_slack
from bot.telegram_render import PAGE_SIZE as TELEGRAM_PAGE
from bot.telegram_render import render as on_telegram
from core.domain.errors import Refused
from core.domain.evidence import Evidence
from core.domain.evidence_items import Mood, NewsItem
from tests.drawn_cards import on_screen
from tests.evidence_facts import BARE, NEWS, PACK, RECORD, ZONE, page
from tests.hostile_text import TEXTS, seen
from tests.loopback.slack_rules import message_error, notified, strings, view_error
from tests.loopback.telegram_rules import check_text

RUN = RECORD.run_id


def pages(pack: Evidence, part: Part, size: int) -> list[EvidenceCard]:
    """All pages of a section, by their buttons."""
    found = [evidence_card(pack, RECORD, TurnEvidence(RUN, part), size, ZONE)]
    while onward := [one for one in found[-1].page_buttons if one.label.startswith("Next")]:
        found.append(evidence_card(pack, RECORD, decode(onward[0].data), size, ZONE))
    return found


def links(message_html: str) -> list[str]:
    return [html.unescape(url) for url in re.findall(r'<a href="([^"]*)">', message_html)]


def test_the_overview_tells_hash_moment_identity_origins_and_absences() -> None:
    card = page(Part.OVERVIEW)
    assert card.sha256 == PACK.sha256
    assert card.subtitle == "as of 2025-11-12 16:00 EST · the same for every member"
    assert dict(card.facts)["Name"] == "NVIDIA Corporation"
    assert dict(card.facts)["Currency"] == "EUR, converted to USD"
    assert card.origins == (
        "prices: 40 sessions from csv",
        "identity from yfinance",
        "news: 7 items from yfinance",
        "fundamentals: 2 statements and ratios of the moment from yfinance",
        "sentiment: 2 items from stocktwits",
        "sentiment: 1 item from alpha_vantage",
        "macro: 1 item from fred",
    )
    assert card.absences == (
        "sentiment: nothing from reddit, no answer within 10 seconds",
        "news: nothing from alpha_vantage, not configured",
    )


def test_a_section_without_items_says_why_as_far_as_that_is_known() -> None:
    card = evidence_card(BARE, RECORD, TurnEvidence(RUN, Part.NEWS), TELEGRAM_PAGE, ZONE)
    assert (card.note, card.items) == ("No news was given.", ())
    assert card.absences == ("news: nothing from alpha_vantage, not configured",)
    bare = evidence_card(BARE, RECORD, TurnEvidence(RUN, Part.MACRO), TELEGRAM_PAGE, ZONE)
    assert (bare.note, bare.absences) == ("No figures of the economy were given.", ())


def test_news_have_title_publisher_vendor_time_and_link() -> None:
    first, second, third = page(Part.NEWS).items[:3]
    assert first.title == NEWS[0].title
    assert first.detail == "2025-11-12 15:00 EST · Reuters via yfinance"
    assert second.detail.endswith(" · market-wide")
    assert third.detail.startswith("undated · ")
    assert first.url == NEWS[0].url


def test_posts_have_their_text_and_scores_their_voices() -> None:
    post, _, score = page(Part.SENTIMENT).items
    assert post.text.startswith("$NVDA holding")
    assert post.detail == "2025-11-12 15:51 EST · stocktwits · score 1"
    assert score.detail == "2025-11-12 10:00 EST · alpha_vantage · score 0.2143 · 31 voices"


def test_statements_ratios_and_the_economy_have_their_days_and_figures() -> None:
    filing = page(Part.FUNDAMENTALS).items[0]
    assert (filing.title, filing.detail) == ("Quarter to 2025-07-31", "filed 2025-08-28 · yfinance")
    assert filing.text.split("\n")[0] == "Revenue: 46.743 billion USD"
    assert "Forward P/E: 30.41" in page(Part.RATIOS).items[0].text
    reading = page(Part.MACRO).items[0]
    assert reading.title == "Fed funds rate: 3.87 %"
    assert reading.detail == "FEDFUNDS, period from 2025-10-01 · released 2025-11-03 · fred"


def test_an_assumed_day_of_filing_is_told_as_assumed() -> None:
    filing = PACK.fundamentals[0].model_copy(update={"filed_on": None, "lag_days": 45})
    pack = PACK.model_copy(update={"fundamentals": (filing,)})
    card = evidence_card(pack, RECORD, TurnEvidence(RUN, Part.FUNDAMENTALS), TELEGRAM_PAGE, ZONE)
    assert card.items[0].detail.startswith("45 days assumed, so known on 2025-09-14")


def test_prices_show_what_the_bars_were_enough_for() -> None:
    facts = dict(page(Part.PRICES).facts)
    assert facts["Last price"] == "$199.80"
    assert (facts["RSI 14"], facts["Return 5"], facts["SMA 20"]) == ("71.24", "2.31 %", "196.29")
    assert "Return 250" not in facts
    for drawn in (telegram_text(page(Part.PRICES)), slack_text(page(Part.PRICES))):
        assert all(label in drawn and value in drawn for label, value in facts.items() if "," not in value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("46743000000", "46.743 billion"),
        ("4862000000000", "4.862 trillion"),
        ("-1250.5", "−1,250.5"),
        ("0.0002", "0.0002"),
        ("0.00001234567", "0.00001235"),
        ("100", "100"),
        ("0", "0"),
        ("-0.0000000000001", "0"),
    ],
)
def test_a_figure_is_written_as_people_read_it(value: str, shown: str) -> None:
    assert figure(Decimal(value)) == shown


@pytest.mark.parametrize("size", [TELEGRAM_PAGE, 1_000, 300])
def test_pages_hold_every_item_once_and_in_order(size: int) -> None:
    book = pages(PACK, Part.NEWS, size)
    assert len(book) > 1
    assert all(len(card.items) <= MOST_ITEMS for card in book)
    titles = [item.title for card in book for item in card.items]
    assert list(dict.fromkeys(titles)) == [item.title for item in NEWS]
    assert book[0].position == f"page 1 of {len(book)}"


def test_a_page_that_is_not_there_any_more_is_the_last_one() -> None:
    assert page(Part.NEWS, 99).items == pages(PACK, Part.NEWS, TELEGRAM_PAGE)[-1].items


def telegram_text(card: EvidenceCard) -> str:
    parsed = check_text(on_telegram(card).text_html, "HTML")
    assert not parsed.of("mention", "bot_command", "url", "email", "text_mention")
    return parsed.text


def slack_text(card: EvidenceCard) -> str:
    message = on_slack(card)
    assert message_error({"text": message.text, "blocks": message.blocks}, update=True) is None
    assert notified(message.blocks) == []
    assert "shortened to fit" not in str(message.blocks)
    return "\n".join(text for _, text in strings(message.blocks))


@settings(max_examples=20, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_no_word_of_a_hostile_item_is_lost_and_each_page_fits(title: str, text: str, by: str) -> None:
    news = NewsItem(
        title=f"x{title}", summary=text, publisher=by[:200], vendor="v", published_at=None, url=NEWS[0].url
    )
    mood = Mood(vendor="v", at=None, text=text)
    pack = PACK.model_copy(update={"news": (news, NEWS[0]), "sentiment": (mood,)})
    for size, drawn in ((TELEGRAM_PAGE, telegram_text), (SLACK_PAGE, slack_text)):
        read = seen("".join(drawn(card) for card in pages(pack, Part.NEWS, size)))
        posts = seen("".join(drawn(card) for card in pages(pack, Part.SENTIMENT, size)))
        for word in (one for one in mood.text.split() if len(one) < 60):
            assert seen(word) in posts
            assert news.summary == news.title or seen(word) in read


def test_titles_are_links_on_both_platforms_and_an_address_can_be_copied_in_the_terminal() -> None:
    card = page(Part.NEWS)
    urls = [item.url for item in card.items]
    assert links(on_telegram(card).text_html) == urls
    found = re.findall(r"'type': 'link', 'url': '([^']*)'", str(on_slack(card).blocks))
    assert found == urls
    assert all(url and url in re.sub(r"\s|│", "", on_screen(card, 80)) for url in urls)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://user:pass@evil.example/x",
        'https://a.example/"onclick="x',
        "https://a.example/<b>",
        "https://a.example/x|y",
        "https://пример.рф/x",
        "https://a.example/\x00",
        "tg://user?id=1",
        "https://localhost",
        "https://a.example/" + "&" * 1_000,
        "",
        None,
    ],
)
def test_what_is_no_plain_address_is_not_linked(url: str | None) -> None:
    assert web_address(url) is None
    card = page(Part.NEWS).model_copy(update={"items": (EvidenceItem(title="A title", url=url),)})
    assert links(on_telegram(card).text_html) == []
    assert "'link'" not in str(on_slack(card).blocks)


@pytest.mark.parametrize("part", list(Part))
def test_every_page_is_a_message_and_a_window_that_the_platforms_take(part: Part) -> None:
    card = page(part, size=SLACK_PAGE)
    check_text(on_telegram(page(part)).text_html, "HTML")
    message = on_slack(card)
    assert message_error({"text": message.text, "blocks": message.blocks}) is None
    assert view_error(card_modal(card, "{}")) is None


def test_times_are_those_of_the_readers_zone() -> None:
    card = evidence_card(PACK, RECORD, TurnEvidence(RUN, Part.NEWS), TELEGRAM_PAGE, ZoneInfo("Europe/Berlin"))
    assert card.items[0].detail.startswith("2025-11-12 21:00 CET")


def test_buttons_are_read_back_and_what_is_forged_is_refused() -> None:
    for part in Part:
        wish = TurnEvidence(RUN, part, 3)
        assert decode(encode(wish)) == wish
        assert len(encode(TurnEvidence("z" * 24, part, 999_999_999)).encode()) <= 64
    assert decode(opening(RUN)) == TurnEvidence(RUN)
    for data in ("i.", "i.RUN", "it.x", f"it.{RUN}.z.1", f"it.{RUN}.n.0", f"it.{RUN}.n.1.1", "i.x\n"):
        with pytest.raises(Refused, match="too old"):
            decode(data)
    with pytest.raises(ValueError, match="no button"):
        opening("not an id")
