"""Ballots to tally to verdict. Pure."""
