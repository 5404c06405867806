"""Progress on stderr; stdout belongs to the result."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console() -> "Console":
    """The stderr console that every progress bar and note uses."""
    from rich.console import Console

    return Console(stderr=True)


def note(text: str) -> None:
    """One line for the person who waits, as it is: a path or command in it can be copied whole."""
    console().print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)


def minutes(seconds: float) -> str:
    """A duration as a person says it: '40 s', '12 min', '3 h 05 min'."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    whole = round(seconds / 60)
    return f"{whole} min" if whole < 100 else f"{whole // 60} h {whole % 60:02} min"


class Bar:
    """Advances one progress bar; `advance()` and `update(done)` are all a stage needs."""

    def __init__(self, title: str, total: float | None) -> None:
        """Set the bar up; it is drawn when its `progress` is entered. None = total not known."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console(),
        )
        self.task = self.progress.add_task(title, total=total, detail="")

    def advance(self, by: float = 1, detail: str | None = None) -> None:
        """Move on by `by`."""
        if detail is None:
            self.progress.advance(self.task, by)
        else:
            self.progress.update(self.task, advance=by, detail=detail)

    def update(self, done: float, detail: str = "") -> None:
        """Move to `done`."""
        self.progress.update(self.task, completed=done, detail=detail)


@contextmanager
def bar(title: str, total: float | None = None) -> Iterator[Bar]:
    """A progress bar for the length of a `with` block; not drawn where stderr is no terminal."""
    shown = Bar(title, total)
    if not console().is_terminal:
        note(f"{title} …")
        yield shown
        return
    with shown.progress:
        yield shown
