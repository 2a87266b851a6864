"""The table of `conclave check`."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from bot.terminal_style import say
from core.domain.check import Check

_STATES = {"ok": ("✓ ok", "green"), "failed": ("✗ failed", "bold red"), "off": ("· off", "dim")}


def checks_table(checks: Sequence[Check]) -> Table:
    """Return one row a part: its name, its state, what was seen, and how to mend a failure."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("Part", overflow="fold")
    table.add_column("State", no_wrap=True)
    table.add_column("Seen", overflow="fold")
    for check in checks:
        sign, style = _STATES[check.state]
        seen = say(check.detail, "dim" if check.state == "off" else "")
        if check.state == "failed" and check.mend:
            seen = Text.assemble(seen, "\n", say(f"→ {check.mend}", "yellow"))
        table.add_row(say(check.name, "bold"), Text(sign, style=style), seen)
    return table
