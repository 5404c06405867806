"""The smoke test of a registration: a few questions, and what must hold of every answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from finetune.proof_cases import user
from modelfiles.model_folder import Golden
from modelfiles.ollama_api import ChatPart, Ollama
from taxqa.errors import ProofError

SMOKE_QUESTION = "부가가치세 세율은 얼마인가요?"
"""Asked where the export compared no answers."""
SMOKE_TOKENS = 1024
"""Within which an answer has to end by itself."""
GREEDY = {"num_predict": SMOKE_TOKENS, "temperature": 0.0, "repeat_penalty": 1.0}
"""How the export asked, whatever the Modelfile sets."""
REPEATED = re.compile(r"(.{4,200}?)\1{3,}", re.DOTALL)
"""Four letters or more, four times on end."""
HANGUL = re.compile(r"[가-힣]")
HANGUL_SHARE = 0.5
"""Of the letters; articles and amounts have none."""
FIRST_LETTERS = 12
"""Two runs of llama.cpp on other machines may part later in an answer, but not at its start."""


@dataclass(frozen=True)
class Answered:
    """A golden question with the server's answer."""

    question: str
    answer: str
    expected: str = ""
    """What llama.cpp answered at the export; '' = not asked there."""

    @property
    def same(self) -> bool:
        """The two answers are equal to the letter."""
        return folded(self.answer) == folded(self.expected)

    @property
    def agrees(self) -> bool:
        """The two answers begin alike."""
        found, expected = folded(self.answer), folded(self.expected)
        return found[:FIRST_LETTERS] == expected[:FIRST_LETTERS]

    @property
    def cut(self) -> bool:
        """The answer ends in the middle of the expected one."""
        found, expected = folded(self.answer), folded(self.expected)
        return len(found) < len(expected) and expected.startswith(found)


def prove_answers(
    server: Ollama, name: str, ends: Sequence[str], golden: Sequence[Golden]
) -> tuple[Answered, ...]:
    """Ask the golden questions, or one of our own where there are none; the answers.

    Args:
        ends: what ends an answer in training, and so is never part of one.

    Raises:
        ProofError: an answer does not end by itself, is empty, cut, repeats itself or is not
            Korean, or most answers are others than llama.cpp gave at the export.
    """
    asked = [(one.question, one.answer) for one in golden] or [(SMOKE_QUESTION, "")]
    answers = tuple(
        Answered(question, prove_answer(server, name, ends, question), expected)
        for question, expected in asked
    )
    for one in answers:
        if one.cut:
            raise ProofError(
                f"'{name}' ends where its GGUF went on at the export, asked '{one.question}':\n"
                f"    export   {one.expected[:200]}\n    Ollama   {one.answer[:200]}",
                hint="A PARAMETER stop in the Modelfile stands in the answer: remove that line.",
            )
    others = [one for one in answers if one.expected and not one.agrees]
    if 2 * len(others) > len(answers):
        first = others[0]
        raise ProofError(
            f"'{name}' answers {len(others)} of {len(answers)} questions otherwise than its GGUF"
            f" did in llama.cpp at the export:\n    question {first.question}\n"
            f"    export   {first.expected[:120]}\n    Ollama   {first.answer[:120]}",
            hint="The prompts are equal, so it is how this Ollama runs the model: update it, or try"
            " a larger quant (--quant q8_0) and OLLAMA_KV_CACHE_TYPE=f16.",
        )
    return answers


def prove_answer(server: Ollama, name: str, ends: Sequence[str], question: str) -> str:
    """Ask one question; the answer. Arguments and errors as `prove_answers`."""
    parts = list(server.chat(name, [user(question)], GREEDY))
    answer = "".join(part.text for part in parts).strip()
    last = parts[-1] if parts else ChatPart("")
    if last.done_reason != "stop":
        raise ProofError(
            f"'{name}' did not end its answer within {SMOKE_TOKENS} tokens"
            f" (done_reason '{last.done_reason}'): '{answer[-80:]}'",
            hint="Either a stop string is missing in the Modelfile, or the model was trained too"
            " little to end its answers.",
        )
    if words := repeated(answer):
        raise ProofError(
            f"'{name}' repeats '{words}' on and on, asked '{question}'.",
            hint="The model was trained too little or too long, or its quant is too small: see"
            " export.json.",
        )
    if not answer:
        raise ProofError(
            f"'{name}' gave an empty answer to '{question}'.",
            hint="The model was trained too little, or its GGUF is broken: see export.json.",
        )
    for end in ends:
        if end in answer:
            raise ProofError(
                f"'{name}' goes on after {end}: '{answer[:200]}'",
                hint=f'The Modelfile lacks the line: PARAMETER stop "{end}"',
            )
    if hangul_share(answer) < HANGUL_SHARE:
        raise ProofError(
            f"'{name}' does not answer in Korean, asked '{question}': '{answer[:200]}'",
            hint="The model was trained too little, or its quant is too small: see export.json.",
        )
    return answer


def repeated(text: str) -> str:
    """The first words that stand four times on end; '' where none do. Figures alone may."""
    runs = (match[1] for match in REPEATED.finditer(folded(text) + " "))
    return next((run.strip() for run in runs if any(map(str.isalpha, run))), "")


def hangul_share(text: str) -> float:
    """Share of Hangul among the letters of a text; 1 where it has no letters."""
    letters = sum(letter.isalpha() for letter in text)
    return len(HANGUL.findall(text)) / letters if letters else 1.0


def folded(text: str) -> str:
    """A text with one blank for any run of them."""
    return " ".join(text.split())
