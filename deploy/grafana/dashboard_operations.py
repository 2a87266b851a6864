"""The dashboard of the service: models, keys, money, chats, database and HTTP."""

from dashboard_panels import BAD_IF_ANY, BAD_IF_ZERO, MODELS, Panel, Row, gained, quantiles

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
