"""Progress goes to stderr, as it is: what a person may copy is neither cut nor coloured."""

import pytest

from taxqa.progress import Bar, bar, minutes, note


@pytest.mark.parametrize(
    "text",
    [
        "ollama create taxqa-gemma3 -f " + "/a/long/folder" * 12 + "/Modelfile",
        "model[bold]:on:[/].gguf and [link=x]",
        "세금 " * 60 + "끝",
    ],
)
def test_a_note_is_one_line_of_stderr_as_it_is(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    note(text)
    assert capsys.readouterr() == ("", f"{text}\n")


def test_where_stderr_is_no_terminal_a_bar_is_its_title_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with bar("Sending a[b].gguf", total=3) as progress:
        progress.advance()
        progress.update(3, "loss 0.1")
    assert capsys.readouterr() == ("", "Sending a[b].gguf …\n")


def test_a_bar_counts_and_shows_what_it_is_told_without_reading_it_as_markup() -> None:
    shown = Bar("Sending [/b].gguf", total=4)
    shown.advance(2, "loss [0.5]")
    shown.advance()
    task = shown.progress.tasks[0]
    assert (task.completed, task.total, task.fields["detail"]) == (3, 4, "loss [0.5]")
    shown.update(1, "again")
    assert (task.completed, task.fields["detail"]) == (1, "again")
    texts = [str(column.render(task)) for column in shown.progress.columns[:1]]  # type: ignore[union-attr]
    assert texts == ["Sending [/b].gguf"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5000, "83 min"), (11100, "3 h 05 min")],
)
def test_a_duration_is_said_as_a_person_says_it(seconds: float, text: str) -> None:
    assert minutes(seconds) == text
