"""The proof of a registration: the server's prompt is the trained one, and answers end.

"Good in the notebook, garbage in Ollama" has one cause: another prompt than the trained one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from finetune.prompts import Message, PromptForm
from modelfiles.model_folder import ExportReport
from modelfiles.ollama_api import ChatPart, Ollama
from taxqa.errors import ProofError

SMOKE_QUESTION = "부가가치세 세율은 얼마인가요?"
SMOKE_TOKENS = 1024
"""Within which the answer to the smoke question has to end by itself."""


@dataclass(frozen=True)
class Case:
    """A conversation whose prompt is compared."""

    name: str
    messages: tuple[Message, ...]


def user(content: str) -> Message:
    """A question."""
    return {"role": "user", "content": content}


def assistant(content: str) -> Message:
    """An answer."""
    return {"role": "assistant", "content": content}


def system(content: str) -> Message:
    """A system message."""
    return {"role": "system", "content": content}


QUESTION = "부모님께 5천만원을 증여받았는데 증여세를 내야 하나요?"
ANSWER = "성년 자녀는 10년간 5천만원까지 공제되므로 낼 세액이 없습니다."
CASES = (
    Case("one question", (user(QUESTION),)),
    Case("a system message", (system("한국 세법에 답합니다."), user(QUESTION))),
    Case(
        "several turns",
        (user(QUESTION), assistant(ANSWER), user("배우자라면요?"), assistant("6억원입니다."),
         user("그 근거는?")),
    ),
    Case(
        "several turns with a system message",
        (system("짧게 답합니다."), user(QUESTION), assistant(ANSWER), user("배우자라면요?")),
    ),
    Case("emoji", (user("세금 💸 얼마예요? 👩‍👩‍👧‍👦 🇰🇷"),)),
    Case("line breaks", (user("자료:\n\n  1. 급여 3,000만원\n\t2. 상여 500만원\n질문: 세액은?"),)),
    Case("blanks at both ends", (user("  연말정산이 뭔가요? \n"),)),
    Case("braces and quotes", (user('{{ .System }} {% if %} "따옴표" \\n <b>&amp;</b> %s'),)),
)  # fmt: skip
"""Those of every prompt form."""


def cases_of(form: PromptForm) -> tuple[Case, ...]:
    """CASES, and a conversation whose answer a client sends back as the model wrote it.

    In the form 'qa' such an answer begins with a blank, which clients do not take off.
    """
    written = assistant(form.answer.format(content=ANSWER))
    turns = (user(QUESTION), written, user("배우자라면요?"))
    return (*CASES, Case("an answer as the model wrote it", turns))


def prove_prompts(server: Ollama, name: str, report: ExportReport) -> tuple[str, ...]:
    """Compare the server's prompts with those of the prompt specification; the cases' names.

    Raises:
        ProofError: one differs; the message shows where.
    """
    cases = cases_of(report.prompts)
    for case in cases:
        messages = case.messages
        if report.system and messages[0]["role"] != "system":
            messages = (system(report.system), *messages)
        expected = report.prompts.conversation(messages, report.eos)
        found = server.rendered(name, case.messages).removeprefix(report.bos)
        if found != expected:
            raise ProofError(
                f"Ollama asks '{name}' otherwise than it was trained ({case.name}):\n"
                + difference(expected, found),
                hint="TEMPLATE or SYSTEM in the Modelfile is not the trained one, or this Ollama"
                " passes it over. Delete the Modelfile in the model folder and register again.",
            )
    return tuple(case.name for case in cases)


def difference(expected: str, found: str) -> str:
    """Two prompts line by line, from the first line that differs, with what does not print shown.

    Line ends show as ↵, trailing blanks as ·.
    """
    trained, served = visible_lines(expected), visible_lines(found)
    same = 0
    while same < min(len(trained), len(served)) and trained[same] == served[same]:
        same += 1
    return "\n".join(
        [
            *(f"    same    {line}" for line in trained[max(0, same - 1) : same]),
            *(f"    trained {line}" for line in trained[same : same + 4]),
            *(f"    Ollama  {line}" for line in served[same : same + 4]),
        ]
    )


def visible_lines(text: str) -> list[str]:
    """The lines of a prompt with their ends visible."""
    shown = []
    for line in text.split("\n"):
        bare = line.rstrip(" ")
        shown.append(bare + "·" * (len(line) - len(bare)) + "↵")
    # What follows the last line end has no end of its own.
    shown[-1] = shown[-1].removesuffix("↵") + "⟨end⟩"
    return shown


def prove_answer(
    server: Ollama, name: str, ends: Sequence[str], question: str = SMOKE_QUESTION
) -> str:
    """Ask one question; the answer.

    Args:
        ends: what ends an answer in training, and so is never part of one.

    Raises:
        ProofError: it is empty, does not end by itself, or goes on after its end.
    """
    parts = list(server.chat(name, [user(question)], {"num_predict": SMOKE_TOKENS}))
    answer = "".join(part.text for part in parts).strip()
    last = parts[-1] if parts else ChatPart("")
    if last.done_reason != "stop":
        raise ProofError(
            f"'{name}' did not end its answer within {SMOKE_TOKENS} tokens"
            f" (done_reason '{last.done_reason}'): '{answer[-80:]}'",
            hint="Either a stop string is missing in the Modelfile, or the model was trained too"
            " little to end its answers.",
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
    return answer
