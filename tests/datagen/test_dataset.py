"""The dataset folder: whole or not there, split by document, the same for a seed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from datagen.corpus import write_corpus
from datagen.dataset import generate
from taxqa.errors import InputError
from taxqa.folders import read_manifest
from taxqa.records import QARecord, Record, read_jsonl

FILES = {
    "dataset.json",
    "records.jsonl",
    "rejected.jsonl",
    "train.jsonl",
    "valid.jsonl",
    "heldout.jsonl",
    "sources.jsonl",
    "report.html",
    "report.json",
    "manifest.json",
    "config.yaml",
}


def records(folder: Path, name: str) -> list[Record]:
    return list(read_jsonl(folder / f"{name}.jsonl", Record))


@pytest.fixture(scope="module")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "dataset"
    generate(None, folder)
    return folder


def test_the_folder_holds_what_the_design_says(built_in: Path) -> None:
    assert {path.name for path in built_in.iterdir()} == FILES
    manifest = read_manifest(built_in, stage="dataset", made_by="")
    counts = manifest["counts"]
    assert counts["records"] == counts["train"] + counts["valid"] >= 500
    assert counts["valid"] == pytest.approx(counts["records"] / 10, rel=0.1)
    assert sum(manifest["by_type"].values()) == counts["records"]
    assert sum(manifest["by_source"].values()) == counts["records"]
    assert counts["rejected"] == 0


def test_dataset_json_is_the_users_format_and_the_records_say_the_same(built_in: Path) -> None:
    plain = json.loads((built_in / "dataset.json").read_text(encoding="utf-8"))
    assert [QARecord(**item) for item in plain] == [r.plain() for r in records(built_in, "records")]
    assert all(list(item) == ["question", "answer", "type", "source"] for item in plain)


def test_train_and_valid_share_no_document_and_are_all_of_the_records(built_in: Path) -> None:
    train, valid = records(built_in, "train"), records(built_in, "valid")
    assert not {r.document for r in train} & {r.document for r in valid}
    assert {r.id for r in train} | {r.id for r in valid} == {
        r.id for r in records(built_in, "records")
    }


def test_a_held_out_phrasing_is_new_but_its_case_is_taught(built_in: Path) -> None:
    held, train = records(built_in, "heldout"), records(built_in, "train")
    seen = {r.question for r in records(built_in, "records")}
    answers = {(r.document, r.answer) for r in train}
    assert len(held) > 100
    assert not {r.question for r in held} & seen
    assert {(r.document, r.answer) for r in held} <= answers
    assert any(r.amount for r in held)


def test_each_kept_record_names_the_checks_it_passed(built_in: Path) -> None:
    names = {r.checks for r in records(built_in, "records")}
    assert len(names) == 1
    assert {"format", "gift", "citations", "arithmetic"} <= set(names.pop())


def test_a_seed_gives_the_same_bytes_and_another_one_another_split(
    built_in: Path, tmp_path: Path
) -> None:
    generate(None, tmp_path / "again")
    generate(None, tmp_path / "other", seed=2)
    for name in FILES - {"manifest.json"}:
        assert (tmp_path / "again" / name).read_bytes() == (built_in / name).read_bytes()
    train = {r.document for r in records(built_in, "train")}
    assert {r.document for r in records(tmp_path / "other", "train")} != train


def test_a_limit_is_exact_and_keeps_the_parts(tmp_path: Path) -> None:
    counts = generate(None, tmp_path / "small", limit=40)
    assert counts["records"] == 40
    assert counts["train"] + counts["valid"] == 40
    assert counts["valid"] > 0 and counts["heldout"] > 0
    askers = read_manifest(tmp_path / "small", stage="dataset", made_by="")["by_type"]
    assert len(askers) == 5


def test_no_answer_is_longer_than_asked_and_the_counts_add_up(
    built_in: Path, tmp_path: Path
) -> None:
    counts = generate(None, tmp_path / "short", max_answer=150)
    parts = [records(tmp_path / "short", name) for name in ("records", "heldout")]
    assert counts["records"] == len(parts[0]) > 20
    assert max(len(r.answer) for part in parts for r in part) <= 150
    assert any(len(r.answer) > 150 for r in records(built_in, "records"))
    whole = read_manifest(built_in, stage="dataset", made_by="")["counts"]
    names = ("records", "heldout", "not_selected")
    assert sum(counts[name] for name in names) == sum(whole[name] for name in names)


def test_an_answer_may_be_exactly_as_long_as_asked(built_in: Path, tmp_path: Path) -> None:
    shortest = min(len(r.answer) for r in records(built_in, "records"))
    generate(None, tmp_path / "short", max_answer=shortest)
    assert {len(r.answer) for r in records(tmp_path / "short", "records")} == {shortest}


@pytest.mark.parametrize("max_answer", [-1, 0, 1])
def test_a_selection_that_leaves_nothing_says_so_and_writes_nothing(
    tmp_path: Path, max_answer: int
) -> None:
    with pytest.raises(InputError, match=rf"0 of .* at most {max_answer} letters") as no:
        generate(None, tmp_path / "dataset", max_answer=max_answer)
    assert "Raise --max-answer: the shortest answer has" in no.value.hint
    with pytest.raises(InputError, match=r"0 of \d+ records are left; a dataset has 2"):
        generate(None, tmp_path / "dataset", documents=["no-such-case"])
    assert list(tmp_path.iterdir()) == []


def test_a_limit_on_a_full_corpus_keeps_every_source(shared: Path, tmp_path: Path) -> None:
    write_corpus([shared / "lawdata"], tmp_path / "corpus")
    generate(tmp_path / "corpus", tmp_path / "small", limit=200)
    manifest = read_manifest(tmp_path / "small", stage="dataset", made_by="")
    assert manifest["counts"]["records"] == 200
    assert set(manifest["by_source"]) == {"practical", "statute", "judgment", "ruling"}
    assert max(manifest["by_source"].values()) < 80
    assert min(manifest["by_source"].values()) >= 20
    assert max(manifest["by_type"].values()) < 2 * min(manifest["by_type"].values())
    # What was dropped stays visible, whatever the limit.
    rejected = (tmp_path / "small" / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rejected) == manifest["counts"]["rejected"] == 1
    assert json.loads(rejected[0])["reason"] == "no-such-article"


def test_a_dataset_too_small_to_split_and_a_folder_that_is_no_corpus_are_refused(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match="--limit is 2 or more"):
        generate(None, tmp_path / "out", limit=1)
    with pytest.raises(InputError, match="There is no folder"):
        generate(tmp_path / "corpus", tmp_path / "out")
    (tmp_path / "corpus").mkdir()
    with pytest.raises(InputError, match="is no corpus folder"):
        generate(tmp_path / "corpus", tmp_path / "out")
    assert not (tmp_path / "out").exists()


SLOW_WRITE = """
import sys, time
from pathlib import Path
import datagen.dataset as dataset

def slow_write(path, records):
    path.write_text("half a file", encoding="utf-8")
    Path(sys.argv[2]).touch()
    time.sleep(600)

dataset.write_jsonl = slow_write
dataset.generate(None, Path(sys.argv[1]), force=True)
"""


def test_a_killed_run_leaves_no_half_written_dataset_and_keeps_the_former_one(
    tmp_path: Path,
) -> None:
    out, signal_file = tmp_path / "dataset", tmp_path / "writing"
    generate(None, out, limit=20)
    before = (out / "records.jsonl").read_bytes()
    command = [sys.executable, "-c", SLOW_WRITE, str(out), str(signal_file)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stderr=subprocess.DEVNULL) as process:
        while not signal_file.exists():
            assert process.poll() is None
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    assert (out / "records.jsonl").read_bytes() == before
    assert read_manifest(out, stage="dataset", made_by="")["counts"]["records"] == 20
    generate(None, out, limit=30, force=True)
    assert len(records(out, "records")) == 30
    assert {path.name for path in out.iterdir()} == FILES
    assert not list(tmp_path.glob(".dataset*"))
