"""How long a test waits for what must happen."""

PATIENCE_S = 25.0
"""Only a test that fails waits as long, so it is long enough for a machine that is busy with other things."""
