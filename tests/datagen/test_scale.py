"""Many tasks give the same corpus and the same verdicts as one run, also after a kill."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from fake_slurm import install

from benchmarks.synthetic import judgments, write
from datagen.checks.files import check_file
from datagen.collect_steps import CleanShard, MergeCorpus, packed, unpacked
from datagen.corpus import DOCUMENTS, INDEX, write_corpus
from datagen.near_duplicates import sketch_of
from datagen.parts import part_of
from datagen.scale import check_at_scale, collect_at_scale, work_folder
from taxlaw.articles import ArticleIndex
from taxqa.errors import InputError, MissingExtraError, ProofError
from taxqa.folders import read_manifest
from taxqa.records import Document

needs_datatrove = pytest.mark.skipif(find_spec("datatrove") is None, reason="extra 'scale'")
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


def own_partition() -> str:
    """The partition of a running Slurm whose only node is this machine, else ''."""
    if not shutil.which("sbatch"):
        return ""
    try:
        shown = subprocess.run(
            ["sinfo", "--noheader", "--format=%R %n"], capture_output=True, text=True, timeout=20
        )
    except subprocess.TimeoutExpired:
        return ""
    words = shown.stdout.split()
    here = words[1:] == [socket.gethostname().split(".")[0]]
    return words[0] if here and not shown.returncode else ""


RULING = {"문서번호": "서면-2026-법인-1", "문서구분": "질의회신", "제목": "여부", "요지": "아님"}
STATUTE = """---
제목: 소득세법
법령MST: 1
법령ID: '001565'
법령구분: 법률
공포일자: {day}
공포번호: '00001'
시행일자: {day}
상태: 시행
---

# 소득세법

##### 제1조 (목적)

이 법은 {day}부터 시행한다.
"""


def sources(folder: Path, size: int) -> list[Path]:
    """A dump of judgments, and a folder with one of everything else."""
    folder.mkdir()
    write(folder / "판례.jsonl", size)
    other = folder / "그 밖"
    other.mkdir()
    for day in ("2024-01-01", "2026-01-01"):
        (other / f"법률 {day}.md").write_text(STATUTE.format(day=day), encoding="utf-8")
    (other / "안내.md").write_text("# 안내\n\n연말정산을 안내하는 글입니다.\n", encoding="utf-8")
    rows = [RULING, {**RULING, "본문": "긴 본문"}, {"모름": 1}, {"모름": 2}]
    lines = ["{1", *(json.dumps(row, ensure_ascii=False) for row in rows), "{2", "{3"]
    (other / "해석례.jsonl").write_text("\n".join(lines), encoding="cp949")
    (other / "질의.md").write_text("법인세를 내는 때를 묻는 글입니다.\n", encoding="cp949")
    (other / "반쪽.json").write_text("[", encoding="utf-8")
    (other / "끊긴.jsonl").write_bytes("{}\n".encode("utf-16")[:-1])
    (other / "없음.md").symlink_to(folder / "없음")
    (other / "목록.json").write_text(json.dumps([{**RULING, "문서번호": "둘"}]), encoding="utf-8")
    (other / "figures.csv").write_text("a,b", encoding="utf-8")
    return [folder / "판례.jsonl", other]


def assert_same(one: Path, other: Path) -> None:
    for name in (DOCUMENTS, INDEX):
        assert (one / name).read_bytes() == (other / name).read_bytes()
    manifests = [read_manifest(each, stage="corpus", made_by="") for each in (one, other)]
    for key in ("counts", "duplicates", "near_duplicates"):
        assert manifests[0][key] == manifests[1][key]
    for key in ("skipped", "unreadable"):
        ordered = [sorted(each[key], key=lambda entry: entry["path"]) for each in manifests]
        assert ordered[0] == ordered[1]
    assert manifests[0]["counts"]["near_duplicates"] > 0
    assert manifests[0]["counts"]["duplicates"] > 0
    assert manifests[0]["counts"]["older_versions"] == 1
    assert manifests[0]["counts"]["read_as_cp949"] == 2
    assert {Path(each["path"]).name for each in manifests[0]["unreadable"]} == {
        "해석례.jsonl, line 1 and 2 more", "반쪽.json", "끊긴.jsonl", "없음.md",
    }  # fmt: skip


def compare(folder: Path, size: int, tasks: int, **options: object) -> None:
    paths = sources(folder / "given", size)
    write_corpus(paths, folder / "plain")
    collect_at_scale(paths, folder / "parts", tasks=tasks, **options)  # type: ignore[arg-type]
    assert_same(folder / "plain", folder / "parts")
    assert not list(folder.glob(".parts*"))


@needs_datatrove
@pytest.mark.parametrize(("tasks", "workers"), [(3, 1), (4, 2)])
def test_local_tasks_give_the_corpus_of_a_plain_run(
    tmp_path: Path, tasks: int, workers: int
) -> None:
    compare(tmp_path, 1_000_000, tasks, workers=workers)


@needs_datatrove
@needs_ray
@pytest.mark.filterwarnings("ignore")
def test_ray_tasks_give_the_corpus_of_a_plain_run(tmp_path: Path) -> None:
    compare(tmp_path, 1_000_000, 2, executor="ray")


@pytest.fixture
def partition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A partition of the Slurm that runs here, else of one that is played.

    A job finds this Python's programs and these packages, as where taxqa is installed.
    """
    programs = [Path(sys.executable).parent]
    found = own_partition()
    if not found:
        install(tmp_path / "slurm")
        programs.append(tmp_path / "slurm")
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, [*programs, os.environ["PATH"]])))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    return found or "played"


def submitted(paths: list[Path], out: Path, partition: str) -> None:
    """Submit to Slurm and wait until no job is left."""
    collect_at_scale(
        paths, out, tasks=2, executor="slurm", time="0:05:00", partition=partition, mem_per_cpu_gb=1
    )
    show = ["squeue", "--me", "--noheader", "--format=%i %r"]
    while jobs := subprocess.check_output(show, text=True):
        assert "NeverSatisfied" not in jobs
        time.sleep(0.5)


@needs_datatrove
def test_slurm_jobs_give_the_corpus_of_a_plain_run_after_a_failure_and_once_more(
    tmp_path: Path, partition: str
) -> None:
    from loguru import logger  # datatrove's

    paths, corpus = sources(tmp_path / "given", 200_000), tmp_path / "parts"
    write_corpus(paths, tmp_path / "plain")
    work = work_folder(corpus, [path.resolve() for path in paths], 2)
    obstacle = part_of(work, 1).with_suffix(".partial")
    obstacle.mkdir(parents=True)
    submitted(paths, corpus, partition)
    assert not corpus.exists()
    log = work.with_name(f"{work.name}-log") / "logs" / "task_00000.log"
    assert "1 of 2 tasks failed, the first is number 1" in log.read_text(encoding="utf-8")

    obstacle.rmdir()
    said: list[str] = []
    sink = logger.add(said.append, format="{message}")
    submitted(paths, corpus, partition)
    logger.remove(sink)
    assert [line for line in said if "(1 tasks)" in line and f"{work}/first/" in line]
    assert_same(tmp_path / "plain", corpus)

    shutil.rmtree(corpus)
    submitted(paths, corpus, partition)
    assert_same(tmp_path / "plain", corpus)
    assert not work.exists()


@needs_datatrove
def test_after_a_kill_only_the_missing_tasks_run_again(tmp_path: Path) -> None:
    paths = sources(tmp_path / "given", 200_000)
    write_corpus(paths, tmp_path / "plain")
    killed = """
import os, sys
from pathlib import Path
import datagen.collect_steps as steps
from datagen.scale import collect_at_scale
whole = steps.write_part
def killed(work, rank, rows):
    if rank == 2:
        os.kill(os.getpid(), 9)
    whole(work, rank, rows)
steps.write_part = killed
collect_at_scale([Path(each) for each in sys.argv[2:]], Path(sys.argv[1]), tasks=3, workers=1)
"""
    words = [sys.executable, "-c", killed, str(tmp_path / "parts"), *map(str, paths)]
    root = Path(__file__).resolve().parents[2]
    # datatrove's manager process outlives a kill; it goes with the session.
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, cwd=root, start_new_session=True, **quiet) as process:
        assert process.wait(timeout=500) == -signal.SIGKILL
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert not (tmp_path / "parts").exists()
    work = work_folder(tmp_path / "parts", [path.resolve() for path in paths], 3)
    finished = part_of(work, 0).stat().st_mtime_ns
    assert part_of(work, 1).is_file() and not part_of(work, 2).exists()
    seen: list[int] = []
    merge = MergeCorpus.documents

    def noted(self: MergeCorpus, found: object) -> object:
        seen.append(part_of(work, 0).stat().st_mtime_ns)
        return merge(self, found)  # type: ignore[arg-type]

    MergeCorpus.documents = noted  # type: ignore[assignment,method-assign]
    try:
        collect_at_scale(paths, tmp_path / "parts", tasks=3, workers=1)
    finally:
        MergeCorpus.documents = merge  # type: ignore[method-assign]
    assert seen == [finished]
    assert_same(tmp_path / "plain", tmp_path / "parts")


def test_a_part_that_is_missing_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    path = tmp_path / "판례.jsonl"
    write(path, 50_000)
    CleanShard([path], tmp_path / "work", 2)(rank=1)
    with pytest.raises(ProofError, match="1 of 2 tasks failed, the first is number 0"):
        MergeCorpus([path], tmp_path / "work", 2, tmp_path / "corpus", False)()
    assert not (tmp_path / "corpus").exists()


def test_a_sketch_is_the_same_after_its_journey() -> None:
    text = next(judgments(1000)).text
    document = Document(id="1", kind="judgment", title="", text=text)
    sketch = unpacked(packed(document))
    assert sketch is not None
    assert sketch.jaccard(sketch_of("".join(text.split()))) == 1.0
    statute = document.model_copy(update={"kind": "statute"})
    assert packed(statute) == "" and unpacked("") is None


@needs_datatrove
def test_checks_in_many_tasks_reject_what_one_run_rejects(tmp_path: Path) -> None:
    items = [
        {"question": question, "answer": answer, "type": "student", "source": "practical"}
        for question, answer in (
            ("증여세는 누가 내나요?", "받은 사람이 냅니다."),
            ("증여세를 누가 내나요?", "받은 사람이 신고합니다."),
            ("과세표준이 6,000만원이면 종합소득세는 얼마인가요?", "산출세액은 774만원입니다."),
            ("근거 조문이 무엇인가요?", "부가가치세법 제130조에 있습니다."),
            ("증여세는 누가 내나요?", "준 사람이 냅니다."),
            ("세금이 있나요?", "네, 있습니다."),
        )
    ]
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps([*items, {"question": "q"}]), encoding="utf-8")
    expected = check_file(path, ArticleIndex.default()).rejected
    check_at_scale(path, tmp_path / "rejected.jsonl", tasks=3, workers=1)
    lines = (tmp_path / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [each.model_dump() for each in expected]
    assert [each.index for each in expected] == [1, 2, 3, 4, 6]
    assert not list(tmp_path.glob(".rejected*"))


def test_without_datatrove_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "판례.jsonl", 2000)
    monkeypatch.setitem(sys.modules, "datatrove.executor.local", None)
    with pytest.raises(MissingExtraError, match="datatrove") as error:
        collect_at_scale([tmp_path / "판례.jsonl"], tmp_path / "out", tasks=2)
    assert "taxqa[scale]" in error.value.hint
    with pytest.raises(InputError, match="There is no file or folder"):
        collect_at_scale([tmp_path / "no"], tmp_path / "out", tasks=2)
