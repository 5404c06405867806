"""What a fake teacher answers to our prompts: quoted from the passage, or a lie about it."""

import json
import re
from collections.abc import Callable

PART = re.compile(r"^\[([^\]\n]+)\]\n", re.MULTILINE)
Lie = Callable[[dict[str, object]], dict[str, object]]


def parts_of(prompt: str) -> dict[str, str]:
    """The titled parts of a prompt."""
    split = PART.split(prompt)
    return {name: text.strip() for name, text in zip(split[1::2], split[2::2], strict=True)}


def items_from(prompt: str) -> list[dict[str, object]]:
    """As many questions as are asked for, each answered with a line of the passage."""
    parts = parts_of(prompt)
    count = int(re.findall(r"\d+", parts["부탁"])[0])
    lines = [line.strip() for line in parts["지문"].split("\n") if len(line.strip()) >= 15]
    name = parts["문서"].partition(",")[0]
    basis = parts["근거 표기"]
    return [
        {
            "question": f"{name}에서 ‘{line[:12]}’에 관하여 정하거나 판단한 내용은 무엇입니까?",
            "quote": line,
            "answer": f"다음과 같이 적혀 있습니다. {line.rstrip('.')}."
            + ("" if "조문이" in basis else f" ({basis})"),
            "citations": [] if "조문이" in basis else [basis],
        }
        for line in lines[:count]
    ]


def answer_from(prompt: str) -> str:
    """A reply in the shape that is asked for, true to the passage."""
    return json.dumps({"items": items_from(prompt)}, ensure_ascii=False)


def lying(lie: Lie) -> Callable[[str], str]:
    """A teacher that changes its first item of each reply."""

    def answer(prompt: str) -> str:
        first, *rest = items_from(prompt)
        return json.dumps({"items": [lie(first), *rest]}, ensure_ascii=False)

    return answer
