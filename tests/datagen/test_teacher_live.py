"""The one who waits sees what is done, kept, rejected and spent."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from asking import ToyTeacher, questions, run
from rich.console import Console

from datagen.teachers import live as live_module
from datagen.teachers.live import View, live
from datagen.teachers.outcome import Tally
from datagen.teachers.prices import load_prices


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tally() -> Tally:
    return Tally(
        done=60, kept=50, stored=20, rejected=Counter({"quote-not-found": 7, "malformed": 1}),
        left=Counter({"budget": 2}), asked=45, input_tokens=9000, output_tokens=4500,
        usd=Decimal("0.38"), ledger=Decimal("1.5"), in_flight=9, at_once=25,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def no_table_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_a_line_says_everything() -> None:
    clock = Clock()
    view = View("Asking", 98, load_prices(), clock)
    clock.now = 10.0
    view.update(tally())
    line = view.line()
    for part in (
        "Asking: done 60 of 98, 4.0/s, 10 s left; 9 at once, at most 25",
        "kept 50 (20 were in the store)",
        "rejected 8: quote-not-found 7, malformed 1",
        "left 2: the budget is used up",
        "tokens 9,000 in, 4,500 out",
        # 38 fresh outcomes cost 0.38; 38 more are to come.
        "cost 0.38 USD (532 KRW), about 0.76 USD at the end; ledger 1.50 USD",
    ):
        assert part in line


def test_before_anything_has_happened_nothing_is_made_up() -> None:
    view = View("Asking", None, None, Clock())
    assert view.expected() is None
    assert view.rate == 0.0
    assert "cost" not in view.line()


def test_without_a_terminal_there_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    view = View("Asking", 98, None, clock)
    for second in range(0, 65, 5):
        clock.now = float(second)
        view.update(tally())
    assert capsys.readouterr().err.count("Asking: done 60") == 2


def test_a_run_shows_itself_and_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with live("Asking", 12, table=load_prices()) as view:
        run(questions(12), ToyTeacher(), tmp_path / "r.db", progress=view.update)
    said = capsys.readouterr()
    assert said.out == ""
    assert "Asking …" in said.err
    assert "done 12 of 12" in said.err
    assert "kept 12" in said.err


def test_on_a_terminal_the_same_is_drawn_and_reasons_are_no_markup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Console(force_terminal=True, width=100, stderr=True)
    monkeypatch.setattr(live_module, "console", lambda: screen)
    with live("Asking", 98) as view:
        odd = tally()
        odd.rejected = Counter({"[bold]odd[/bold]": 1})
        view.update(odd)
        screen.print(view.drawn())
    assert "[bold]odd[/bold] 1" in capsys.readouterr().err
