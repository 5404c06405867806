"""A small, honest interpreter of Go's text/template for the fake Ollama.

It knows what the templates of this project use, and enough beside it that a wrong template fails
as it would in Go: actions with trim markers, comments, if / else if / else, range with index and
element, variables, parentheses, and the functions eq, ne, len, slice, not, and, or. Compared with
Go's own on thousands of templates and conversations; what it does not know raises GoTemplateError.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Node = Any
Tokens = list[str]

ACTION = re.compile(r"\{\{(-\s)?\s*(.*?)\s*(\s-)?\}\}", re.DOTALL)
TOKEN = re.compile(
    r'\s*("(?:[^"\\]|\\.)*"|`[^`]*`|\$?\w*(?:\.\w+)+|\$\w*|:=|=|,|\(|\)|\||-?\d+|\w+|\.)'
)
NO_VALUE = "<no value>"


class GoTemplateError(Exception):
    """What Go would answer to a template it cannot parse or execute."""


@dataclass
class Block:
    """An if or a range with its branches."""

    kind: str
    head: Tokens
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)


def render(template: str, data: Mapping[str, Any]) -> str:
    """The template executed with `data` as its dot."""
    nodes, rest, closer = parse(pieces(template), 0)
    if closer:
        raise GoTemplateError(f"unexpected {{{{{closer}}}}}")
    assert rest
    scope: list[dict[str, Any]] = [{"$": data}]
    # A slice may have cut a letter; its halves are one again where they meet.
    printed = "".join(execute(nodes, data, scope))
    return printed.encode(errors="surrogateescape").decode(errors="replace")


def pieces(template: str) -> list[str | Tokens]:
    """Text and tokenised actions, in order, with the blanks trimmed that `-` markers trim."""
    found: list[str | Tokens] = []
    position, trim_next = 0, False
    for match in ACTION.finditer(template):
        text = template[position : match.start()]
        text = text.lstrip(" \t\r\n") if trim_next else text
        found.append(text.rstrip(" \t\r\n") if match[1] else text)
        if not match[2].startswith("/*"):
            found.append(tokens(match[2]))
        position, trim_next = match.end(), bool(match[3])
    text = template[position:]
    if "{{" in text:
        raise GoTemplateError("unclosed action")
    return [*found, text.lstrip(" \t\r\n") if trim_next else text]


def tokens(action: str) -> Tokens:
    """The words of one action."""
    found, position = [], 0
    while position < len(action):
        match = TOKEN.match(action, position)
        if not match:
            raise GoTemplateError(f"unexpected {action[position:]!r} in command")
        found.append(match[1])
        position = match.end()
    return found


def parse(parts: list[str | Tokens], position: int) -> tuple[list[Node], int, str]:
    """Nodes up to an `end` or `else`; where it stands after them, and which it was."""
    nodes: list[Node] = []
    while position < len(parts):
        part = parts[position]
        position += 1
        if isinstance(part, str):
            nodes.append(part)
        elif part[:1] == ["end"] or part[:1] == ["else"]:
            return nodes, position, " ".join(part)
        elif part[:1] == ["if"] or part[:1] == ["range"]:
            block, position = parse_block(parts, position, part[0], part[1:])
            nodes.append(block)
        else:
            nodes.append(part)
    return nodes, position, ""


def parse_block(
    parts: list[str | Tokens], position: int, kind: str, head: Tokens
) -> tuple[Block, int]:
    """An if or range, whose head was read, with everything up to its `end`."""
    block = Block(kind, head)
    block.body, position, closer = parse(parts, position)
    if closer.startswith("else if"):
        last = parts[position - 1]
        inner, position = parse_block(parts, position, "if", list(last[2:]))
        block.otherwise = [inner]
        return block, position
    if closer == "else":
        block.otherwise, position, closer = parse(parts, position)
    if closer != "end":
        raise GoTemplateError("unexpected EOF")
    return block, position


def execute(nodes: list[Node], dot: Any, scope: list[dict[str, Any]]) -> list[str]:
    """What the nodes print."""
    printed: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            printed.append(node)
        elif isinstance(node, Block):
            printed += execute_block(node, dot, scope)
        elif node[1:2] in ([":="], ["="]):
            assign(node[0], node[1], evaluate(node[2:], dot, scope), scope)
        else:
            printed.append(as_text(evaluate(node, dot, scope)))
    return printed


def execute_block(block: Block, dot: Any, scope: list[dict[str, Any]]) -> list[str]:
    """What an if or range prints; its variables end with it."""
    if block.kind == "if":
        branch = block.body if truth(evaluate(block.head, dot, scope)) else block.otherwise
        return execute(branch, dot, [*scope, {}])
    names, head = range_head(block.head)
    items = evaluate(head, dot, scope)
    if not items:
        return execute(block.otherwise, dot, [*scope, {}])
    printed = []
    for index, item in enumerate(items):
        values = [index, item][2 - len(names) :] if names else []
        printed += execute(block.body, item, [*scope, dict(zip(names, values, strict=True))])
    return printed


def range_head(head: Tokens) -> tuple[list[str], Tokens]:
    """The variables of a range, and the pipeline it goes over."""
    if ":=" not in head:
        return [], head
    middle = head.index(":=")
    return [token for token in head[:middle] if token != ","], head[middle + 1 :]


def assign(name: str, operator: str, value: Any, scope: list[dict[str, Any]]) -> None:
    """Declare a variable in the innermost block, or set one where it was declared."""
    if operator == ":=":
        scope[-1][name] = value
        return
    for names in reversed(scope):
        if name in names:
            names[name] = value
            return
    raise GoTemplateError(f'undefined variable "{name}"')


def evaluate(words: Tokens, dot: Any, scope: list[dict[str, Any]]) -> Any:
    """The value of a command: one operand, or a function with its arguments."""
    operands = list(grouped(words))
    values = (operand_value(operand, dot, scope) for operand in operands[1:])
    name = operands[0][0]
    if name in ("and", "or"):
        return short_circuit(name == "or", values)
    if name in FUNCTIONS:
        return FUNCTIONS[name](*values)
    if len(operands) != 1:
        raise GoTemplateError(f"can't give argument to non-function {name}")
    return operand_value(operands[0], dot, scope)


def short_circuit(wanted: bool, values: Iterator[Any]) -> Any:
    """The first value of that truth, or the last; those after it are not evaluated."""
    value = None
    for value in values:
        if truth(value) == wanted:
            break
    return value


def grouped(words: Tokens) -> Iterator[Tokens]:
    """The operands of a command: single words, and what stands in parentheses."""
    position = 0
    while position < len(words):
        end = closing(words, position) if words[position] == "(" else position
        yield words[position : end + 1]
        position = end + 1


def operand_value(operand: Tokens, dot: Any, scope: list[dict[str, Any]]) -> Any:
    """The value of one operand."""
    if operand[0] == "(":
        return evaluate(operand[1:-1], dot, scope)
    return value_of(operand[0], dot, scope)


def closing(words: Tokens, start: int) -> int:
    """The index of the parenthesis that closes the one at `start`."""
    depth = 0
    for index in range(start, len(words)):
        depth += {"(": 1, ")": -1}.get(words[index], 0)
        if depth == 0:
            return index
    raise GoTemplateError("unclosed left paren")


def value_of(word: str, dot: Any, scope: list[dict[str, Any]]) -> Any:
    """The value of a word: a literal, a variable, a field."""
    if word[0] == '"':
        return unescape(word[1:-1])
    if word[0] == "`":
        return word[1:-1]
    if re.fullmatch(r"-?\d+", word):
        return int(word)
    if word in ("true", "false"):
        return word == "true"
    first, *fields = word.split(".")
    if first.startswith("$"):
        value = variable(first, scope)
    elif first:
        raise GoTemplateError(f'function "{first}" not defined')
    else:
        value = dot
    for name in fields:
        if name:
            value = member(value, name)
    return value


def variable(name: str, scope: list[dict[str, Any]]) -> Any:
    """The value of a variable, the innermost declaration first."""
    for names in reversed(scope):
        if name in names:
            return names[name]
    raise GoTemplateError(f'undefined variable "{name}"')


def member(value: Any, name: str) -> Any:
    """A field: an unknown one is nothing at the top level (a map), an error in a message."""
    if isinstance(value, Message):
        if name not in value:
            raise GoTemplateError(f"can't evaluate field {name} in type *api.Message")
        return value[name]
    if isinstance(value, Mapping):
        return value.get(name)
    raise GoTemplateError(f"can't evaluate field {name}")


class Message(dict[str, Any]):
    """One message, with the fields of Ollama's."""

    def __init__(self, role: str, content: str) -> None:
        super().__init__(Role=role, Content=content, Thinking="", ToolCalls=[], ToolName="")


def unescape(text: str) -> str:
    """A Go string literal's text."""
    known = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
    return re.sub(r"\\(.)", lambda match: known[match[1]], text)


def truth(value: Any) -> bool:
    """Go's truth: neither zero nor empty."""
    return bool(value)


def as_text(value: Any) -> str:
    """How Go prints a value."""
    if value is None:
        return NO_VALUE
    return str(value).lower() if isinstance(value, bool) else str(value)


def go_slice(value: Any, *bounds: int) -> Any:
    """Go's slice: of a string its bytes; out of range is an error."""
    items = value.encode(errors="surrogateescape") if isinstance(value, str) else value
    start, end = (*bounds, len(items))[:2] if bounds else (0, len(items))
    if not 0 <= start <= end <= len(items):
        raise GoTemplateError(f"error calling slice: index out of range: {end}")
    cut = items[start:end]
    return cut.decode(errors="surrogateescape") if isinstance(value, str) else cut


def go_len(value: Any) -> int:
    """Go's len: of a string its bytes."""
    return len(value.encode(errors="surrogateescape")) if isinstance(value, str) else len(value)


FUNCTIONS = {
    "eq": lambda first, *rest: any(first == other for other in rest),
    "ne": lambda first, second: first != second,
    "len": go_len,
    "slice": go_slice,
    "not": lambda value: not truth(value),
}
