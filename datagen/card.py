"""The dataset card: what the data is, where it comes from, how it was checked, what it cost."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datagen.report import SOURCE_LABELS, acts_cited
from taxqa.records import Record, to_json

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))
"""Records below the number -> the hub's category."""
MOST_ACTS = 15
WORKED = "worked"
TERMS = """- Statutes, decrees, judgments and decisions of authorities are no protected works in
  Korea (저작권법 제7조); they come from law.go.kr or from files of the maker of this dataset.
- What a language model wrote is also subject to its provider's terms, which may restrict training
  other models with it.
- Calculations and guide texts come with taxqa (Apache-2.0)."""


def card(
    splits: Mapping[str, Sequence[Record]],
    manifest: Mapping[str, Any],
    configs: Sequence[str],
    license: str,
) -> str:
    """The card as Markdown with the hub's front matter; no path of this machine is in it.

    Args:
        splits: split -> its records.
        manifest: that of the dataset folder.
        configs: names of the folders with the data, the default first.
    """
    records = [record for rows in splits.values() for record in rows]
    parts = [
        f"---\n{front_matter(splits, len(records), configs, license)}---\n",
        "# Korean tax questions and answers\n",
        "Questions on Korean tax law with checked answers, made with taxqa"
        f" {manifest.get('version', '')} on {str(manifest.get('made', ''))[:10]}."
        " It is no tax advice, and the law changes: see the dates in the answers.\n",
        "## Records\n",
        table(("split", "records"), ((name, len(rows)) for name, rows in splits.items())),
        counted("source", (SOURCE_LABELS.get(each.source, each.source) for each in records)),
        counted("asked by", (each.type for each in records)),
        counted("teacher", (each.teacher for each in records)),
        "No document is in both train and validation. test has further phrasings of cases in"
        " train.\n",
        usage(configs),
        "## Sources\n",
        table(("act cited", "records"), acts_cited(records).most_common(MOST_ACTS)),
        "## Checks\n",
        checks(records, manifest),
        "## Cost\n",
        cost(records, manifest),
        f"## Licences\n\n{TERMS}\n",
    ]
    return "\n".join(part for part in parts if part)


def front_matter(
    splits: Mapping[str, Sequence[Record]], count: int, configs: Sequence[str], license: str
) -> str:
    """What the hub reads of a card."""
    import yaml

    size = next((name for most, name in SIZES if count < most), "n>1M")
    files = [
        {
            "config_name": name,
            "data_files": [{"split": split, "path": f"{name}/{split}.jsonl"} for split in splits],
            **({"default": True} if name == configs[0] else {}),
        }
        for name in configs
    ]
    values = {
        "pretty_name": "Korean tax questions and answers",
        "language": ["ko"],
        "license": license,
        "task_categories": ["question-answering", "text-generation"],
        "size_categories": [size],
        "tags": ["tax", "law", "korea"],
        "configs": files,
    }
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False)


def usage(configs: Sequence[str]) -> str:
    """How each config is loaded."""
    lines = "\n".join(f'load_dataset("OWNER/NAME", "{name}")' for name in configs)
    return f"```python\nfrom datasets import load_dataset\n\n{lines}\n```\n"


def checks(records: Sequence[Record], manifest: Mapping[str, Any]) -> str:
    """Which checks every record passed, what they dropped, and what people said."""
    passed = set.intersection(*(set(each.checks) for each in records)) if records else set()
    names = ", ".join(name for name in records[0].checks if name in passed) if records else ""
    text = f"Every record passed: {names or 'no check is noted'}.\n"
    text += "A check lets pass what it does not recognise.\n\n"
    dropped = manifest.get("rejected_by_reason")
    if isinstance(dropped, dict) and dropped:
        text += table(("dropped for", "records"), dropped.items()) + "\n"
    review = manifest.get("review")
    if isinstance(review, dict):
        text += reviewed(review, manifest.get("counts", {}))
    else:
        text += "No person reviewed it.\n"
    return text


def reviewed(review: Mapping[str, Any], counts: Mapping[str, Any]) -> str:
    """What reviewers did, in a sentence or two."""
    text = (
        f"{review.get('reviewers', 0)} people reviewed it: {counts.get('accepted', 0):,} accepted,"
        f" {counts.get('edited', 0):,} edited, {counts.get('rejected_by_reviewer', 0):,} rejected,"
        f" {counts.get('not_reviewed', 0):,} not looked at.\n"
    )
    for pair in review.get("agreement", []):
        kappa = pair.get("kappa")
        shown = "not defined" if kappa is None else f"{kappa:.2f}"
        text += f"Cohen's kappa {shown} on {pair.get('joint', 0):,} records that two looked at.\n"
    if chance := review.get("by_chance"):
        text += (
            f"Of {chance['looked_at']:,} records drawn by chance {chance['changed']:,} needed a"
            f" change; of all {chance['low']:.1%} to {chance['high']:.1%} (95 %, before the"
            " review).\n"
        )
    return text


def cost(records: Sequence[Record], manifest: Mapping[str, Any]) -> str:
    """What the language models cost, as the manifest has it."""
    taught = manifest.get("teachers")
    if isinstance(taught, list) and taught:
        return "\n".join(f"- `{to_json(each)}`" for each in taught) + "\n"
    if all(each.teacher.partition("+")[0] == WORKED for each in records):
        return "None: no language model was asked.\n"
    return "Not known.\n"


def counted(title: str, names: Iterable[str]) -> str:
    """How often each name occurs, as a table."""
    return table((title, "records"), Counter(names).most_common())


def table(titles: tuple[str, str], rows: Iterable[tuple[str, int]]) -> str:
    """A table in Markdown; '' where it has no rows."""
    lines = [f"| {cell(name)} | {count:,} |" for name, count in rows]
    if not lines:
        return ""
    return "\n".join((f"| {titles[0]} | {titles[1]} |", "|---|---:|", *lines)) + "\n"


def cell(text: str) -> str:
    """Text as it may stand in a table of Markdown that is shown as HTML."""
    for mark, name in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " ")):
        text = text.replace(mark, name)
    return text
