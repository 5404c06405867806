"""What holds for the repository as a whole: its names, its layers, its files."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from datagen.asking.lessons import lessons_of
from datagen.config import GenerateConfig
from datagen.config import load_config as generate_config
from datagen.corpus import shipped_corpus
from datagen.guide import guide_entries
from datagen.teachers.prices import SHIPPED, load_prices
from finetune.config import TrainConfig, load_config

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
FOLDERS = (*PACKAGES, "tests", "docs", "benchmarks")
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
MOST_LINES = 400
VERBATIM = 40
"""Hangul letters in a row (blanks, digits and marks left out) that nobody writes twice alike."""


def files(*suffixes: str) -> list[Path]:
    """The files of the repository with one of these suffixes."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return sorted(path for path in found if path.suffix in suffixes)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_top_level_name_belongs_to_this_distribution_alone(name: str) -> None:
    assert name not in sys.stdlib_module_names
    assert set(packages_distributions().get(name, [])) <= {"taxqa"}
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).parent == ROOT / name


def test_every_package_is_in_the_wheel_under_types_and_under_the_contract() -> None:
    made = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    tool = PYPROJECT["tool"]
    assert set(PACKAGES) == made
    assert set(tool["mypy"]["packages"]) == made
    assert set(tool["importlinter"]["root_packages"]) == made
    assert set(tool["importlinter"]["contracts"][0]["layers"]) == made


def test_arrows_go_down_only() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "path", sorted((ROOT / "finetune" / "configs").glob("*.yaml")), ids=lambda path: path.name
)
def test_a_shipped_config_is_read_and_says_everything_it_needs(path: Path) -> None:
    config = load_config(path)
    assert config != TrainConfig()
    assert config.base_model in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "datagen" / "configs").glob("*.yaml")), ids=lambda path: path.name
)
def test_a_shipped_config_of_generate_is_read_and_plans_something(path: Path) -> None:
    config = generate_config(path)
    assert config != GenerateConfig() and config.models
    assert lessons_of(shipped_corpus(), config)


def test_every_yaml_of_the_repository_is_read_by_something() -> None:
    guide = {path.name for path in (ROOT / "datagen" / "guide").glob("*.yaml")}
    configs = {path.name for path in (ROOT / "finetune" / "configs").glob("*.yaml")}
    configs |= {path.name for path in (ROOT / "datagen" / "configs").glob("*.yaml")}
    # The prices of teachers, and what the forecast of a training knows of GPUs.
    tables = {SHIPPED.name, "gpus.yaml"}
    examples = {"skypilot.yaml"}  # test_runpod_parts.py
    assert load_prices().models
    assert {path.name for path in files(".yaml", ".yml")} == guide | configs | tables | examples
    read = {entry.id for entry in guide_entries()}
    for name in guide:
        text = (ROOT / "datagen" / "guide" / name).read_text(encoding="utf-8")
        ids = set(re.findall(r"^\s*-? *id: *(\S+)", text, re.M))
        assert ids
        assert ids <= read


@pytest.mark.parametrize("name", ["config.yaml", ".env", "work/answers.sqlite3"])
def test_files_that_may_hold_keys_or_answers_are_not_taken_into_git(name: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no clone")
    done = subprocess.run(["git", "-C", str(ROOT), "check-ignore", "-q", name], check=False)
    assert done.returncode == 0


def test_no_file_is_named_for_being_of_some_use() -> None:
    named = [path for path in files(".py") if path.stem.lower() in BANNED_NAMES]
    assert named == []


def test_no_file_is_too_long_to_be_one_idea() -> None:
    long = {}
    for path in files(".py"):
        count = len(path.read_text(encoding="utf-8").splitlines())
        if count > MOST_LINES and path.relative_to(ROOT).parts[0] in PACKAGES:
            long[str(path.relative_to(ROOT))] = count
    assert long == {}


def hangul(path: Path) -> str:
    """The Hangul of a file and nothing else; a letter that repeats (a list's mark) stands once."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return re.sub(r"(.)\1+", r"\1", "".join(re.findall("[가-힣]+", text)))


def windows_of(text: str) -> Iterator[tuple[str, int]]:
    """Each piece of half of VERBATIM letters with its place."""
    for start in range(len(text) - VERBATIM // 2 + 1):
        yield text[start : start + VERBATIM // 2], start


def common_run(text: str, start: int, other: str, place: int) -> str:
    """The longest run that stands in both texts around these two places."""
    low, high = start, start
    while low > 0 and place - start + low > 0 and text[low - 1] == other[place - start + low - 1]:
        low -= 1
    while high < len(text) and text[high] == other[place - start + high : place - start + high + 1]:
        high += 1
    return text[low:high]


def copied_runs(law: str, ours: dict[str, tuple[str, int]]) -> Iterator[str]:
    """The runs of VERBATIM letters and more that `law` shares with a text of ours.

    A run of that length covers one of the law's pieces that start at a multiple of their length.

    Args:
        ours: piece -> (text of ours, its place there).
    """
    step = VERBATIM // 2
    for start in range(0, len(law) - step + 1, step):
        if found := ours.get(law[start : start + step]):
            run = common_run(law, start, *found)
            if len(run) >= VERBATIM:
                yield run


def test_no_statute_or_judgment_is_copied_into_the_repository(shared: Path) -> None:
    texts = [hangul(path) for path in files(".py", ".md", ".yaml", ".json", ".jsonl", ".txt")]
    ours = {piece: (text, start) for text in texts for piece, start in windows_of(text)}
    law = [path for path in (shared / "lawdata").rglob("*") if path.is_file()]
    assert len(ours) > 10_000
    assert len(law) > 20
    assert [run for path in law for run in copied_runs(hangul(path), ours)] == []


@pytest.mark.parametrize("before", [0, 7, 20])
def test_a_copied_passage_would_be_found(before: int) -> None:
    letters = "".join(chr(ord("가") + 97 * number) for number in range(100))
    passage = letters[30 : 30 + VERBATIM]
    text = f"다른말{passage}또다른말"
    ours = {piece: (text, start) for piece, start in windows_of(text)}
    law = f"{letters[:before]}법{passage}법"
    assert set(copied_runs(law, ours)) == {passage}
    assert list(copied_runs(law.replace(passage[20], "뷁"), ours)) == []
