"""The parameters of a Modelfile: their types and ranges.

Ollama checks names and types in a Modelfile, but takes anything over its API and fails at the
first question; so everything is checked here, before it is sent.
"""

import re
from dataclasses import dataclass

from taxqa.errors import InputError

Value = int | float | bool

INTEGER = re.compile(r"[+-]?[0-9]+")
DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
MOST = 2**31 - 1
"""llama.cpp counts in 32 bits."""


@dataclass(frozen=True)
class Kind:
    """What a parameter may be."""

    type: type[int] | type[float] | type[bool]
    low: float = 0
    high: float = MOST


PARAMETERS = {
    # tokens
    "num_ctx": Kind(int, 1),
    "num_predict": Kind(int, -2),
    "num_keep": Kind(int, -1),
    "num_batch": Kind(int, 1),
    "draft_num_predict": Kind(int),
    "repeat_last_n": Kind(int, -1),
    # machine
    "num_gpu": Kind(int, -1),
    "main_gpu": Kind(int),
    "num_thread": Kind(int),
    "use_mmap": Kind(bool),
    # sampling
    "seed": Kind(int, -1),
    "temperature": Kind(float),
    "top_k": Kind(int),
    "top_p": Kind(float, 0, 1),
    "min_p": Kind(float, 0, 1),
    "repeat_penalty": Kind(float),
    "presence_penalty": Kind(float, -2, 2),
    "frequency_penalty": Kind(float, -2, 2),
}
"""Name -> kind; `stop`, the one that repeats, is a field of its own. `typical_p` is left out:
Ollama deprecated it and newer versions refuse a model that sets it."""


def read_parameter(name: str, text: str) -> Value:
    """The value of a parameter as written in a Modelfile.

    Raises:
        InputError: an unknown name, or no value of its type and range.
    """
    kind = kind_of(name)
    value: Value
    if kind.type is bool:
        if text not in ("true", "false"):
            raise InputError(f"PARAMETER {name} is '{text}'; true or false was expected.")
        value = text == "true"
    elif not (INTEGER if kind.type is int else DECIMAL).fullmatch(text):
        expected = "a whole number without a decimal point" if kind.type is int else "a number"
        raise InputError(f"PARAMETER {name} is '{text}'; {expected} was expected.")
    else:
        value = kind.type(text)
    check_parameter(name, value)
    return value


def check_parameter(name: str, value: Value) -> None:
    """InputError unless `value` is one that Ollama can run a model with."""
    kind = kind_of(name)
    if type(value) is not kind.type:
        raise InputError(
            f"PARAMETER {name} is {value!r}; a value of type {kind.type.__name__} was expected."
        )
    if not kind.low <= value <= kind.high:
        raise InputError(
            f"PARAMETER {name} is {value}; from {kind.low} to {kind.high} was expected."
        )


def kind_of(name: str) -> Kind:
    """The kind of a parameter; InputError for an unknown name."""
    if name not in PARAMETERS:
        raise InputError(
            f"Ollama has no parameter '{name}' that a model may set.",
            hint=f"Known (lower case): {', '.join(sorted([*PARAMETERS, 'stop']))}.",
        )
    return PARAMETERS[name]
