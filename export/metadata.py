"""The keys of a GGUF that say what the model is, what it was made from and under which licence.

The general.* keys are those of the GGUF specification (ggml, docs/gguf.md, "General metadata");
the taxqa.* keys are our own. Quantization hands all of them on.
"""

from pathlib import Path
from typing import Any

import taxqa
from export.run import Trained
from taxqa.folders import digest


def metadata(trained: Trained, name: str, author: str = "") -> dict[str, Any]:
    """The keys for the merged model `name`.

    taxqa.training.sha256 is the digest of the run's manifest, which names the dataset, and
    taxqa.dataset.sha256 that of the dataset: so a file found later can be traced to its training.
    """
    base = trained.run.base_model
    repo = {"repo_url": f"https://huggingface.co/{base.repo}"} if base.repo else {}
    values: dict[str, Any] = {
        "general.name": name,
        "general.description": f"{base.name} fine-tuned on Korean tax law with taxqa",
        "general.finetune": "taxqa",
        "general.quantized_by": f"taxqa {taxqa.__version__}",
        "general.license": license_id(base.license_name),
        "general.license.name": base.license_name,
        "general.license.link": base.license_url,
        "general.languages": ["ko"],
        "general.base_models": [{"name": Path(base.name).name} | repo],
        "taxqa.prompt_form": trained.form.name,
        "taxqa.training.sha256": digest(trained.folder),
    }
    if author:
        values["general.author"] = author
    dataset = trained.run.inputs.get("dataset")
    if dataset is not None:
        # The folder's name alone: where it lies on the user's disk is nobody's business.
        values["general.datasets"] = [{"name": Path(dataset.path).name, "version": dataset.sha256}]
        values["taxqa.dataset.sha256"] = dataset.sha256
    return {key: value for key, value in values.items() if value}


def license_id(name: str) -> str:
    """An SPDX identifier such as 'MIT'; 'other' for terms with a name of their own, '' for none."""
    return "other" if " " in name else name
