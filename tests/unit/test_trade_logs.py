"""A log of trades is read as it is meant, or refused by the line that is wrong."""

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.app import trade_logs
from core.app.trade_logs import parse_log, read_log
from core.domain.books import Side
from core.domain.errors import Refused
from core.domain.member import Member, MemberKind
from core.domain.trade_log import LoggedTrade, LogPrice, TradeLog
from core.pipeline.importing import member_named

HEADER = "date,seq,action,symbol,shares,price"
FIRST = "2025-06-02,1,buy,NVDA,10,135.5"
FIRST_LATER = "2025-06-02,3,buy,NVDA,10,135.5"


def parsed(*lines: str, price: LogPrice = LogPrice.OPEN, end: str = "\n") -> TradeLog:
    return parse_log("log.csv", end.join(lines).encode(), price)


def refused(*lines: str, price: LogPrice = LogPrice.OPEN) -> str:
    with pytest.raises(Refused) as caught:
        parsed(*lines, price=price)
    return str(caught.value)


def member(name: str, kind: MemberKind) -> Member:
    return Member(name=name, number=1, kind=kind, weight=Decimal(1), route=(), enabled=True)


def test_each_row_that_trades_becomes_a_trade_with_the_line_where_it_stands() -> None:
    log = parsed(HEADER, FIRST, "2025-06-03,1,sell,NVDA,2.5,", "2025-06-03,2,buy,brk-b,1,")
    assert log.trades == (
        LoggedTrade(2, date(2025, 6, 2), "NVDA", Side.BUY, Decimal(10)),
        LoggedTrade(3, date(2025, 6, 3), "NVDA", Side.SELL, Decimal("2.5")),
        LoggedTrade(4, date(2025, 6, 3), "BRK-B", Side.BUY, Decimal(1)),
    )
    assert (log.rows, log.without_trade) == (3, 0)
    assert (log.first, log.last) == (date(2025, 6, 2), date(2025, 6, 3))


def test_rows_without_a_trade_are_counted_and_tell_when_the_log_begins_and_ends() -> None:
    first, last = "2025-06-01,1,none,,,", "2025-06-09,1,none,,0,"
    log = parsed(HEADER, first, "2025-06-02,1,buy,NVDA,0,", "2025-06-02,2,none,NVDA,5,", FIRST_LATER, last)
    assert (log.rows, log.without_trade, len(log.trades)) == (5, 4, 1)
    assert (log.first, log.last) == (date(2025, 6, 1), date(2025, 6, 9))


def test_a_log_that_never_trades_is_a_log() -> None:
    assert parsed(HEADER, "2025-06-02,1,none,,,").trades == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_ends_byte_order_mark_and_empty_rows_of_a_spreadsheet_change_nothing(end: str) -> None:
    log = parsed(
        "\ufeff" + HEADER, "", ",,,,,", FIRST, "  ", '"2025-06-03","2", Sell ,"nvda"," 1 ",', end=end
    )
    assert log.trades == (
        LoggedTrade(4, date(2025, 6, 2), "NVDA", Side.BUY, Decimal(10)),
        LoggedTrade(6, date(2025, 6, 3), "NVDA", Side.SELL, Decimal(1)),
    )
    assert log.rows == 2


def test_columns_may_stand_in_any_order_and_others_are_passed_over() -> None:
    log = parsed("note,Shares,symbol,ACTION,seq,date,note", "x,3,NVDA,buy,1,2025-06-02,y")
    assert log.trades == (LoggedTrade(2, date(2025, 6, 2), "NVDA", Side.BUY, Decimal(3)),)


def test_the_price_column_counts_only_when_it_is_asked_for_and_is_rounded_like_every_price() -> None:
    row = "2025-06-02,1,buy,NVDA,1,135.50000000000001"
    assert parsed(HEADER, row).trades[0].price is None
    assert parsed(HEADER, row, price=LogPrice.COLUMN).trades[0].price == Decimal("135.5")
    assert parsed(HEADER, "2025-06-02,1,buy,NVDA,1,nonsense").trades[0].price is None


def test_a_quoted_cell_over_two_lines_does_not_shift_the_lines_of_later_refusals() -> None:
    said = refused(HEADER + ",note", FIRST + ',"two\nlines"', "2025-06-03,1,hold,NVDA,1,,")
    assert said == "log.csv line 4: action “hold” is none of buy, sell and none. Nothing was imported."


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2025-06-31,1,buy,NVDA,1,", "date “2025-06-31” does not exist"),
        ("06/02/2025,1,buy,NVDA,1,", "date “06/02/2025” is not of the form 2025-10-29"),
        ("２０２５-06-03,1,buy,NVDA,1,", "date “２０２５-06-03” is not of the form 2025-10-29"),
        ("0001-01-01,1,buy,NVDA,1,", "date 0001-01-01 lies outside 1970 to 2100"),
        ("9999-12-31,1,none,,,", "date 9999-12-31 lies outside 1970 to 2100"),
        (",1,buy,NVDA,1,", "date “” is not of the form 2025-10-29"),
        ("2025-06-03,,buy,NVDA,1,", "seq “” is not a whole number"),
        ("2025-06-03,1.0,buy,NVDA,1,", "seq “1.0” is not a whole number"),
        ("2025-06-03,-1,buy,NVDA,1,", "seq “-1” is not a whole number"),
        ("2025-06-03,1,short,NVDA,1,", "action “short” is none of buy, sell and none"),
        ("2025-06-03,1,,NVDA,1,", "action “” is none of buy, sell and none"),
        ("2025-06-03,1,buy,,1,", "symbol “” is not a ticker such as NVDA"),
        ("2025-06-03,1,buy,../etc,1,", "symbol “../etc” is not a ticker such as NVDA"),
        ("2025-06-03,1,buy,NV\x1b[31mDA,1,", "symbol “NV[31mDA” is not a ticker such as NVDA"),
        ("2025-06-03,1,buy,NVDA,,", "shares is missing"),
        ("2025-06-03,1,sell,NVDA,-1,", "shares “-1” is not a number from 0 to 999999999, such as 12.5"),
        ("2025-06-03,1,buy,NVDA,1e3,", "shares “1e3” is not a number from 0 to 999999999, such as 12.5"),
        ("2025-06-03,1,buy,NVDA,NaN,", "shares “NaN” is not a number from 0 to 999999999, such as 12.5"),
        (
            '2025-06-03,1,buy,NVDA,"1,000",',
            "shares “1,000” is not a number from 0 to 999999999, such as 12.5",
        ),
        ("2025-06-03,1,buy,NVDA,1000000000,", "is not a number from 0 to 999999999"),
        ("2025-06-03,1,buy,NVDA,0.1234567,", "shares “0.1234567” has more than six decimal places"),
        ("2025-06-03,1,buy,NVDA,0.30000000000000004,", "has more than six decimal places"),
        ("2025-06-03,1,none,,many,", "shares “many” is not a number"),
        ("2025-06-03,1,buy,NVDA,1", "5 cells, where the header has 6"),
        ("2025-06-03,1,buy,NVDA,1,,", "7 cells, where the header has 6"),
        ("2025-06-02,1,buy,NVDA,1,", "2025-06-02 seq 1 stands after 2025-06-02 seq 1"),
        ("2025-06-01,9,buy,NVDA,1,", "2025-06-01 seq 9 stands after 2025-06-02 seq 1"),
        ('2025-06-03,1,"buy"x,NVDA,1,', "expected after"),
        ('2025-06-03,1,"buy,NVDA,1,', "unexpected end of data"),
        ("2025-06-03,1,buy,NVDA\x00,1,", ""),
    ],
)
def test_a_broken_row_is_refused_by_its_line_and_nothing_else_is_said(row: str, why: str) -> None:
    said = refused(HEADER, FIRST, row)
    assert said.startswith("log.csv line 3: ")
    assert why in said
    assert said.endswith(". Nothing was imported.")
    assert said.count("line ") == 1
    assert said.isprintable()


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("", "price is missing"),
        ("0", "price “0” is less than 0.000001"),
        ("0.0000001", "price “0.0000001” is less than 0.000001"),
        ("-5", "price “-5” is not a number from 0 to 999999999"),
        ("1e5", "price “1e5” is not a number from 0 to 999999999"),
    ],
)
def test_a_row_without_a_usable_price_is_refused_where_its_price_counts(cell: str, why: str) -> None:
    said = refused(HEADER, f"2025-06-02,1,buy,NVDA,1,{cell}", price=LogPrice.COLUMN)
    assert said.startswith(f"log.csv line 2: {why}")
    assert not parsed(HEADER, "2025-06-02,1,none,,,", price=LogPrice.COLUMN).trades


def test_a_header_that_lacks_a_column_or_has_one_twice_is_refused() -> None:
    assert "line 1: the header lacks date, seq, action, symbol, shares" in refused(
        "date;seq;action;symbol;shares"
    )
    assert "line 1: the header lacks date" in refused("")
    assert "line 1: the header lacks price" in refused(
        "date,seq,action,symbol,shares", "2025-06-02,1,none,,", price=LogPrice.COLUMN
    )
    assert "line 1: the header has shares more than once" in refused(
        "date,seq,action,symbol,shares,Shares", "2025-06-02,1,buy,NVDA,1,2"
    )
    assert refused(HEADER) == "log.csv has no row below its header."


def test_a_file_in_another_encoding_is_refused() -> None:
    for content in ("date,seq\n".encode("utf-16"), b"date,seq,action,symbol,shares\n2025-06-02,1,none,\xff,"):
        with pytest.raises(Refused, match=r"^log\.csv is not UTF-8 text"):
            parse_log("log.csv", content, LogPrice.OPEN)


def test_a_file_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^nothing\.csv cannot be read: No such file or directory\.$"):
        read_log(tmp_path / "nothing.csv", LogPrice.OPEN)
    with pytest.raises(Refused, match=r"cannot be read: Is a directory\.$"):
        read_log(tmp_path, LogPrice.OPEN)
    with pytest.raises(Refused, match="cannot be read"):
        read_log(Path("a\0b"), LogPrice.OPEN)


def test_a_file_that_never_ends_is_refused_without_being_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trade_logs, "LARGEST", 1024 * 1024)
    with pytest.raises(Refused, match=r"^zero is larger than 1 MiB"):
        read_log(Path("/dev/zero"), LogPrice.OPEN)


def test_the_name_of_a_file_is_no_way_into_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / ("\x1b[2J" + "x" * 200)
    path.write_text("nonsense")
    with pytest.raises(Refused) as caught:
        read_log(path, LogPrice.OPEN)
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith("[2J" + "x" * 77 + " line 1: ")


def test_a_member_is_found_whatever_the_capitals_and_a_new_name_is_taken_as_it_is() -> None:
    members = (member("Claude", MemberKind.LLM), member("committee", MemberKind.COMMITTEE))
    assert member_named("claude", members) == "Claude"
    assert member_named("Gpt-5.old_1", members) == "Gpt-5.old_1"


@pytest.mark.parametrize("name", ["../x", "", "x" * 300, " x", "-x", "x\n", "a b", "ü", "x\0"])
def test_a_name_that_no_member_can_have_is_refused_in_one_readable_sentence(name: str) -> None:
    with pytest.raises(Refused, match="cannot be a member's name: it has 1 to 40 letters") as caught:
        member_named(name, ())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 160


@pytest.mark.parametrize("name", ["committee", "Crowd", "CROWD"])
def test_nobody_imports_for_those_who_follow_what_others_decide(name: str) -> None:
    with pytest.raises(Refused, match="follow from what others decide"):
        member_named(name, ())


_CELLS = st.one_of(
    st.sampled_from(
        [*HEADER.split(","), "buy", "none", "2025-06-02", "1", "NVDA", '"', "\r", "\0", "1e9999"]
    ),
    st.text(max_size=8),
)


@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(st.lists(_CELLS, max_size=7).map(",".join), max_size=6).map(
            lambda lines: "\n".join([HEADER, *lines]).encode("utf-8", "replace")
        ),
    ),
    price=st.sampled_from(LogPrice),
)
def test_whatever_bytes_a_file_has_it_is_read_or_refused_in_one_sentence(
    content: bytes, price: LogPrice
) -> None:
    try:
        log = parse_log("log.csv", content, price)
    except Refused as refusal:
        assert str(refusal).isprintable()
        assert str(refusal).endswith(".")
    else:
        assert log.rows == len(log.trades) + log.without_trade > 0
        assert log.first <= log.last


_TRADES = st.lists(
    st.tuples(
        st.dates(date(1970, 1, 2), date(2100, 12, 30)),
        st.sampled_from([*Side, None]),
        st.from_regex(r"\A[A-Z]{1,5}(-[AB]|\.DE|-USD)?\Z"),
        st.decimals("0.000001", "999999999.999999", places=6),
        st.decimals("0.000001", "999999", places=6),
    ),
    min_size=1,
    max_size=30,
)


@given(
    rows=_TRADES, price=st.sampled_from([LogPrice.OPEN, LogPrice.COLUMN]), end=st.sampled_from(["\n", "\r\n"])
)
def test_a_log_that_is_written_reads_back_the_same(
    rows: list[tuple[date, Side | None, str, Decimal, Decimal]], price: LogPrice, end: str
) -> None:
    rows.sort(key=lambda row: row[0])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(HEADER.split(","))
    for seq, (day, side, ticker, shares, own) in enumerate(rows):
        writer.writerow([day, seq, side or "none", ticker, shares, own])
    log = parse_log("log.csv", text.getvalue().encode(), price)
    asked = price is LogPrice.COLUMN
    assert log.trades == tuple(
        LoggedTrade(seq + 2, day, ticker, side, shares, own if asked else None)
        for seq, (day, side, ticker, shares, own) in enumerate(rows)
        if side
    )
    assert (log.rows, log.first, log.last) == (len(rows), rows[0][0], rows[-1][0])
