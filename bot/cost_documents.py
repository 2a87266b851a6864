"""Costs, and who was shown what, for programs: as JSON documents and as rows of CSV."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bot.plain_money import plain_money
from core.app.export_files import csv_cell
from core.domain.costs import CostLine, CostReport, WhoSaw

Document = dict[str, Any]


def costs_document(report: CostReport) -> Document:
    """Return a report: money as decimal strings, shares as fractions, None where there is too little."""
    found = report.forecast
    return {
        "by": report.by.value,
        "period": report.period,
        "zone": report.zone,
        "since": report.since.isoformat() if report.since else None,
        "until": report.until.isoformat(),
        "total": _line(report, report.total),
        "groups": [{report.by.value: line.name or None, **_line(report, line)} for line in report.lines],
        "more_groups": report.more,
        "forecast": {
            "today_usd": plain_money(found.today_usd),
            "month_usd": plain_money(found.month_usd),
            "day_end_usd": plain_money(found.day_end_usd),
            "month_end_usd": plain_money(found.month_end_usd),
            "days": found.days,
        },
        "limits": [
            {
                "limit": one.what,
                "limit_usd": plain_money(one.limit_usd),
                "spent_usd": plain_money(one.spent_usd),
                "left_usd": plain_money(one.left_usd),
            }
            for one in report.limits
        ],
        "min_settled": report.minimum,
    }


def costs_csv(report: CostReport) -> str:
    """Return the groups as CSV with a header, in the form of exported tables."""
    names = [report.by.value, *_line(report, report.total)]
    rows = [[line.name or None, *_line(report, line).values()] for line in report.lines]
    return _written(names, rows)


def seen_document(found: WhoSaw) -> Document:
    """Return who was shown what, oldest first."""
    seen = [one.model_dump(mode="json") for one in found.seen]
    return {"about": found.about, "calls": seen, "more_calls": found.more}


def seen_csv(found: WhoSaw) -> str:
    """Return who was shown what as CSV with a header."""
    rows = [one.model_dump() for one in found.seen]
    return _written(list(type(found.seen[0]).model_fields), [list(row.values()) for row in rows])


def _line(report: CostReport, line: CostLine) -> Document:
    spend = line.spend
    return {
        "cost_usd": plain_money(spend.cost_usd),
        "sent": line.sent,
        "answered": line.answered,
        "cancelled": line.cancelled,
        "from_cache": line.from_cache,
        "success_rate": _ratio(line.success),
        "cache_rate": _ratio(line.cache_share),
        "prompt_tokens": spend.prompt_tokens,
        "completion_tokens": spend.completion_tokens,
        "cached_tokens": spend.cached_tokens,
        "reasoning_tokens": spend.reasoning_tokens,
        "unpriced_calls": spend.unpriced_calls,
        "estimated_calls": spend.estimated_calls,
        "latency_p50_ms": line.median_ms,
        "latency_p95_ms": line.p95_ms,
        "ballots": line.ballots,
        "usd_per_ballot": plain_money(line.usd_per_ballot),
        "settled": line.settled,
        "right": line.right,
        "usd_per_right": plain_money(line.usd_per_right(report.minimum)),
    }


def _ratio(share: Decimal | None) -> float | None:
    return None if share is None else float(share)


def _written(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue()
