"""A Modelfile as a typed value: read, checked, written.

Only what still works is in it: since version 0.34.1 Ollama wraps a finished GGUF, so there is no
ADAPTER and no quantizing, and example MESSAGEs would be a prompt that the model never trained on.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modelfiles.grammar import commands, quoted, refuse_unprintable
from modelfiles.parameters import Value, check_parameter, read_parameter
from taxqa.errors import InputError

REFUSED = {
    "adapter": "Ollama refuses adapters; merge the adapter into the model first (taxqa export)",
    "draft": "a draft model was not part of any check of this project",
    "message": "example messages change every prompt, and the model was not trained with them",
    "renderer": "a built-in renderer takes the place of TEMPLATE, the prompt that was trained",
    "parser": "a built-in parser changes the answers that were compared",
}
SEMVER = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?")
ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')
FIELD = re.compile(r"(?<![\w.)])(?:\$\w*)?\.([A-Za-z_]\w*)")
TEMPLATE_FIELDS = {
    "System", "Messages", "Tools", "Prompt", "Response", "Suffix", "Think", "IsThinkSet",
    "Role", "Content", "Thinking", "ToolCalls", "ToolName",
}  # fmt: skip
"""What Ollama fills in; any other name prints `<no value>` into the prompt."""
BOS_TOKENS = ("<bos>", "<s>", "<|begin_of_text|>")


@dataclass(frozen=True)
class Modelfile:
    """What Ollama is told about a GGUF; one that exists is one that Ollama accepts.

    Raises:
        InputError: a value that Ollama would refuse, change or misread.
    """

    source: str
    """FROM: the path of the GGUF, relative to the Modelfile."""
    template: str = ""
    """The Go TEMPLATE; '' leaves the choice to Ollama."""
    system: str = ""
    """Default system message; '' = none."""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    stop: tuple[str, ...] = ()
    """Strings that end an answer."""
    licenses: tuple[str, ...] = ()
    requires: str = ""
    """Lowest version of Ollama, as in '0.14.0'; '' = any."""

    def __post_init__(self) -> None:
        """Check every value."""
        check_source(self.source)
        check_template(self.template)
        for name, value in self.parameters.items():
            check_parameter(name, value)
        if "" in self.stop:
            raise InputError("PARAMETER stop is empty, which would end every answer at once.")
        if self.requires and not SEMVER.fullmatch(self.requires):
            raise InputError(f"REQUIRES is '{self.requires}'; a version as in 0.14.0 was expected.")
        for what, text in self.texts():
            quoted(text, what)

    def texts(self) -> list[tuple[str, str]]:
        """Instruction and value of everything that is written in quotes, in the file's order."""
        return [
            *(("TEMPLATE", text) for text in [self.template] if text),
            *(("SYSTEM", text) for text in [self.system] if text),
            *(("PARAMETER stop", text) for text in self.stop),
            *(("LICENSE", text) for text in self.licenses),
        ]

    def create_fields(self) -> dict[str, Any]:
        """The same for Ollama's API (POST /api/create), without the files."""
        parameters: dict[str, Any] = dict(self.parameters)
        if self.stop:
            parameters["stop"] = list(self.stop)
        fields = {
            "template": self.template,
            "system": self.system,
            "parameters": parameters,
            "license": list(self.licenses),
            "requires": self.requires,
        }
        return {name: value for name, value in fields.items() if value}


def parse(text: str) -> Modelfile:
    """The Modelfile that a text is, read as Ollama reads it.

    Raises:
        InputError: broken, without FROM, or with something that this project does not use.
    """
    sources: list[str] = []
    parameters: dict[str, Value] = {}
    texts: dict[str, list[str]] = {name: [] for name in ("template", "system", "requires")}
    stop: list[str] = []
    licenses: list[str] = []
    for command in commands(text):
        if command.instruction in REFUSED:
            raise InputError(
                f"Line {command.line} of the Modelfile is {command.instruction.upper()}:"
                f" {REFUSED[command.instruction]}."
            )
        if command.instruction == "from":
            sources.append(command.value)
        elif command.instruction == "license":
            licenses.append(command.value)
        elif command.key == "stop":
            stop.append(command.value)
        elif command.instruction == "parameter":
            parameters[command.key] = read_parameter(command.key, command.value)
        else:
            texts[command.instruction].append(command.value)
    if len(sources) != 1:
        raise InputError(f"The Modelfile has {len(sources)} FROM lines; exactly one was expected.")
    last = {name: values[-1] if values else "" for name, values in texts.items()}
    return Modelfile(
        sources[0], parameters=parameters, stop=tuple(stop), licenses=tuple(licenses), **last
    )


def write(modelfile: Modelfile, comments: Iterable[str] = ()) -> str:
    """The text of a Modelfile; `comments` are lines for people, put at the top."""
    lines = [f"# {part}".rstrip() for comment in comments for part in comment.splitlines() or [""]]
    lines += ["", f"FROM {modelfile.source}"] if lines else [f"FROM {modelfile.source}"]
    if modelfile.requires:
        lines.append(f"REQUIRES {modelfile.requires}")
    lines += [f"PARAMETER {name} {plain(value)}" for name, value in modelfile.parameters.items()]
    lines += [f"{what} {quoted(text, what)}" for what, text in modelfile.texts()]
    return "\n".join(lines) + "\n"


def plain(value: Value) -> str:
    """A number or truth value as Ollama reads it."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def check_source(source: str) -> None:
    """InputError unless FROM can be written without quotes and names a file."""
    refuse_unprintable(source, "FROM")
    if not source.strip() or source != source.strip() or source[0] in '"~' or "\n" in source:
        raise InputError(f"FROM is '{source}'; the relative path of a GGUF file was expected.")


def check_template(template: str) -> None:
    """InputError for a TEMPLATE that would put something else into the prompt than it seems."""
    for token in BOS_TOKENS:
        if token in template:
            raise InputError(
                f"TEMPLATE contains {token}; Ollama adds it by itself, and two of them spoil the"
                " answers."
            )
    actions = ACTION.findall(template)
    names = [name for action in actions for name in FIELD.findall(STRING.sub('""', action))]
    unknown = sorted(set(names) - TEMPLATE_FIELDS)
    if unknown:
        raise InputError(
            f"TEMPLATE uses .{unknown[0]}, which Ollama does not fill in: the prompt would read"
            " '<no value>'.",
            hint=f"Known: {', '.join('.' + name for name in sorted(TEMPLATE_FIELDS))}.",
        )
    if template and not {"Messages", "Prompt"} & set(names):
        raise InputError("TEMPLATE uses neither .Messages nor .Prompt: no question would be asked.")
