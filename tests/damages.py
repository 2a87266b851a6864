"""What somebody could do to the tables of `tests.audit_scene`, and what an audit must say of it."""

# ruff: noqa: S608 - every statement here is our own

from typing import NamedTuple

from core.domain.audit import Rule
from core.domain.ballot import Action
from tests.audit_scene import result_of

CASH, TOTALS, HOLDING, CLOSED, MOVEMENT = (
    Rule.CASH,
    Rule.TOTALS,
    Rule.HOLDING,
    Rule.CLOSED_TRADE,
    Rule.MOVEMENT,
)
ALPHA, BETA, MOMENTUM = (f"season live, {name}" for name in ("alpha", "beta", "momentum"))
HOLD = result_of("alpha", Action.HOLD).model_dump_json()
ABSTAINED = result_of("alpha", None).model_dump_json()
USD = 10**8
OF_ALPHA, OF_BETA = "WHERE member = 'alpha'", "WHERE member = 'beta'"


class Damage(NamedTuple):
    """What is done to the tables, which rules an audit then finds broken, and one sentence of it."""

    what: str
    done: tuple[str, ...]
    broken: set[Rule]
    sentence: str


def cash_and_balance(change: str, amount: int, member: str) -> tuple[str, str]:
    """Change a movement and the balance with it, so that the sums still agree."""
    own = f"WHERE member = '{member}'"
    return (
        f"UPDATE cash_movements SET amount_usd = amount_usd + {amount} {own} AND {change}",
        f"UPDATE balances SET cash_usd = cash_usd + {amount} {own}",
    )


TOTALS_DAMAGED = (
    Damage(
        "cash",
        (f"UPDATE balances SET cash_usd = cash_usd + 1 {OF_ALPHA}",),
        {CASH},
        f"{ALPHA}: the cash should be 9165.85 USD, and is 9165.85000001 USD.",
    ),
    Damage(
        "deposits",
        (f"UPDATE balances SET deposits_usd = deposits_usd + {USD} {OF_ALPHA}",),
        {TOTALS},
        f"{ALPHA}: the sum of deposits should be 10000 USD, and is 10001 USD.",
    ),
    Damage(
        "number of fills",
        (f"UPDATE balances SET fills = fills + 1 {OF_ALPHA}",),
        {TOTALS},
        f"{ALPHA}: the number of fills should be 3, and is 4.",
    ),
    Damage(
        "number of closed trades",
        (f"UPDATE balances SET closed = 0 {OF_ALPHA}",),
        {TOTALS},
        f"{ALPHA}: the number of closed trades should be 2, and is 0.",
    ),
    Damage(
        "wins",
        (f"UPDATE balances SET wins = 2 {OF_ALPHA}",),
        {TOTALS},
        f"{ALPHA}: the number of won trades should be 1, and is 2.",
    ),
    Damage(
        "gains",
        (f"UPDATE balances SET gains_usd = {USD} {OF_ALPHA}",),
        {TOTALS},
        f"{ALPHA}: the sum of gains should be 36.76666667 USD, and is 1 USD.",
    ),
    Damage(
        "losses",
        (f"UPDATE balances SET losses_usd = 0 {OF_ALPHA}",),
        {TOTALS},
        f"{ALPHA}: the sum of losses should be 12.66666667 USD, and is 0 USD.",
    ),
    Damage(
        "best trade",
        (f"UPDATE balances SET best_usd = NULL {OF_ALPHA}",),
        {TOTALS},
        f"{ALPHA}: the best trade should be 36.76666667 USD, and is none.",
    ),
    Damage(
        "worst trade",
        (f"UPDATE balances SET worst_usd = 0 {OF_ALPHA}",),
        {TOTALS},
        f"{ALPHA}: the worst trade should be -12.66666667 USD, and is 0 USD.",
    ),
    Damage(
        "time of the newest entry",
        (f"UPDATE balances SET last_at = 7 {OF_ALPHA}",),
        {TOTALS},
        f"{ALPHA}: the time of the newest entry (microseconds since 1970) should be 1762002000000000, "
        "and is 7.",
    ),
    Damage(
        "no totals",
        (f"DELETE FROM balances {OF_BETA}",),
        {Rule.ACCOUNT},
        f"{BETA}: the running totals should be kept, and is missing.",
    ),
    Damage(
        "no account",
        (f"DELETE FROM accounts {OF_BETA}",),
        {Rule.ACCOUNT},
        f"{BETA}: the account should be opened, and is missing.",
    ),
    Damage(
        "no deposit",
        (f"DELETE FROM cash_movements {OF_BETA} AND kind = 'deposit'",),
        {Rule.DEPOSIT, CASH, TOTALS, Rule.OVERDRAWN},
        f"{BETA}: the number of deposits should be 1, and is 0.",
    ),
    Damage(
        "a deposit too small for what was bought",
        (
            *cash_and_balance("kind = 'deposit'", -8000 * USD, "alpha"),
            f"UPDATE balances SET deposits_usd = {2000 * USD} {OF_ALPHA}",
        ),
        {Rule.OVERDRAWN},
        f"{ALPHA}: the cash after fill fill-a1 should be 0 USD or more, and is -101 USD.",
    ),
)
HOLDINGS_DAMAGED = (
    Damage(
        "shares",
        ("UPDATE holdings SET shares = shares * 2 WHERE ticker = 'IBM'",),
        {HOLDING},
        f"{BETA}: the holding of IBM should be 1 shares at an average of 300 USD, "
        "and is 2 shares at an average of 300 USD.",
    ),
    Damage(
        "the last digit of an average",
        (f"UPDATE holdings SET average = '300.{'0' * 56}1' WHERE ticker = 'IBM'",),
        {HOLDING},
        f"{BETA}: the holding of IBM should be 1 shares at an average of 300 USD, "
        f"and is 1 shares at an average of 300.{'0' * 56}1 USD.",
    ),
    Damage(
        "a holding is gone",
        ("DELETE FROM holdings WHERE ticker = 'IBM'",),
        {HOLDING},
        f"{BETA}: the holding of IBM should be 1 shares at an average of 300 USD, and is none.",
    ),
    Damage(
        "a holding of nobody",
        (
            "INSERT INTO holdings (season, member, ticker, shares, average) "
            f"VALUES ('ghost', 'x', 'Z', {USD}, '1')",
        ),
        {HOLDING, Rule.ACCOUNT, Rule.DEPOSIT},
        "season ghost, x: the holding of Z should be none, and is 1 shares at an average of 1 USD.",
    ),
    Damage(
        "what a sell has earned",
        ("UPDATE closed_trades SET pnl_usd = pnl_usd + 1 WHERE fill_id = 'fill-a2'",),
        {CLOSED},
        f"{ALPHA}: what fill fill-a2 closed should be 36.76666667 USD earned on a cost of 733.33333333 USD, "
        "and is 36.76666668 USD earned on a cost of 733.33333333 USD.",
    ),
    Damage(
        "a closed trade is gone",
        ("DELETE FROM closed_trades WHERE fill_id = 'fill-m2'",),
        {CLOSED},
        f"{MOMENTUM}: what fill fill-m2 closed should be -20.4 USD earned on a cost of 500 USD, "
        "and is nothing.",
    ),
    Damage(
        "a closed trade of a buy",
        (
            "INSERT INTO closed_trades (number, fill_id, season, member, ticker, session, pnl_usd, cost_usd) "
            f"VALUES (99, 'fill-b2', 'live', 'beta', 'IBM', '2025-11-01', {USD}, {USD})",
        ),
        {CLOSED},
        f"{BETA}: what fill fill-b2 closed should be nothing, and is 1 USD earned on a cost of 1 USD.",
    ),
    Damage(
        "the session of a closed trade",
        ("UPDATE closed_trades SET session = '2025-12-24', number = 2000 WHERE fill_id = 'fill-m2'",),
        {CLOSED},
        f"{MOMENTUM}, closed trade 2000: session of its fill should be 2025-12-24, and is 2025-10-31.",
    ),
)
FILLS_DAMAGED = (
    Damage(
        "a trade movement",
        (
            "UPDATE cash_movements SET amount_usd = amount_usd + 1 "
            "WHERE fill_id = 'fill-a1' AND kind = 'trade'",
        ),
        {MOVEMENT, CASH},
        f"{ALPHA}, fill fill-a1: amount of its trade movement should be -2100, and is -2099.99999999.",
    ),
    Damage(
        "a fee movement is gone",
        ("DELETE FROM cash_movements WHERE fill_id = 'fill-a1' AND kind = 'fee'",),
        {MOVEMENT, CASH},
        f"{ALPHA}, fill fill-a1: its fee movement should be there, and is missing.",
    ),
    Damage(
        "the fee of a fill",
        ("UPDATE fills SET fee_usd = 0 WHERE id = 'fill-a1'",),
        {MOVEMENT},
        f"{ALPHA}, fill fill-a1: amount of its fee movement should be 0, and is -1.",
    ),
    Damage(
        "a movement without its fill",
        (
            "INSERT INTO cash_movements (number, season, member, kind, amount_usd, at, fill_id) "
            f"VALUES (999, 'live', 'beta', 'trade', {USD}, 5, 'gone')",
        ),
        {MOVEMENT, CASH},
        f"{BETA}, movement 999: its fill should be there, and is missing.",
    ),
    Damage(
        "the price of a fill",
        ("UPDATE fills SET price = price * 2 WHERE id = 'fill-b2'",),
        {Rule.FILL, HOLDING},
        f"{BETA}: the amount of fill fill-b2 should be 600 USD to the cent, and is 300 USD.",
    ),
    Damage(
        "a fill is gone",
        ("DELETE FROM fills WHERE id = 'fill-b2'",),
        {Rule.ORDER, MOVEMENT, HOLDING, TOTALS},
        f"{BETA}, order b2: its fill should be there, and is missing.",
    ),
    Damage(
        "a fill without an order",
        ("DELETE FROM orders WHERE id = 'a1'",),
        {Rule.FILL},
        f"{ALPHA}, fill fill-a1: its order should be there, and is missing.",
    ),
    Damage(
        "a fill larger than its order",
        ("UPDATE orders SET shares = 1 WHERE id = 'a1'",),
        {Rule.FILL},
        f"{ALPHA}, fill fill-a1: shares of its order should be 10.5, and is 0.00000001.",
    ),
    Damage(
        "a filled order is said to be cancelled",
        ("UPDATE orders SET state = 'cancelled' WHERE id = 'a1'",),
        {Rule.FILL},
        f"{ALPHA}, fill fill-a1: state of its order should be filled, and is cancelled.",
    ),
    Damage(
        "an order of the other side",
        ("UPDATE orders SET side = 'sell' WHERE id = 'a1'",),
        {Rule.FILL, Rule.BALLOT},
        f"{ALPHA}, fill fill-a1: side of its order should be buy, and is sell.",
    ),
    Damage(
        "an order of another ticker",
        ("UPDATE orders SET ticker = 'IBM' WHERE id = 'a1'",),
        {Rule.FILL, Rule.RUN},
        f"{ALPHA}, order a1: ticker of its run should be IBM, and is NVDA.",
    ),
    Damage(
        "an order that is said to be filled",
        ("UPDATE orders SET state = 'filled', ended_at = 5 WHERE id = 'm3'",),
        {Rule.ORDER},
        f"{MOMENTUM}, order m3: its fill should be there, and is missing.",
    ),
)
RUNS_DAMAGED = (
    Damage(
        "a ballot is another",
        (f"UPDATE seats SET result = '{HOLD}' {OF_ALPHA} AND run_id = 'run00001'",),
        {Rule.BALLOT},
        f"{ALPHA}, order a1: the ballot in run run00001 should be BUY, and is HOLD.",
    ),
    Damage(
        "a ballot is an abstention",
        (f"UPDATE seats SET result = '{ABSTAINED}' {OF_ALPHA} AND run_id = 'run00002'",),
        {Rule.BALLOT},
        f"{ALPHA}, order a2: the ballot in run run00002 should be SELL, and is an abstention.",
    ),
    Damage(
        "a ballot is junk",
        (f"UPDATE seats SET result = '[' {OF_ALPHA} AND run_id = 'run00002'",),
        {Rule.BALLOT},
        f"{ALPHA}, order a2: the ballot in run run00002 should be SELL, and is unreadable.",
    ),
    Damage(
        "a result is gone",
        (f"UPDATE seats SET result = NULL {OF_ALPHA} AND run_id = 'run00002'",),
        {Rule.BALLOT, Rule.SEAT},
        "run run00002, seat of alpha: its result should be there, and is missing.",
    ),
    Damage(
        "a seat is gone",
        (f"DELETE FROM seats {OF_ALPHA} AND run_id = 'run00001'",),
        {Rule.SEAT},
        f"{ALPHA}, order a3: its seat should be there, and is missing.",
    ),
    Damage(
        "a run without seats",
        ("DELETE FROM seats WHERE run_id = 'run00002'",),
        {Rule.SEAT, Rule.RUN},
        "run run00002: a seat in it should be there, and is missing.",
    ),
    Damage(
        "a run is gone",
        ("DELETE FROM runs WHERE run_id = 'run00003'",),
        {Rule.SEAT, Rule.RUN},
        "run run00003, seat of momentum: its run should be there, and is missing.",
    ),
    Damage(
        "a run of another season",
        ("UPDATE runs SET season = 'other' WHERE run_id = 'run00003'",),
        {Rule.RUN},
        f"{MOMENTUM}, order m2: season of its run should be live, and is other.",
    ),
    Damage(
        "a verdict is gone",
        ("UPDATE runs SET verdict = NULL WHERE run_id = 'run00003'",),
        {Rule.RUN},
        "run run00003: its verdict should be there, and is missing.",
    ),
    Damage(
        "an import is gone",
        ("DELETE FROM imports",),
        {Rule.IMPORT},
        f"{BETA}, order b2: its import should be there, and is missing.",
    ),
    Damage(
        "an import of somebody else",
        ("UPDATE imports SET member = 'alpha'",),
        {Rule.IMPORT},
        f"{BETA}, order b2: member of its import should be beta, and is alpha.",
    ),
)
SESSIONS_DAMAGED = (
    Damage(
        "a daily value",
        (f"UPDATE daily_values SET value_usd = value_usd + 1 {OF_BETA}",),
        {Rule.DAILY_VALUE},
        f"{BETA}, session 2025-10-30: the value should be 9999.03 USD, and is 9999.03000001 USD.",
    ),
    Damage(
        "a holding worth less than nothing",
        (f"UPDATE daily_values SET long_usd = -{USD}, cash_usd = value_usd + {USD} {OF_BETA}",),
        {Rule.DAILY_VALUE},
        f"{BETA}, session 2025-10-30: the long and the short holdings should be worth 0 USD or more, "
        "and is -1 USD and 0 USD.",
    ),
    Damage(
        "a session is gone",
        ("DELETE FROM sessions WHERE session = '2025-10-30'",),
        {Rule.DAILY_VALUE},
        f"{ALPHA}, session 2025-10-30: the session should be one that the season went through, "
        "and is none of these.",
    ),
    Damage(
        "sessions that closed at the same time",
        ("UPDATE sessions SET closed_at = 5",),
        {Rule.SESSION},
        "season live, session 2025-10-31: its close should be later than that of 2025-10-30, "
        "and is earlier or the same.",
    ),
    Damage(
        "a split that was not applied to the season",
        ("DELETE FROM corporate_actions WHERE kind = 'split'",),
        {Rule.ACTION},
        f"{BETA}: the split of NVDA on 2025-10-31 should be one that was applied to the season, "
        "and is unknown.",
    ),
    Damage(
        "a split of another ratio",
        ("UPDATE corporate_actions SET value = '4' WHERE kind = 'split'",),
        {Rule.ACTION},
        f"{BETA}: the split of NVDA on 2025-10-31 should be 4 for 1 at 1761915600000000 microseconds "
        "since 1970, and is 3 for 1 at 1761915600000000 microseconds since 1970.",
    ),
    Damage(
        "a split that passed a member by",
        (f"DELETE FROM share_movements {OF_BETA}",),
        {Rule.ACTION, HOLDING},
        f"{BETA}: the split of NVDA on 2025-10-31 should be applied to 3 shares, and is not applied.",
    ),
    Damage(
        "what a split began with",
        (f"UPDATE share_movements SET shares_before = {USD} {OF_BETA}",),
        {Rule.ACTION},
        f"{BETA}: what the split of NVDA on 2025-10-31 began with should be 3 shares, and is 1.",
    ),
    Damage(
        "what a split left",
        (f"UPDATE share_movements SET shares_after = {8 * USD} {OF_BETA}",),
        {Rule.ACTION, HOLDING},
        f"{BETA}: what the split of NVDA on 2025-10-31 left should be 9 shares, and is 8.",
    ),
    Damage(
        "a dividend",
        cash_and_balance("kind = 'dividend'", USD, "beta"),
        {Rule.ACTION},
        f"{BETA}: the dividend of NVDA on 2025-10-31 should be 2.25 USD, and is 3.25 USD.",
    ),
    Damage(
        "a dividend that was not paid",
        (
            "INSERT INTO corporate_actions (season, ticker, kind, ex_date, value, source, at) "
            "VALUES ('live', 'IBM', 'dividend', '2025-11-03', '1.5', 'csv', 1772002000000000)",
        ),
        {Rule.ACTION},
        f"{BETA}: the dividend of IBM on 2025-11-03 should be 1.5 USD, and is 0 USD.",
    ),
    Damage(
        "a dividend that no company paid",
        ("DELETE FROM corporate_actions WHERE kind = 'dividend'",),
        {Rule.ACTION},
        f"{BETA}: the dividend of NVDA on 2025-10-31 should be of what a company did, "
        "and is of nothing that is known.",
    ),
    Damage(
        "cash in lieu of no split",
        ("UPDATE cash_movements SET ticker = 'IBM' WHERE kind = 'cash_in_lieu'",),
        {Rule.ACTION},
        f"{ALPHA}: the cash in lieu of IBM on 2025-10-31 should be of what a company did, "
        "and is of nothing that is known.",
    ),
)
ONLY_ON_SQLITE = (
    Damage(
        "a mark of nothing",
        ("UPDATE marks SET price = 0 WHERE ticker = 'NVDA'",),
        {Rule.MARK},
        "season live, mark of NVDA at 2025-10-31 19:00:00+00:00: price of the mark should be above 0, "
        "and is not above 0.",
    ),
    Damage(
        "an order that nothing made",
        ("UPDATE orders SET run_id = NULL WHERE id = 'a3'",),
        {Rule.FILL, Rule.SEAT, Rule.RUN},
        f"{ALPHA}, order a3: its seat should be there, and is missing.",
    ),
    Damage(
        "a word for a sum",
        (f"UPDATE balances SET cash_usd = 'much' {OF_ALPHA}", f"UPDATE balances SET fills = 0 {OF_BETA}"),
        {Rule.READABLE, TOTALS},
        f"{ALPHA}: every value should be of its kind, and is something else ('much' is no whole number).",
    ),
    Damage(
        "a part of the smallest unit",
        (f"UPDATE balances SET cash_usd = 1.5 {OF_ALPHA}",),
        {Rule.READABLE},
        f"{ALPHA}: every value should be of its kind, and is something else ('1.5' is no whole number).",
    ),
    Damage(
        "a word for an average",
        (f"UPDATE holdings SET average = 'cheap' {OF_ALPHA}",),
        {Rule.READABLE},
        f"{ALPHA}: every value should be of its kind, and is something else",
    ),
    Damage(
        "a word for shares",
        ("UPDATE fills SET shares = 'many' WHERE id = 'fill-a1'",),
        {Rule.READABLE},
        "a row of “fill”: every value should be of its kind, and is something else",
    ),
    Damage(
        "a word for a day",
        ("UPDATE daily_values SET session = 'never' WHERE member = 'beta'",),
        {Rule.READABLE},
        "sessions and daily values: every value should be of its kind, and is something else",
    ),
)
FOUND_BY_SQL = (
    TOTALS_DAMAGED[0],
    *HOLDINGS_DAMAGED[-2:],
    *FILLS_DAMAGED,
    *RUNS_DAMAGED,
    *SESSIONS_DAMAGED[:4],
)
"""What queries look for, so that it matters which database answers."""
FOUND_BY_REPLAY = (*TOTALS_DAMAGED[1:], *HOLDINGS_DAMAGED[:-2], *SESSIONS_DAMAGED[4:])
"""What follows from rows that any database gives."""
