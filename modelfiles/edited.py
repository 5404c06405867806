"""A Modelfile that a person edited: what would cut texts, and what the proof does not cover."""

from modelfiles.model_folder import ModelFolder
from modelfiles.modelfile import Modelfile
from modelfiles.values import FILE, modelfile_of
from taxqa.errors import InputError
from taxqa.progress import note

SAMPLING = ("temperature", "repeat_penalty", "presence_penalty", "frequency_penalty")
"""What changes greedy answers, or makes them others; the smoke test is greedy in any case."""


def require_nothing_cut(modelfile: Modelfile, model: ModelFolder) -> None:
    """InputError where Ollama would cut, without a word, what was whole in training."""
    needed = model.report.max_length
    found = modelfile.parameters.get("num_ctx")
    if found is None or found < needed:
        raise InputError(
            f"{model.path / FILE} sets num_ctx to {found or 'nothing'}; training's questions and"
            f" answers had up to {needed} tokens, and Ollama cuts what is longer than num_ctx.",
            hint=f"Write: PARAMETER num_ctx {needed}",
        )
    most = modelfile.parameters.get("num_predict", -1)
    if 0 <= most < needed:
        raise InputError(
            f"{model.path / FILE} sets num_predict to {most}; training's questions and answers had"
            f" up to {needed} tokens, and Ollama cuts an answer there.",
            hint=f"Write: PARAMETER num_predict {needed}",
        )


def note_unproven(modelfile: Modelfile, model: ModelFolder) -> None:
    """Say what differs from the Modelfile that export wrote and is proven in part or not at all."""
    own = modelfile_of(model.report)
    said = {
        "TEMPLATE": ("its prompts are compared on the proof's conversations alone", "template"),
        "stop": ("an answer in which such a string stands is cut there", "stop"),
    }
    for what, (reach, field) in said.items():
        if getattr(modelfile, field) != getattr(own, field):
            note(f"{model.path / FILE} has not the {what} that taxqa writes: {reach}.")
    for name in SAMPLING:
        if modelfile.parameters.get(name) != own.parameters.get(name):
            note(
                f"{model.path / FILE} has not the {name} that taxqa writes: it answers otherwise"
                " than was compared, which is greedily."
            )
