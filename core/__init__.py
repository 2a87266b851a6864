"""The arena: evidence, members, runs, ballots, verdicts and books. Knows no chat platform."""
