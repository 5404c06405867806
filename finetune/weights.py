"""Loading a base model's weights with transformers."""

from pathlib import Path
from typing import Any


def load_weights(folder: Path, **settings: Any) -> Any:
    """The causal language model of a Hugging Face folder.

    AutoModelForCausalLM is right for a multimodal Gemma 3 too; Gemma3ForCausalLM would silently
    re-initialise its weights.

    Args:
        settings: passed on to from_pretrained, e.g. dtype.
    """
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # a second's bar for each load, between our own
    return AutoModelForCausalLM.from_pretrained(folder, **settings)
