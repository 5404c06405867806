"""Collecting as steps of a datatrove pipeline: documents by N tasks, the corpus by one."""

import shutil
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datagen.collect import (
    Collected,
    documents_of,
    files_under,
    jsonl_lines,
    line_documents,
    nothing_found,
    whole_letters,
)
from datagen.corpus import STAGE, fill_corpus
from datagen.distinctions import normalised
from datagen.encodings import read_whole
from datagen.near_duplicates import PERMUTATIONS, sketch_of
from datagen.parts import read_parts, write_part
from datagen.repeated import is_compared
from datagen.tally import READ_ERRORS, Entry
from taxqa.folders import new_folder
from taxqa.records import Document, validated

if TYPE_CHECKING:
    from rensa import RMinHash

Place = tuple[int, int]
"""(number of the file, line or 0): the order of a run without tasks."""


@dataclass(frozen=True)
class CleanShard:
    """First stage of collecting: documents, cleaned and sketched."""

    paths: list[Path]
    work: Path
    tasks: int

    def __call__(self, data: object = None, rank: int = 0, world_size: int = 1) -> None:
        """Write the part of one task."""
        write_part(self.work, rank, self.rows(rank))

    def rows(self, rank: int) -> Iterator[dict[str, Any]]:
        """What the files and lines of this task give."""
        walked, number = Collected(), 0
        for number, (path, root) in enumerate(files_under(self.paths, walked)):
            if path.suffix.lower() == ".jsonl":
                yield from self.line_rows(number, path, rank)
            elif number % self.tasks == rank:
                found = Collected()
                documents = documents_of(path, root, found)
                yield from rows_of((number, 0), list(documents), found)
                if found.versions.kept:
                    yield {"place": (number, 0), "statute": str(path)}
        if rank == 0:
            yield from rows_of((number + 1, 0), [], walked)

    def line_rows(self, number: int, path: Path, rank: int) -> Iterator[dict[str, Any]]:
        """What the lines of this task give; what concerns the whole file, the first task tells."""
        whole, line = Collected(), 0
        try:
            for line, text in jsonl_lines(path, whole):
                if line % self.tasks == rank:
                    found = Collected()
                    documents = list(line_documents(path, line, text, found))
                    yield from rows_of((number, line), documents, found)
        except READ_ERRORS as error:
            whole.lose(path, error)
        if rank == 0:
            yield from rows_of((number, line + 1), [], whole)


def rows_of(place: Place, documents: list[Document], found: Collected) -> Iterator[dict[str, Any]]:
    """What one file or line gave, as rows of a part."""
    for document in documents:
        yield {"place": place, "document": document.model_dump(), "sketch": packed(document)}
    for document in found.gists:
        yield {"place": place, "gist": document.model_dump()}
    for name, tally in (("passed", found.passed), ("lost", found.lost)):
        for entry in tally.entries.values():
            yield {"place": place, name: asdict(entry)}
    for encoding, files in found.encodings.items():
        yield {"place": place, "encoding": encoding, "files": files}


def packed(document: Document) -> str:
    """The sketch of a document's text; '' where it is not compared."""
    if not is_compared(document):
        return ""
    return b64encode(sketch_of(normalised(document.text)).__getstate__()).decode("ascii")


def unpacked(state: str) -> "RMinHash | None":
    """A sketch as `packed` wrote it; rensa refuses what another version of it made."""
    if not state:
        return None
    from rensa import RMinHash

    sketch = RMinHash(num_perm=PERMUTATIONS, seed=1)
    sketch.__setstate__(b64decode(state))
    return sketch


@dataclass(frozen=True)
class MergeCorpus:
    """Second stage of collecting: the corpus folder."""

    paths: list[Path]
    work: Path
    tasks: int
    out: Path
    force: bool

    def __call__(self, data: object = None, rank: int = 0, world_size: int = 1) -> None:
        """Write the folder, then remove the parts."""
        found = Collected()
        inputs = {f"from_{number}": path for number, path in enumerate(self.paths, start=1)}
        config = {"from": [str(path) for path in self.paths]}
        with new_folder(
            self.out, stage=STAGE, config=config, inputs=inputs, force=self.force
        ) as draft:
            fill_corpus(draft, self.documents(found), found)
        shutil.rmtree(self.work)

    def documents(self, found: Collected) -> Iterator[tuple[Document, "RMinHash | None"]]:
        """Each document once, in the order in which `collect` gives them."""
        for row in read_parts(self.work, self.tasks):
            if "document" in row:
                document = validated(Document, row["document"], "a part")
                yield from ((each, unpacked(row["sketch"])) for each in found.once([document]))
            elif "gist" in row:
                found.gists.append(validated(Document, row["gist"], "a part"))
            elif "statute" in row:
                path = Path(row["statute"])
                found.versions.add(path, whole_letters(read_whole(path)[0]))
            elif "encoding" in row:
                found.encodings[row["encoding"]] += row["files"]
            elif "lost" in row:
                found.lost.add(Entry(**row["lost"]))
            else:
                found.passed.add(Entry(**row["passed"]))
        yield from ((each, None) for each in found.once(found.versions.documents()))
        yield from ((each, None) for each in found.once(found.gists))
        if not found.ids:
            raise nothing_found(self.paths, found)
