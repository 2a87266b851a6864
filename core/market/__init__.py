"""Prices from vendors, cut at `as_of`, checked and refused by name when they cannot be trusted."""
