"""How members have done: every figure of `core.domain.scores.Metric` from daily values. Pure.

Money stays exact; ratios are floats made from exact money. docs/scores.md lists every formula for people.
"""
