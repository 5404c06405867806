"""`taxqa review` prints the address of its page, a summary, or makes a new dataset."""

import json
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result
from review_pages import ROOT, running, write_reviewed

from cli.review import review
from datagen.review.items import load
from datagen.review.store import Reviews
from taxqa.errors import InputError, MissingExtraError
from taxqa.records import write_json


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(review, list(map(str, words)))


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_reviewed(tmp_path)


def decide(dataset: Path, *verdicts: tuple[str, int, str]) -> None:
    """Decisions of (reviewer, place of the item, verdict), as the page would write them."""
    items = load(dataset).items
    with Reviews.opened(dataset.parent / "review.sqlite3") as reviews:
        for reviewer, place, verdict in verdicts:
            item = items[place]
            reviews.decide(reviewer, item.id, item.digest, verdict, reason="other", note="-")  # type: ignore[arg-type]


def test_the_address_is_the_result_and_ctrl_c_is_a_good_end(dataset: Path) -> None:
    with running(dataset, "--reviewer", "김세무") as page:
        assert httpx.get(page.url, timeout=200).status_code == 200
        page.process.send_signal(signal.SIGINT)
        assert page.process.wait(timeout=500) == 0
    left = {path.name for path in dataset.parent.iterdir()}
    assert left == {"corpus", "dataset", "review.sqlite3"}


def test_a_summary_says_who_did_what_and_how_well_they_agree(dataset: Path) -> None:
    assert "Nobody has reviewed" in invoke("--dataset", dataset, "--summary").stdout
    decide(
        dataset, ("가", 0, "accept"), ("가", 1, "reject"), ("나", 0, "accept"), ("나", 1, "accept")
    )
    shown = invoke("--dataset", dataset, "--summary").stdout
    assert "가: 2 of 14; accepted 1, edited 0, rejected 1" in shown
    assert "가 and 나: 2 records together, Cohen's kappa 0.00" in shown
    assert ": reject, accept" in shown
    data = json.loads(invoke("--dataset", dataset, "--summary", "--json").stdout)
    [pair] = data["agreement"]
    assert (pair["joint"], pair["kappa"], len(pair["disagreements"])) == (2, 0, 1)
    assert data["reviewers"]["나"]["accept"] == 2


PARTS = {
    "train": "train.jsonl", "valid": "valid.jsonl", "held out": "heldout.jsonl",
    "rejected": "rejected.jsonl",
}  # fmt: skip


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_reviews_of_another_machine_are_taken_over(dataset: Path, tmp_path: Path) -> None:
    decide(dataset, ("가", 0, "accept"), ("나", 1, "reject"))
    office = (dataset.parent / "review.sqlite3").rename(tmp_path / "사무실 검토.sqlite3")
    decide(dataset, ("다", 0, "reject"))
    result = invoke("--dataset", dataset, "--import", office)
    assert result.stdout.startswith("2 decisions of 가, 나 taken over into ")
    assert "here already 0 (0 of them taken back there since), of other records 0" in result.stdout
    again = json.loads(invoke("--dataset", dataset, "--import", office, "--json").stdout)
    assert (again["taken"], again["known"], again["reviewers"]) == (0, 2, [])
    found = json.loads(invoke("--dataset", dataset, "--summary", "--json").stdout)
    assert list(found["reviewers"]) == ["가", "나", "다"]
    assert found["agreement"][0]["joint"] == 1


def test_an_export_says_what_was_left_out(dataset: Path, tmp_path: Path) -> None:
    decide(dataset, ("가", 0, "accept"), ("가", 1, "reject"), ("나", 0, "reject"))
    out = tmp_path / "reviewed"
    result = invoke("--dataset", dataset, "--export", out)
    assert result.exit_code == 0, result.output
    assert f"11 records in {out}" in result.stdout
    assert "rejected by a reviewer 1, reviewers disagree 1" in result.stdout
    shown = [f"{name} {len(lines(out / file))}" for name, file in PARTS.items()]
    assert f"  {', '.join(shown)}\n" in result.stdout
    assert "Next: taxqa finetune --dataset" in result.stdout
    again = invoke("--dataset", dataset, "--export", out)
    assert isinstance(again.exception, InputError)
    data = json.loads(invoke("--dataset", dataset, "--export", out, "--force", "--json").stdout)
    assert data["counts"]["records"] == 11


def test_the_reviews_may_lie_elsewhere(dataset: Path, tmp_path: Path) -> None:
    decide(dataset, ("가", 0, "accept"))
    other = tmp_path / "다른 곳.sqlite3"
    (dataset.parent / "review.sqlite3").rename(other)
    assert "가: 1 of" in invoke("--dataset", dataset, "--summary", "--reviews", other).stdout


def test_a_file_in_the_users_format_becomes_a_dataset(tmp_path: Path) -> None:
    asked = {"type": "student", "source": "practical"}
    items = [
        {**asked, "question": f"{place}에서는 무엇을 하나요?", "answer": f"{place}의 일을 봅니다."}
        for place in ("세무서", "구청", "은행", "법원")
    ]
    path = tmp_path / "my-dataset.json"
    write_json(path, items)
    result = invoke("--dataset", path, "--export", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "out" / "dataset.json").read_text("utf-8")) == items


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--force"], "--force belong to --export"),
        (["--reviewed-only"], "--reviewed-only and"),
        (["--import", "b.sqlite3", "--summary"], "one at a time"),
        (["--reviewer", "가" * 41], "at most 40 letters"),
        (["--second-share", "2"], "0<=x<=1"),
        (["--port", "70000"], "0<=x<=65535"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    dataset: Path, words: list[str], message: str
) -> None:
    result = invoke("--dataset", dataset, *words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_what_is_no_dataset_is_said(tmp_path: Path) -> None:
    missing = invoke("--dataset", tmp_path / "no", "--summary").exception
    assert isinstance(missing, InputError) and "taxqa generate" in missing.hint
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_one_message_says_what_to_install(dataset: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['fastapi'] = None\n"
        "from cli.main import main\n"
        f"sys.argv = ['taxqa', 'review', '--dataset', {str(dataset)!r}]\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == str(f"Error: {MissingExtraError('fastapi', 'review')}\n")
    assert not (dataset.parent / "review.sqlite3").exists()


def test_export_and_summary_need_no_extra(dataset: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['fastapi'] = sys.modules['uvicorn'] = None\n"
        "from cli.main import main\n"
        f"sys.argv = ['taxqa', 'review', '--dataset', {str(dataset)!r}, '--export',"
        f" {str(tmp_path / 'out')!r}]\n"
        "main()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    assert (tmp_path / "out" / "records.jsonl").exists()


def test_the_pages_files_are_part_of_the_package_and_not_ignored() -> None:
    folder = resources.files("datagen.review")
    names = [f"static/{name}" for name in ("review.js", "review.css", "icon.svg")]
    names += [
        f"templates/{name}.html" for name in ("page", "record", "overview", "empty", "marked")
    ]
    assert all(folder.joinpath(name).is_file() for name in names)
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, of which the wheel leaves out what git ignores")
    paths = [f"datagen/review/{name}" for name in names]
    ignored = subprocess.run(["git", "check-ignore", *paths], cwd=ROOT, capture_output=True)
    assert ignored.stdout == b""
