"""The one picture that all doors draw with letters: a bar, and a line across it at another value."""


def crossed(fraction: float, mark: float, cells: int) -> str:
    """Return a bar that is full up to `fraction`, with a line at `mark`; both are brought inside 0..1."""
    full, at = _cells(fraction, cells), min(_cells(mark, cells), cells - 1)
    bar = "█" * full + "░" * (cells - full)
    return f"{bar[:at]}│{bar[at + 1 :]}"


def _cells(value: float, cells: int) -> int:
    inside = min(max(value, 0.0), 1.0) if value == value else 0.0  # noqa: PLR0124 - NaN differs from itself
    return round(inside * cells)
