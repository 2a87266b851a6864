"""Bars that all doors draw with letters, and a line across one at another value."""


def crossed(fraction: float, mark: float, cells: int) -> str:
    """Return a bar that is full up to `fraction`, with a line at `mark`; both are brought inside 0..1."""
    full, at = full_cells(fraction, cells), min(full_cells(mark, cells), cells - 1)
    bar = "█" * full + "░" * (cells - full)
    return f"{bar[:at]}│{bar[at + 1 :]}"


def full_cells(fraction: float, cells: int) -> int:
    """Return how many of so many cells are full; what is outside 0..1, or no number, is brought inside."""
    inside = min(max(fraction, 0.0), 1.0) if fraction == fraction else 0.0  # noqa: PLR0124 - NaN differs from itself
    return round(inside * cells)
