"""What buttons around pictures send: all of it comes back, and nothing else is understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.picture_buttons import Form, ShowChart, ShowRanking, ShowVotes, decode, encode
from bot.presses import Shown, kind_of, shown_of
from core.domain.errors import Refused
from core.domain.ids import ALPHABET
from core.domain.scores import Metric

LIMIT_BYTES = 64
periods = st.one_of(st.just("all"), st.integers(1, 3650).map(lambda days: f"{days}d"))
rankings = st.builds(
    ShowRanking, st.sampled_from(Form), periods, st.sampled_from(list(Metric)), st.booleans(), st.booleans()
)
votes = st.builds(ShowVotes, st.text(ALPHABET, min_size=8, max_size=24), st.booleans())
tickers = st.from_regex(r"\^?[A-Z0-9]([A-Z0-9=-]{0,6}\.?[A-Z0-9=-]{0,4}[A-Z0-9])?", fullmatch=True)
charts = st.builds(ShowChart, st.integers(1, 10**9 - 1), tickers, st.booleans())


@given(st.one_of(rankings, votes, charts))
def test_every_wish_comes_back_from_a_button_as_it_was(wish: ShowRanking | ShowVotes | ShowChart) -> None:
    data = encode(wish)
    assert decode(data) == wish
    assert len(data.encode()) <= LIMIT_BYTES
    assert kind_of(data) == "f"


@given(st.one_of(rankings, votes, charts))
def test_only_what_edits_its_own_message_is_shown_in_its_place(
    wish: ShowRanking | ShowVotes | ShowChart,
) -> None:
    assert shown_of(encode(wish)) is (Shown.POSTED if wish.new else Shown.IN_PLACE)


@pytest.mark.parametrize(
    "data",
    [
        "f.",
        "f.e",
        "f.x.t.all.value.0",
        "f.e.t.all.value",
        "f.e.t.all.value.2",
        "f.e.t.0d.value.0",
        "f.e.t.all.riches.0",
        "f.e.t.99999d.value.0",
        "f.e.v.RUN",
        "f.e.v.",
        "f.e.p.0.NVDA",
        "f.e.p.1.nvda",
        "f.e.p.1.A..B",
        "f.e.p.1.NVDA\n",
        "f.e.p.1.$(id)",
        "f.e.p.999999999999.NVDA",
        "f.e.v.٣٣٣٣٣٣٣٣",
    ],
)
def test_data_of_another_making_are_refused_with_what_to_send_instead(data: str) -> None:
    with pytest.raises(Refused, match=r"too old\. Send /leaderboard|is not a ticker"):
        decode(data)


@given(st.text(max_size=80))
def test_any_text_is_either_understood_or_refused(text: str) -> None:
    try:
        wish = decode(f"f.{text}")
    except Refused:
        return
    assert encode(wish) == f"f.{text}"


@pytest.mark.parametrize("wish", [ShowVotes("UPPER"), ShowChart(0, "NVDA"), ShowRanking(Form.TABLE, "7 d")])
def test_what_could_not_be_read_back_is_never_put_into_a_button(wish: ShowVotes) -> None:
    with pytest.raises(ValueError, match="no button can carry"):
        encode(wish)
