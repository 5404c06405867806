"""The tree of errors is the one that its docstring draws, and each ends with its exit code."""

import re

import pytest

from taxqa import errors
from taxqa.errors import ConfigError, InputError, MissingExtraError, TaxqaError

LINE = re.compile(r"^    (?P<branch>[│ ]*(?:├── |└── )?)(?P<name>[A-Z]\w+Error) {2,}\S.*", re.M)
CODE = re.compile(r"\((\d)\)$")


def drawn() -> dict[str, tuple[str, int]]:
    """Each class of the docstring's tree -> its base's name and its exit code."""
    found: dict[str, tuple[str, int]] = {}
    above = [(-1, "Exception")]
    for line in LINE.finditer(errors.__doc__ or ""):
        depth = len(line["branch"])
        while above[-1][0] >= depth:
            above.pop()
        code = CODE.search(line[0])
        found[line["name"]] = (above[-1][1], int(code[1]) if code else 1)
        above.append((depth, line["name"]))
    return found


def declared() -> dict[str, type[TaxqaError]]:
    """Every error class that the module makes, by name."""
    return {
        name: value
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }


def test_the_drawn_tree_is_the_real_one() -> None:
    real = {name: (kind.__bases__[0].__name__, kind.exit_code) for name, kind in declared().items()}
    assert len(real) >= 8
    assert drawn() == real


@pytest.mark.parametrize(
    "kind", [kind for kind in declared().values() if kind != MissingExtraError]
)
def test_an_error_shows_its_message_and_then_what_to_do(kind: type[TaxqaError]) -> None:
    error = kind("Found a file; a folder was expected.", hint="Run: taxqa generate")
    assert str(error) == "Found a file; a folder was expected.\nRun: taxqa generate"
    assert str(kind("Only this.")) == "Only this."


def test_wrong_input_ends_with_two_and_everything_else_with_one() -> None:
    for kind in declared().values():
        assert kind.exit_code == (2 if issubclass(kind, InputError) else 1)
    assert issubclass(ConfigError, InputError)


def test_a_missing_package_names_the_extra_that_brings_it() -> None:
    error = MissingExtraError("peft", "finetune")
    assert "'peft'" in error.message
    assert "pip install 'taxqa[finetune]'" in error.hint
