"""A terminal that shows runs while they go on, and cards when they are done."""

from rich.console import Console, Group
from rich.live import Live

from bot.cards import Button, Card, ProgressCard
from bot.terminal_render import buttons_of, render
from core.domain.run import RunRecord

_REFRESH_PER_S = 8


def kept(record: RunRecord) -> str:
    """Say how to go on with a run whose process ends before it does."""
    return (
        f"Run {record.run_id} of {record.ticker} is kept; "
        f"continue it with: conclave run --resume {record.run_id}"
    )


class Screen:
    """Draws on `console`. What goes on is redrawn in place on a terminal, and left out on a pipe."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.buttons: tuple[Button, ...] = ()
        self._going_on: dict[str, ProgressCard] = {}
        self._live: Live | None = None

    def show(self, card: Card) -> None:
        """Print a card for good, without its buttons."""
        self.console.print(render(card, width=self.console.width))

    def offer(self, card: Card) -> None:
        """Print a card for good with its buttons numbered from 1; `buttons` are those offered last."""
        self.buttons = buttons_of(card) or self.buttons
        self.console.print(render(card, width=self.console.width, numbered_from=1))

    def prompt(self) -> None:
        """Ask for a line, where a person types them."""
        if self.console.is_terminal:
            self.console.print("[bold cyan]›[/] ", end="")

    def progress(self, key: str, card: ProgressCard) -> None:
        """Draw or redraw a run that goes on."""
        self._going_on[key] = card
        if not self.console.is_terminal:
            return
        if self._live is None:
            self._live = Live(
                console=self.console, refresh_per_second=_REFRESH_PER_S, transient=True, redirect_stdout=False
            )
            self._live.start()
        self._redraw()

    def done(self, key: str) -> None:
        """Take a run off that has ended."""
        self._going_on.pop(key, None)
        if self._live and not self._going_on:
            self._live.stop()
            self._live = None
        elif self._live:
            self._redraw()

    def clear(self) -> None:
        """Take everything off that goes on."""
        for key in list(self._going_on):
            self.done(key)

    def _redraw(self) -> None:
        if self._live:
            cards = [render(card, width=self.console.width) for card in self._going_on.values()]
            self._live.update(Group(*cards))
