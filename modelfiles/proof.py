"""The proof of the prompt: what the server would give the model is what training gave it.

"Good in the notebook, garbage in Ollama" has one cause: another prompt than the trained one.
"""

from export.gguf_model import GgufModel
from finetune.prompts import Message
from finetune.proof_cases import cases_of, with_system
from modelfiles.model_folder import ExportReport
from modelfiles.ollama_api import Ollama
from modelfiles.token_proof import prove_served
from taxqa.errors import ProofError


def prove_prompts(
    server: Ollama, name: str, report: ExportReport, model: GgufModel | None = None
) -> tuple[str, ...]:
    """Compare the server's prompts with those of training; the cases' names.

    Each conversation goes to /api/chat; a single question also to /api/generate, which is what
    `ollama run NAME "…"` uses.

    Args:
        model: the GGUF's vocabulary, to compare token ids too; None = the texts alone.

    Raises:
        ProofError: one differs; the message shows where.
    """
    cases = conversations(report)
    for case, messages, ids in cases:
        expected = report.prompts.conversation(with_system(messages, report.system), report.eos)
        prompts = {case: server.rendered(name, messages)}
        if [message["role"] for message in messages] == ["user"]:
            prompts[f"{case}, /api/generate"] = server.rendered_once(name, messages[0]["content"])
        for what, prompt in prompts.items():
            found = prompt.removeprefix(report.bos)
            if found != expected:
                raise ProofError(
                    f"Ollama asks '{name}' otherwise than it was trained ({what}):\n"
                    + difference(expected, found),
                    hint="TEMPLATE or SYSTEM in the Modelfile is not the trained one, or this"
                    " Ollama passes it over. Delete the Modelfile in the model folder and register"
                    " again.",
                )
            if model and ids:
                prove_served(model, name, what, ids, found)
    return tuple(case for case, _, _ in cases)


def conversations(report: ExportReport) -> list[tuple[str, list[Message], tuple[int, ...]]]:
    """(name, messages, trained ids) of every case; without ids where the export kept none."""
    if report.proof:
        return [(case.name, case.turns, case.ids) for case in report.proof.cases]
    return [
        (case.name, list(case.messages), ())
        for case in cases_of(report.prompts, report.eos, report.bos)
    ]


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
