"""Versions of one law: the newest in force is kept, and its articles become documents."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from datagen.tables import without_boxes
from taxlaw.statutes import Statute, parse_statute
from taxqa.errors import InputError
from taxqa.records import Document


@dataclass
class Versions:
    """The laws met so far, each in the version to keep, and what gave way."""

    today: date
    kept: dict[str, Statute] = field(default_factory=dict)
    """Law -> the version in force; where none is in force yet, the next one."""
    paths: dict[str, Path] = field(default_factory=dict)
    """Law -> the file of that version."""
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    """(file, why) of every other version."""

    def add(self, path: Path, text: str) -> None:
        """Take in one version from a Markdown text.

        Raises:
            InputError: `text` is no statute; the message names the file.
        """
        try:
            statute = parse_statute(text)
        except InputError as error:
            raise InputError(f"{path}: {error.message}", hint=error.hint) from None
        self.take(path, statute)

    def take(self, path: Path, statute: Statute) -> None:
        """Take in one version; `path` says where it came from."""
        held = self.kept.get(statute.law)
        if held is None:
            self.keep(statute, path)
        elif self.rank(statute) > self.rank(held):
            self.leave_out(held, self.paths[held.law], statute)
            self.keep(statute, path)
        else:
            self.leave_out(statute, path, held)

    def keep(self, statute: Statute, path: Path) -> None:
        """Make this the version of its law."""
        self.kept[statute.law], self.paths[statute.law] = statute, path

    def rank(self, statute: Statute) -> tuple[bool, int]:
        """In force before not yet in force; then the newest, or the next to come."""
        in_force = statute.in_force <= self.today
        day = statute.in_force.toordinal()
        return in_force, day if in_force else -day

    def leave_out(self, statute: Statute, path: Path, kept: Statute) -> None:
        """Note why a version is not kept."""
        if statute.in_force == kept.in_force:
            reason = f"{statute.law} of {kept.in_force} came twice"
        else:
            reason = f"{statute.law} in force from {statute.in_force}; kept: from {kept.in_force}"
        self.left_out.append((path, reason))

    def documents(self) -> Iterator[Document]:
        """The articles of every version that was kept."""
        for statute in self.kept.values():
            yield from article_documents(statute, self.today)


def article_documents(statute: Statute, today: date) -> Iterator[Document]:
    """One document for each article that stands; deleted ones give none."""
    asleep: dict[str, list[str]] = {}
    for term in statute.terms:
        if not term.first <= today <= term.last:
            asleep.setdefault(term.article, []).append(term.part)
    for article in statute.articles:
        if article.deleted or not article.text.strip():
            continue
        yield Document(
            id=f"{statute.law} {article.key}",
            kind="statute",
            title=article.title,
            text=without_boxes(article.text),
            law=statute.law,
            article=article.key,
            in_force=statute.in_force.isoformat(),
            url=f"https://www.law.go.kr/법령/{statute.law.replace(' ', '')}/{article.key}",
            not_in_force=tuple(dict.fromkeys(asleep.get(article.key, ()))),
        )
