"""Sizing, caps, simulated broker, portfolios and standings. Pure."""
