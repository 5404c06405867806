"""Collecting and checking in many processes or on many machines, by datatrove's executors.

The same functions as `taxqa collect` and `taxqa check`, in two stages. In the first, each of N
tasks takes every N-th file, of JSON lines every N-th line: reads and cleans it and sketches its
text, or checks its record. In the second, one task puts the parts together in their order; it
leaves out what came twice or nearly, and its result is that of a run without tasks.

datatrove marks each finished task: a run that was killed goes on with those that are missing.
"""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from datagen.check_steps import CheckShard, MergeChecks
from datagen.collect_steps import CleanShard, MergeCorpus
from datagen.parts import refuse_missing
from taxqa.errors import InputError, MissingExtraError

Kind = Literal["local", "ray", "slurm"]


def collect_at_scale(
    paths: Iterable[Path],
    out: Path,
    *,
    tasks: int,
    executor: Kind = "local",
    force: bool = False,
    **options: Any,
) -> None:
    """Collect `paths` into the new corpus folder `out`, as `datagen.corpus.write_corpus` does.

    Args:
        tasks: parts of the work; four for each core are a good number.
        executor: where they run. With 'slurm' they are submitted, and the call returns at once.
        options: for datatrove's executor, e.g. workers=8; time='2:00:00', partition='cpu'.

    Raises:
        MissingExtraError: datatrove (or Ray) is not installed.
        ProofError: a task failed; its log is named.
        TaxqaError: as `write_corpus`.
    """
    paths = [path.resolve() for path in paths]
    work = work_folder(out, paths, tasks)
    run_stages(
        CleanShard(paths, work, tasks), MergeCorpus(paths, work, tasks, out.resolve(), force),
        work, tasks, executor, options,
    )  # fmt: skip


def check_at_scale(
    path: Path,
    report: Path,
    *,
    tasks: int,
    corpus: Path | None = None,
    evaluation: Path | None = None,
    executor: Kind = "local",
    **options: Any,
) -> None:
    """Check the records of a dataset file and write to `report` what was rejected, as JSON lines.

    The same records are rejected for the same reasons as by `taxqa check`; arguments and errors as
    `collect_at_scale`.
    """
    path, report = path.resolve(), report.resolve()
    given = [each.resolve() for each in (path, corpus, evaluation) if each]
    work = work_folder(report, given, tasks)
    run_stages(
        CheckShard(path, work, tasks, corpus and corpus.resolve(), evaluation),
        MergeChecks(path, work, tasks, report),
        work, tasks, executor, options,
    )  # fmt: skip


def work_folder(out: Path, inputs: Iterable[Path], tasks: int) -> Path:
    """Where the parts lie until they are put together; another one for other inputs."""
    state = sha256(str(tasks).encode())
    for path in inputs:
        if not path.exists():
            raise InputError(f"There is no file or folder {path}.")
        for each in sorted([path, *path.rglob("*")]):
            state.update(f"{each}\0{stamp_of(each)}\n".encode("utf-8", "replace"))
    return out.resolve().with_name(f".{out.name}.parts-{state.hexdigest()[:12]}")


def stamp_of(path: Path) -> str:
    """Size and time of a file; '' where it has none, as a link to nothing."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size}\0{found.st_mtime_ns}"


def run_stages(
    share: Any, merge: Any, work: Path, tasks: int, kind: Kind, options: dict[str, Any]
) -> None:
    """Run or submit the first stage in `tasks` tasks and the second in one."""
    make = executor_class(kind)
    first = make([share], tasks=tasks, logging_dir=str(work / "first"), **options)
    if kind == "slurm":
        submit(make, first, merge, work, options)
        return
    first.run()
    refuse_missing(work, tasks)
    merge()


def submit(make: Any, first: Any, merge: Any, work: Path, options: dict[str, Any]) -> None:
    """Submit both stages with sbatch, the second for when the first has ended.

    The second writes its log and datatrove's mark beside `work`, which it removes; a mark that is
    left there must not keep it from running again. It also starts after a failure of the first, to
    name in its log what failed.
    """
    log = str(work.with_name(f"{work.name}-log"))
    second = make(
        [merge], tasks=1, logging_dir=log, depends=first, skip_completed=False,
        run_on_dependency_fail=True, **options,
    )  # fmt: skip
    for executor in (first, second):
        executor.launch_merge_stats = without_statistics
    second.run()


def without_statistics() -> None:
    """In place of datatrove's job that sums up statistics: our steps keep none, and while it ran
    `work` could not be removed.
    """


def executor_class(kind: Kind) -> Any:
    """datatrove's executor; MissingExtraError where it is not installed."""
    try:
        if kind == "slurm":
            from datatrove.executor.slurm import SlurmPipelineExecutor as Slurm

            return Slurm
        if kind == "ray":
            import ray  # noqa: F401
            from datatrove.executor.ray import RayPipelineExecutor as Ray

            return Ray
        from datatrove.executor.local import LocalPipelineExecutor as Local
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "datatrove", "scale") from None
    return Local
