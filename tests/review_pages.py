"""A small dataset to review, and the review page as a person starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from datagen.checks.run import check_records
from datagen.checks.sources import source_texts
from datagen.dataset import write_dataset
from taxlaw.articles import ArticleIndex
from taxqa.folders import new_folder
from taxqa.records import Document, Record, Rejection, write_jsonl

ROOT = Path(__file__).resolve().parent.parent
TEXT = (
    "## 요지\n\n가게 주인은 거래가 끝난 날부터 15일 안에 장부를 정리하여 보관함에 넣는다."
    " 보관 수수료는 30만원으로 하고, 늦으면 10%를 더한다.\n\n자세한 것은 소득세법 제160조를 본다."
)
HOSTILE = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1">\'"&amp;{{7*7}}'
DOCUMENT = Document(
    id="장부 안내 1",
    kind="ruling",
    title=f"장부 정리 {HOSTILE}",
    text=f"{TEXT}\n{HOSTILE}",
    in_force="2026-01-02",
    url="javascript:window.hacked=1",
)
OTHER = Document(
    id="보관 안내 2", kind="ruling", title="보관", text=TEXT, url="https://example.org/2"
)


def record(number: int, **changes: Any) -> Record:
    """A record that passes every check."""
    values: dict[str, Any] = {
        "id": f"{DOCUMENT.id}#{number}",
        "document": DOCUMENT.id,
        "question": f"{number}번 가게의 장부 보관 수수료는 얼마인가요?",
        "answer": "보관 수수료는 30만원으로 하고, 늦으면 10%를 더한다고 안내합니다.",
        "type": "self_employed",
        "source": "ruling",
        "teacher": "worked",
    }
    return Record.model_validate(values | changes)


def records() -> list[Record]:
    """Fourteen records: a worked teacher's, a model's, and three phrasings of one case."""
    made = [record(number) for number in range(1, 6)]
    model = {"document": OTHER.id, "teacher": "openai:gpt", "type": "expert"}
    made += [record(number, id=f"{OTHER.id}#{number}", **model) for number in range(6, 10)]
    asked = ("어디에 물어보나요?", "누구에게 물어보면 되나요?", "물어볼 데가 어디인가요?")
    made += [
        record(
            number, id=f"gift:1#{number}", document="gift:1", source="practical", type="student",
            question=question, answer="가까운 세무서에 물어보면 됩니다.",
        )
        for number, question in enumerate(asked, start=1)
    ]  # fmt: skip
    made += [
        record(
            1, id=f"{name}#1", document=name, source="practical", type="student",
            question=f"{name}에 가면 무엇을 가져가나요?", answer="신분증을 가져가면 됩니다.",
        )
        for name in ("세무서", "주민센터")
    ]  # fmt: skip
    return made


def wrong() -> Record:
    """A record that a check drops."""
    return record(
        20, id=f"{OTHER.id}#20", document=OTHER.id, answer="소득세법 제999조에 따라 30만원입니다."
    )


def write_reviewed(folder: Path, kept: list[Record] | None = None) -> Path:
    """corpus/ and dataset/ in `folder`; returns the dataset."""
    index = ArticleIndex.default()
    documents = [DOCUMENT, OTHER]
    with new_folder(folder / "corpus", stage="corpus") as draft:
        write_jsonl(draft.path / "documents.jsonl", documents)
        index.save(draft.path / "article_index.json")
        draft.counts["documents"] = len(documents)
    given = [*(records() if kept is None else kept), wrong()]
    results = list(check_records(given, index, source_texts(documents)))
    passed = [each for each in results if isinstance(each, Record)]
    rejected = [each for each in results if isinstance(each, Rejection)]
    assert len(rejected) == 1, rejected
    dataset = folder / "dataset"
    config = {"corpus": str(folder / "corpus"), "seed": 1}
    with new_folder(dataset, stage="dataset", config=config) as draft:
        write_dataset(draft, passed, rejected, None, 1)
    return dataset


@dataclass
class Page:
    """A server that runs `taxqa review`."""

    url: str
    process: subprocess.Popen[str]

    @property
    def origin(self) -> str:
        """Its address without the token."""
        return self.url.partition("/?")[0]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        self.process.wait()


@contextmanager
def running(dataset: Path, *words: str) -> Iterator[Page]:
    """The page of a dataset, on a port of its own, until the block ends.

    It is noon there: no day ends while a test counts what was decided on it.
    """
    program = "from cli.main import main; main()"
    command = [sys.executable, "-c", program, "review", "--dataset", str(dataset)]
    command += ["--no-browser", "--port", "0", *words]
    env = os.environ | {"TZ": f"NOON{datetime.now(UTC).hour - 12:+d}"}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), url
        try:
            yield Page(url, process)
        finally:
            process.kill()
