"""What somebody could do to running totals, holdings and fills, and what an audit must say of it."""

# ruff: noqa: S608 - every statement here is our own

from core.domain.audit import Rule
from tests.damages_kind import (
    ALPHA,
    BETA,
    CASH,
    CLOSED,
    HOLDING,
    MOMENTUM,
    MOVEMENT,
    OF_ALPHA,
    OF_BETA,
    TOTALS,
    USD,
    Damage,
    cash_and_balance,
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
            f"VALUES (999999, 'fill-b2', 'live', 'beta', 'IBM', '2025-11-01', {USD}, {USD})",
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
