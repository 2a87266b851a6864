"""What somebody could do to the tables of `tests.audit_scene`, and what an audit must say of it."""

# ruff: noqa: S608 - every statement here is our own

from core.domain.audit import Rule
from tests.damages_kind import (
    ABSTAINED,
    ALPHA,
    BETA,
    HOLD,
    HOLDING,
    MOMENTUM,
    OF_ALPHA,
    OF_BETA,
    TOTALS,
    USD,
    Damage,
    cash_and_balance,
)
from tests.damages_ledger import FILLS_DAMAGED, HOLDINGS_DAMAGED, TOTALS_DAMAGED

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
