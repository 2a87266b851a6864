"""Which model answers a single question: the situation, the rules, and what has done well before."""
