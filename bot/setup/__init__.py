"""`conclave setup`: from nothing to a bot that answers its admin, step by step."""
