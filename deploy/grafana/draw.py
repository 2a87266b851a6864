"""Draw the two dashboards: `python deploy/grafana/draw.py` writes them, a test sees that they are as drawn.

A panel is one line here; where it stands follows from the order, so that none lies on another.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "conclave-prometheus"}
WIDTH = 24
BAD_IF_ZERO = ((None, "red"), (1, "green"))
BAD_IF_ANY = ((None, "green"), (1, "orange"))
MODELS = '{provider=~"$provider",model=~"$model"}'
MEMBERS = '{member=~"$member"}'
Json = dict[str, Any]
Steps = Sequence[tuple[float | None, str]]


class Panel(NamedTuple):
    """One picture: what it shows, as pairs of a query and the name of its lines, and how wide and high it is.

    `now` asks for the last moment alone. `kind` is a panel type of Grafana.
    """

    title: str
    says: str
    queries: Sequence[tuple[str, str]]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 12
    height: int = 8
    now: bool = False
    stacked: bool = False
    steps: Steps = ((None, "green"),)
    highest: float | None = None
    maps: tuple[tuple[str, str, str], ...] = ()


class Row(NamedTuple):
    """A headline and the panels below it."""

    title: str
    panels: Sequence[Panel]


def quantiles(
    metric: str, by: str, where: str = "", window: str = "$__rate_interval"
) -> list[tuple[str, str]]:
    """Return the queries of the median and of the 95th percentile of a histogram, for each value of `by`."""
    return [
        (
            f"histogram_quantile({part}, sum by (le, {by}) (rate({metric}_bucket{where}[{window}])))",
            f"{{{{{by}}}}} {name}",
        )
        for part, name in ((0.5, "p50"), (0.95, "p95"))
    ]


def mean(metric: str, by: str, where: str = "") -> list[tuple[str, str]]:
    """Return the query of the mean of a histogram over the time shown, for each value of `by`."""
    total, count = (
        f"sum by ({by}) (increase({metric}_{part}{where}[$__range]))" for part in ("sum", "count")
    )
    return [(f"{total} / {count}", f"{{{{{by}}}}}")]


def gained(metric: str, by: str, where: str = "", window: str = "$__rate_interval") -> tuple[str, str]:
    """Return the query of what a counter has gained, for each value of `by`.

    Over the whole time shown, what has gained nothing is left out.
    """
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    query = f"sum by ({by}) (increase({metric}{where}[{window}]))"
    return f"{query} > 0" if window == "$__range" else query, legend


ARENA = (
    Row(
        "Standings",
        (
            Panel(
                "Portfolio values",
                "What each portfolio is worth at the latest marks. One without a price has a gap.",
                [(f"conclave_member_value_usd{MEMBERS}", "{{member}}")],
                unit="currencyUSD",
                width=16,
                height=10,
            ),
            Panel(
                "Leaderboard",
                "The same now, the best first.",
                [(f"sort_desc(conclave_member_value_usd{MEMBERS})", "{{member}}")],
                "bargauge",
                "currencyUSD",
                8,
                10,
                now=True,
            ),
            Panel(
                "Return",
                "Since the season began, as a part of the initial cash.",
                [(f"conclave_member_return{MEMBERS}", "{{member}}")],
                unit="percentunit",
                width=24,
            ),
        ),
    ),
    Row(
        "Verdicts",
        (
            Panel(
                "Runs",
                "Runs that ended in the time shown.",
                [("sum(increase(conclave_runs_finished_total[$__range]))", "runs")],
                "stat",
                width=6,
                height=5,
                now=True,
            ),
            Panel(
                "Runs that go on",
                "In all processes.",
                [("max(conclave_runs_in_flight)", "runs")],
                "stat",
                width=6,
                height=5,
                now=True,
            ),
            Panel(
                "Cost of a decision",
                "What all ballots of the time shown cost, by ballot.",
                [
                    (
                        "sum(increase(conclave_member_cost_usd_total[$__range]))"
                        " / sum(increase(conclave_member_decisions_total[$__range]))",
                        "USD",
                    )
                ],
                "stat",
                "currencyUSD",
                6,
                5,
                now=True,
            ),
            Panel(
                "Cost of a run",
                "What all ballots of the time shown cost, by run.",
                [
                    (
                        "sum(increase(conclave_member_cost_usd_total[$__range]))"
                        " / sum(increase(conclave_runs_finished_total[$__range]))",
                        "USD",
                    )
                ],
                "stat",
                "currencyUSD",
                6,
                5,
                now=True,
            ),
            Panel(
                "Verdicts",
                "What the committee decided; none is a run without a verdict.",
                [gained("conclave_runs_finished_total", "decision", window="1h")],
                stacked=True,
            ),
            Panel(
                "Runs begun",
                "By preset.",
                [gained("conclave_runs_started_total", "preset", window="1h")],
                stacked=True,
            ),
            Panel(
                "Decisions by member",
                "In the time shown; abstained is no ballot.",
                [gained("conclave_member_decisions_total", "member, action", MEMBERS, "$__range")],
                "bargauge",
                height=12,
                now=True,
            ),
            Panel(
                "Why members abstained",
                "In the time shown.",
                [gained("conclave_member_abstentions_total", "member, kind", MEMBERS, "$__range")],
                "bargauge",
                height=12,
                now=True,
                steps=((None, "orange"),),
            ),
        ),
    ),
    Row(
        "Confidence",
        (
            Panel(
                "Mean confidence by member",
                "Of the ballots in the time shown, 0 to 1.",
                mean("conclave_member_confidence", "member", MEMBERS),
                "bargauge",
                "percentunit",
                highest=1,
                now=True,
            ),
            Panel(
                "Median confidence by member",
                "Over six hours; a member that is always equally sure tells nothing.",
                [
                    (
                        "histogram_quantile(0.5, sum by (le, member)"
                        f" (increase(conclave_member_confidence_bucket{MEMBERS}[6h])))",
                        "{{member}}",
                    )
                ],
                unit="percentunit",
                highest=1,
            ),
        ),
    ),
    Row(
        "Single questions",
        (
            Panel(
                "Which model was chosen",
                "Questions of /ask and POST /decide in the time shown, by model.",
                [gained("conclave_routed_total", "model", window="$__range")],
                "piechart",
                width=8,
                now=True,
            ),
            Panel(
                "Why",
                "The same by the rule that chose.",
                [gained("conclave_routed_total", "rule", window="$__range")],
                "piechart",
                width=8,
                now=True,
            ),
            Panel(
                "Confidence of single answers",
                "The mean of each model in the time shown, 0 to 1.",
                mean("conclave_routed_confidence", "model"),
                "bargauge",
                "percentunit",
                8,
                highest=1,
                now=True,
            ),
            Panel(
                "Questions over time",
                "By model.",
                [gained("conclave_routed_total", "model", window="1h")],
                stacked=True,
                width=16,
            ),
            Panel(
                "Second opinions that differed",
                "Where the premium model that had to confirm did not.",
                [("sum(increase(conclave_routed_disagreed_total[$__range]))", "questions")],
                "stat",
                width=8,
                now=True,
            ),
        ),
    ),
    Row(
        "Cost and time",
        (
            Panel(
                "Cost of a decision by member",
                "In the time shown.",
                [
                    (
                        f"sum by (member) (increase(conclave_member_cost_usd_total{MEMBERS}[$__range]))"
                        f" / sum by (member) (increase(conclave_member_decisions_total{MEMBERS}[$__range]))",
                        "{{member}}",
                    )
                ],
                "bargauge",
                "currencyUSD",
                now=True,
            ),
            Panel(
                "Tokens of a decision by member",
                "In the time shown.",
                [
                    (
                        f"sum by (member) (increase(conclave_member_tokens_total{MEMBERS}[$__range]))"
                        f" / sum by (member) (increase(conclave_member_decisions_total{MEMBERS}[$__range]))",
                        "{{member}}",
                    )
                ],
                "bargauge",
                now=True,
            ),
            Panel(
                "Time of a run",
                "From its start to the verdict, by preset, over an hour.",
                quantiles("conclave_run_seconds", "preset", window="1h"),
                unit="s",
            ),
            Panel(
                "Time of a member",
                "Its whole way to a ballot, over an hour.",
                quantiles("conclave_member_seconds", "member", MEMBERS, "1h"),
                unit="s",
            ),
        ),
    ),
)

_ON_OFF = (("0", "no", "red"), ("1", "yes", "green"))
_BREAKER = (("0", "closed", "green"), ("1", "half-open", "yellow"), ("2", "open", "red"))
OPERATIONS = (
    Row(
        "Now",
        (
            Panel(
                "Answers",
                "Whether Prometheus can read from Conclave.",
                [('up{job="conclave"}', "up")],
                "stat",
                width=4,
                height=4,
                now=True,
                steps=BAD_IF_ZERO,
                maps=_ON_OFF,
            ),
            Panel(
                "Database",
                "Whether it answered for the last reading.",
                [("min(conclave_store_up)", "database")],
                "stat",
                width=4,
                height=4,
                now=True,
                steps=BAD_IF_ZERO,
                maps=_ON_OFF,
            ),
            Panel(
                "Platforms",
                "Which are connected.",
                [("conclave_platform_connected", "{{platform}}")],
                "stat",
                width=4,
                height=4,
                now=True,
                steps=BAD_IF_ZERO,
                maps=_ON_OFF,
            ),
            Panel(
                "Runs that go on",
                "In all processes.",
                [("max(conclave_runs_in_flight)", "runs")],
                "stat",
                width=4,
                height=4,
                now=True,
            ),
            Panel(
                "Digests late",
                "Slots of subscriptions that are due for more than two minutes.",
                [("max(conclave_queue_late)", "late")],
                "stat",
                width=4,
                height=4,
                now=True,
                steps=BAD_IF_ANY,
            ),
            Panel(
                "Breakers open",
                "Models that are not asked for the moment.",
                [("sum(conclave_breaker_state == bool 2) or vector(0)", "open")],
                "stat",
                width=4,
                height=4,
                now=True,
                steps=BAD_IF_ANY,
            ),
        ),
    ),
    Row(
        "Latency of models",
        (
            Panel(
                "By provider",
                "Of calls that were answered.",
                quantiles("conclave_call_seconds", "provider", MODELS),
                unit="s",
                width=8,
            ),
            Panel(
                "By model",
                "Of calls that were answered.",
                quantiles("conclave_call_seconds", "model", MODELS),
                unit="s",
                width=8,
            ),
            Panel(
                "By stage",
                "Of calls that were answered; none is a call outside of a run's stages.",
                quantiles("conclave_call_seconds", "stage", MODELS),
                unit="s",
                width=8,
            ),
        ),
    ),
    Row(
        "Calls",
        (
            Panel(
                "How calls end",
                "All models together.",
                [gained("conclave_calls_total", "outcome", MODELS)],
                stacked=True,
            ),
            Panel(
                "Errors by kind",
                "What was not answered, by provider.",
                [
                    gained(
                        "conclave_calls_total",
                        "provider, outcome",
                        MODELS[:-1] + ',outcome!~"answered|cancelled"}',
                        "$__rate_interval",
                    )
                ],
                stacked=True,
            ),
            Panel(
                "Retries",
                "Calls that were sent again.",
                [gained("conclave_retries_total", "provider, model", MODELS)],
                width=8,
            ),
            Panel(
                "Keys left alone",
                "How often a provider asked to wait, by key.",
                [gained("conclave_key_cooldowns_total", "provider, key")],
                width=8,
            ),
            Panel(
                "For how long",
                "Seconds of it.",
                [gained("conclave_key_cooldown_seconds_total", "provider, key")],
                unit="s",
                width=8,
            ),
            Panel(
                "Breakers",
                "An open one is not asked; a half-open one is tried with a single call.",
                [(f"conclave_breaker_state{MODELS}", "{{provider}} {{model}}")],
                "state-timeline",
                width=24,
                steps=((None, "green"), (1, "yellow"), (2, "red")),
                maps=_BREAKER,
            ),
        ),
    ),
    Row(
        "Money and cache",
        (
            Panel(
                "Budget left today",
                "As a part of its limit; empty without limits.",
                [("conclave_budget_left_usd / conclave_budget_limit_usd", "{{scope}}")],
                "bargauge",
                "percentunit",
                8,
                now=True,
                highest=1,
                steps=((None, "red"), (0.2, "orange"), (0.5, "green")),
            ),
            Panel(
                "Budget left over time",
                "In USD.",
                [("conclave_budget_left_usd", "{{scope}}")],
                unit="currencyUSD",
                width=8,
            ),
            Panel(
                "Cost by model",
                "USD in an hour.",
                [gained("conclave_call_cost_usd_total", "provider, model", MODELS, "1h")],
                unit="currencyUSD",
                width=8,
                stacked=True,
            ),
            Panel(
                "Tokens by kind",
                "In an hour; cached ones are part of the prompt, reasoning ones of the completion.",
                [gained("conclave_call_tokens_total", "kind", MODELS, "1h")],
            ),
            Panel(
                "Cache hits by stage",
                "As a part of all questions to the cache of answers.",
                [
                    (
                        'sum by (stage) (increase(conclave_cache_lookups_total{result="hit"}[1h]))'
                        " / sum by (stage) (increase(conclave_cache_lookups_total[1h]))",
                        "{{stage}}",
                    )
                ],
                unit="percentunit",
                highest=1,
            ),
        ),
    ),
    Row(
        "Subscriptions and deliveries",
        (
            Panel(
                "Queue",
                "Slots that are due, and of these the late ones.",
                [("max(conclave_queue_depth)", "due"), ("max(conclave_queue_late)", "late")],
                width=8,
            ),
            Panel(
                "Lag",
                "For how long the oldest slot has been due.",
                [("max(conclave_queue_lag_seconds)", "lag")],
                unit="s",
                width=8,
            ),
            Panel(
                "Chats that are shut",
                "In which nothing may be posted.",
                [("max(conclave_chats_shut)", "chats")],
                width=8,
            ),
            Panel(
                "Deliveries",
                "What chats subscribed to and got, in an hour; late=true came late.",
                [gained("conclave_deliveries_total", "platform, late", window="1h")],
                stacked=True,
            ),
            Panel(
                "What platforms did not take",
                "In an hour, by kind.",
                [gained("conclave_delivery_failures_total", "platform, kind", window="1h")],
                stacked=True,
            ),
        ),
    ),
    Row(
        "Database and HTTP",
        (
            Panel(
                "Transactions",
                "How long they took, with what they waited for.",
                quantiles("conclave_database_seconds", "kind"),
                unit="s",
            ),
            Panel(
                "Transactions a second",
                "By kind.",
                [
                    (
                        "sum by (kind) (rate(conclave_database_seconds_count[$__rate_interval]))",
                        "{{kind}}",
                    )
                ],
                unit="ops",
            ),
            Panel(
                "HTTP answers",
                "By path and status.",
                [gained("conclave_http_requests_total", "path, method, status")],
                stacked=True,
                width=8,
            ),
            Panel(
                "HTTP time",
                "By path.",
                quantiles("conclave_http_request_seconds", "path"),
                unit="s",
                width=8,
            ),
            Panel(
                "HTTP under way",
                "Who follows a run as a stream, and single questions that are being answered.",
                [("sum(conclave_http_readers)", "readers"), ("sum(conclave_http_questions)", "questions")],
                width=8,
            ),
        ),
    ),
)


def dashboard(
    uid: str, title: str, rows: Iterable[Row], variables: Iterable[tuple[str, str]], since: str
) -> Json:
    """Return a dashboard; `variables` are names and queries of the lists to choose from at its top."""
    return {
        "uid": uid,
        "title": title,
        "tags": ["conclave"],
        "editable": False,
        "schemaVersion": 40,
        "version": 1,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": since, "to": "now"},
        "graphTooltip": 1,
        "annotations": {"list": []},
        "links": [
            {
                "title": "Conclave",
                "type": "dashboards",
                "tags": ["conclave"],
                "asDropdown": False,
                "includeVars": False,
                "keepTime": True,
                "targetBlank": False,
                "icon": "external link",
                "tooltip": "",
                "url": "",
            }
        ],
        "templating": {"list": [_variable(*each) for each in variables]},
        "panels": _placed(rows),
    }


def _variable(name: str, query: str) -> Json:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def _placed(rows: Iterable[Row]) -> list[Json]:
    """Return all panels from left to right and from top to bottom."""
    placed: list[Json] = []
    y = 0
    for row in rows:
        place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
        placed.append(
            {
                "id": len(placed) + 1,
                "type": "row",
                "title": row.title,
                "gridPos": place,
                "collapsed": False,
                "panels": [],
            }
        )
        x, y, height = 0, y + 1, 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            placed.append({"id": len(placed) + 1, "gridPos": place, **_panel(panel)})
            x, height = x + panel.width, max(height, panel.height)
        y += height
    return placed


def _panel(panel: Panel) -> Json:
    defaults: Json = {
        "unit": panel.unit,
        "color": {"mode": "palette-classic" if panel.steps == ((None, "green"),) else "thresholds"},
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": value, "color": color} for value, color in panel.steps],
        },
        "mappings": [
            {"type": "value", "options": {value: {"text": text, "color": color, "index": index}}}
            for index, (value, text, color) in enumerate(panel.maps)
        ],
        "custom": _custom(panel),
    }
    if panel.unit == "short" and panel.now:
        defaults["decimals"] = 0  # gains are estimated between two readings, and what is counted is whole
    if panel.highest is not None:
        defaults |= {"min": 0, "max": panel.highest}
    made: Json = {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "targets": [
            {
                "refId": "ABCDEF"[index],
                "datasource": SOURCE,
                "expr": expr,
                "legendFormat": legend,
                "instant": panel.now,
                "range": not panel.now,
            }
            for index, (expr, legend) in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel),
    }
    if panel.stacked and any("[1h]" in expr for expr, _ in panel.queries):
        made["interval"] = "1h"  # one bar an hour: nothing is counted in two of them
    return made


def _custom(panel: Panel) -> Json:
    if panel.kind != "timeseries":
        return {}
    if panel.stacked:
        return {
            "drawStyle": "bars",
            "fillOpacity": 80,
            "lineWidth": 0,
            "stacking": {"mode": "normal", "group": "A"},
        }
    return {"drawStyle": "line", "fillOpacity": 0, "lineWidth": 1, "showPoints": "auto", "spanNulls": False}


def _options(panel: Panel) -> Json:
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.kind:
        case "timeseries":
            legend = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
            return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
        case "stat":
            return {
                "reduceOptions": last,
                "colorMode": "value",
                "graphMode": "none",
                "justifyMode": "auto",
                "orientation": "auto",
                "textMode": "auto",
            }
        case "bargauge":
            return {
                "reduceOptions": last,
                "displayMode": "basic",
                "orientation": "horizontal",
                "showUnfilled": True,
                "valueMode": "color",
                "minVizHeight": 16,
                "minVizWidth": 8,
            }
        case "piechart":
            legend = {
                "displayMode": "table",
                "placement": "right",
                "showLegend": True,
                "values": ["value", "percent"],
            }
            return {
                "reduceOptions": last,
                "pieType": "donut",
                "legend": legend,
                "tooltip": {"mode": "single", "sort": "none"},
            }
        case "state-timeline":
            return {
                "mergeValues": True,
                "showValue": "auto",
                "alignValue": "left",
                "rowHeight": 0.9,
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
                "tooltip": {"mode": "single", "sort": "none"},
            }
        case other:
            raise ValueError(f"no options are known for a panel of type {other}")


def drawn() -> dict[str, Json]:
    """Return both dashboards by the names of their files."""
    members = [("member", "label_values(conclave_member_value_usd, member)")]
    calls = [
        ("provider", "label_values(conclave_calls_total, provider)"),
        ("model", 'label_values(conclave_calls_total{provider=~"$provider"}, model)'),
    ]
    return {
        "arena.json": dashboard("conclave-arena", "Conclave arena", ARENA, members, "now-7d"),
        "operations.json": dashboard(
            "conclave-operations", "Conclave operations", OPERATIONS, calls, "now-6h"
        ),
    }


def written(board: Json) -> str:
    """Return a dashboard as its file has it."""
    return json.dumps(board, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, board in drawn().items():
        (FOLDER / name).write_text(written(board), encoding="utf-8")
