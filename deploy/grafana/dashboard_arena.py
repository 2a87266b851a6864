"""The dashboard of the competition: portfolios, verdicts, members and what they cost."""

from dashboard_panels import MEMBERS, Panel, Row, gained, mean, quantiles

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
